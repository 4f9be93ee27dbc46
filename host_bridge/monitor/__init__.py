"""A fleet on the terminal, live: what each board does, and what it has cost so far."""

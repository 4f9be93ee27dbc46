"""What lies where in a board's RAM, and in the arena when: as a table, in ``report.json`` and as a picture."""

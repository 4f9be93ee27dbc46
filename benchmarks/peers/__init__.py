"""Both ends of the comparison with other frameworks."""

"""What the README and docs claim, measured. ``make bench`` runs all of it."""

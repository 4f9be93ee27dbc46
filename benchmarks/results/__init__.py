"""Accuracy studies behind docs/results.md: many short federations, their results kept, their tables printed."""

"""Boards as clients: a set of boards that trains tasks, whoever hands the tasks out."""

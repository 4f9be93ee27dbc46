"""One picture per module; each function turns a summary into a :class:`~pages.picture.Picture`."""

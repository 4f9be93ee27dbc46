"""One picture per module; each function turns a comparison into a picture of the page."""

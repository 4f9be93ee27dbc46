"""How every page of the project looks: style, colours, pictures, and the writing of figures."""

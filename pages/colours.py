"""The colours of every picture."""

# After Okabe and Ito: told apart with any kind of colour vision; dark enough to carry white type.
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#b84f00", "#00735c", "#8b4fa3"
INK, MUTED, RULE, PALE = "#1c2733", "#5b6875", "#d9dfe5", "#e9edf1"

"""From an int8 ``.tflite`` model to a C project for a Cortex-M board."""

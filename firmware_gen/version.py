"""Version of the generator, stamped into what it writes."""

TOOL_VERSION = "0.1.0"

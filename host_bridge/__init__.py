"""Serial bridge: bytes, frames and messages between a host and a board."""

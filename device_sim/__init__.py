"""Boards without hardware: starts an emulator and hands back a serial URL."""

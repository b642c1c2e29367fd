"""The verbs as commands: each parses, calls the API, and prints."""

from muybridge.cli.main import main

__all__ = ["main"]

"""Ranked search over a codebase, against expected answers."""

from bench.find.run import main

__all__ = ["main"]

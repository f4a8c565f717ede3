"""Tests chosen for a change, over mutations of real code: what is missed, and how many run."""

from bench.affected.run import main

__all__ = ["main"]

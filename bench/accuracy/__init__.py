"""Duplicates found and missed on edited copies of real projects, and false alarms on unrelated ones."""

from bench.accuracy.run import main

__all__ = ["main"]

"""Planted hazards found and their clean twins flagged by `expert review`."""

from bench.review.run import main

__all__ = ["main"]

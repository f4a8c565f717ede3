"""The service under load: a generator of our own, beside bare floors and a tutorial-style application."""

from bench.load.run import main

__all__ = ["main"]

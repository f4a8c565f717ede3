"""What a change does to clients: mutations of applications, and what `oasdiff` says of their real documents."""

from bench.contract.run import main

__all__ = ["main"]

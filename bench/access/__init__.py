"""Who can reach what: removals of protection that `expert access --check` must tell, edits that it must not."""

from bench.access.run import main

__all__ = ["main"]

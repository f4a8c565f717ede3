"""Duplicates found and missed on edited copies of real projects, and what users are told on code as it is.

The parts: drafts of what exists (`purpose`), real later commits (`later`), code of strangers (`foreign`), and findings
that were judged by reading them (`judged`).
"""

import importlib

PARTS = {"purpose": "purposes", "later": "later", "foreign": "foreign", "judged": "judged"}
"""What the first argument asks for, and the module that measures it; recall otherwise."""


def main(argv: list[str]) -> int:
    """Run the part that ``argv`` names."""
    name, *rest = argv or [""]
    if name in PARTS:
        return importlib.import_module(f"bench.accuracy.{PARTS[name]}").main(rest)
    return importlib.import_module("bench.accuracy.run").main(argv)


__all__ = ["main"]

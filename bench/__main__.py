"""`python -m bench [NAME] [OPTIONS]`: a table each, and its ratio to a named reference; no time is asserted."""

import importlib
import sys

BENCHMARKS = {
    "load": "the service under load, beside bare floors and a tutorial-style application",
    "chaos": "faults put into a running deployment: what is lost, what comes twice, how long it takes",
    "routes": "routes read from text, against the running application's own table",
    "openapi": "OpenAPI documents read from text, against those that the running applications make",
    "access": "protection removed from applications: what `expert access --check` tells, and of harmless edits",
    "contract": "mutations of applications: what a change does to clients, beside oasdiff on the real documents",
    "impact": "what `expert impact` answers of changed functions: failing tests that it misses, beside a name search",
    "accuracy": "duplicates found and missed, on edited copies of real projects",
    "review": "planted hazards found by `expert review`, and their clean twins flagged",
    "scan": "time to map a large codebase, cold and warm",
    "find": "ranked search over a codebase, against expected answers",
    "notes": "project memory: writes, reads and searches at size",
    "affected": "tests chosen for a change, over mutations of real code",
    "additions": "fifty resources added to a fresh project, then its checks, its migrations and its tests",
    "gate": "time of the gate on one changed file",
    "agents": "what an agent learns over MCP for three tasks: calls, bytes, facts held",
    "agents.session": "three agents that go wrong, each told over MCP with the official client",
    "mcp": "the MCP server: start, answers at 2,000 files, a soak of 1,000 calls with file changes",
}
BY_DEFAULT = ("load",)
"""What `make bench` runs: the others need corpora, which they name and fetch themselves."""


def main(arguments: list[str]) -> int:
    if arguments == ["list"]:
        for name, about in BENCHMARKS.items():
            print(f"{name:16}{about}")
        return 0
    if arguments and not arguments[0].startswith("-"):
        name, *options = arguments
        if name not in BENCHMARKS:
            print(f"error: no benchmark is called {name!r}\n  choose from: {', '.join(BENCHMARKS)}", file=sys.stderr)
            return 2
        return importlib.import_module(f"bench.{name}").main(options) or 0
    return max(importlib.import_module(f"bench.{name}").main(arguments) or 0 for name in BY_DEFAULT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

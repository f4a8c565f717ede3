"""FX803: A synchronous client of a store or service in `async def`."""

from collections.abc import Iterator
from dataclasses import replace

from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.loop.waiting import grouped, waiting_for


def blocking_client(project: Project, rule: Rule) -> Iterator[Finding]:
    found = waiting_for(project, rule, "client", "waits for its server", "use the library's asyncio client, ")
    return grouped(map(_without_a_server, found))


def _without_a_server(finding: Finding) -> Finding:
    """SQLite is a file: what waits for it waits a moment, unless somebody else writes."""
    if not finding.message.startswith("`sqlite3."):
        return finding
    return replace(
        finding, severity=2, message=finding.message.replace("waits for its server", "reads or writes a file")
    )


RULE = Rule(
    "FX803",
    "blocking client on the event loop",
    "A synchronous client of a store or service in `async def`",
    "loop",
    1,
    blocking_client,
    alone=True,
)

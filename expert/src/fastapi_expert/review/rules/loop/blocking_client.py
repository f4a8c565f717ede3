"""FX803: A synchronous client of a store or service in `async def`."""

from collections.abc import Iterator

from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.loop.waiting import grouped, waiting_for


def blocking_client(project: Project, rule: Rule) -> Iterator[Finding]:
    return grouped(waiting_for(project, rule, "client", "waits for its server", "use the library's asyncio client, "))


RULE = Rule(
    "FX803",
    "blocking client on the event loop",
    "A synchronous client of a store or service in `async def`",
    "loop",
    1,
    blocking_client,
    alone=True,
)

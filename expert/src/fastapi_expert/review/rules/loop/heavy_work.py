"""FX804: Password hashing, data frames or images in `async def`."""

from collections.abc import Iterator

from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.loop.waiting import grouped, waiting_for


def heavy_work(project: Project, rule: Rule) -> Iterator[Finding]:
    return grouped(waiting_for(project, rule, "heavy", "computes", ""))


RULE = Rule(
    "FX804",
    "heavy work on the event loop",
    "Password hashing, data frames or images in `async def`",
    "loop",
    1,
    heavy_work,
    alone=True,
)

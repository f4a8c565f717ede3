"""What an expert sees in FastAPI code that is wrong, not merely written twice.

In comes a linked :class:`~fastapi_expert.codebase.Codebase` and the versions of what it is written for; out come
:class:`~.model.Finding` objects, the worst first. `rules/` holds a file a hazard, in a folder a family; `flow/` what
they ask of functions: what a name is, what a call reaches, which dependency a route gets through how many others.
"""

from fastapi_expert.review.detect import Review, review
from fastapi_expert.review.model import Finding, Related, Rule

__all__ = ["Finding", "Related", "Review", "Rule", "review"]

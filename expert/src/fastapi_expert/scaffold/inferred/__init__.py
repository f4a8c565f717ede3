"""`expert add` in a project of another layout: its authors' way of writing one is the way of the next."""

from fastapi_expert.scaffold.inferred.field import plan_field
from fastapi_expert.scaffold.inferred.plan import plan

__all__ = ["plan", "plan_field"]

"""What the installed FastAPI, Starlette or Pydantic no longer does, or does differently."""

from fastapi_expert.review.rules.framework import (
    deprecated,
    json_without_type,
    route_after_include,
    walking_routes,
)

RULES = (
    route_after_include.RULE,
    deprecated.RULE,
    walking_routes.RULE,
    json_without_type.RULE,
)

"""Tests of FastAPI applications that pass or fail for the wrong reason."""

from fastapi_expert.review.rules.tests import (
    engine_of_another_loop,
    lifespan_does_not_run,
    override_not_restored,
)

RULES = (
    override_not_restored.RULE,
    engine_of_another_loop.RULE,
    lifespan_does_not_run.RULE,
)

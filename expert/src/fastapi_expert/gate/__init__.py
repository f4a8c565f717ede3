"""The gate: what changed is checked by the project's own tools, and only for what the change brought in."""

from fastapi_expert.gate.model import Check, Finding, Report
from fastapi_expert.gate.run import check

__all__ = ["Check", "Finding", "Report", "check"]

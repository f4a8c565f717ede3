"""What a change of an OpenAPI document does to those who call: breaking, warning, info, as oasdiff judges it."""

from fastapi_expert.contract.changes.compare import Change, Level, changes

__all__ = ["Change", "Level", "changes"]

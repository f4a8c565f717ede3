"""Runs code as it would run for a request without credentials, every way through that the text leaves open.

Expressions give a value (:mod:`..values`), conditions a :class:`~..outcomes.Decision`, statements the ways on. What a
call may raise waits in :attr:`Stranger.pending` until the `try` around it, or the end of the function, takes it.
"""

from typing import ClassVar

from fastapi_expert.codebase.link.protection.stranger import branches, expressions, statements
from fastapi_expert.codebase.link.protection.stranger.attributes import Attributes
from fastapi_expert.codebase.link.protection.stranger.branches import Branches
from fastapi_expert.codebase.link.protection.stranger.calls import Calls
from fastapi_expert.codebase.link.protection.stranger.conditions import Conditions
from fastapi_expert.codebase.link.protection.stranger.expressions import Expressions
from fastapi_expert.codebase.link.protection.stranger.functions import Functions
from fastapi_expert.codebase.link.protection.stranger.methods import Methods
from fastapi_expert.codebase.link.protection.stranger.names import ModuleNames
from fastapi_expert.codebase.link.protection.stranger.outside import Outside
from fastapi_expert.codebase.link.protection.stranger.raising import Raising
from fastapi_expert.codebase.link.protection.stranger.runtime import Acts, Ended, Exhausted, Values
from fastapi_expert.codebase.link.protection.stranger.statements import Statements

__all__ = ["Ended", "Exhausted", "Stranger"]


class Stranger(
    Functions, Raising, Statements, Branches, Conditions, ModuleNames, Expressions, Attributes, Calls, Outside, Methods
):
    """One request without credentials, for ``path`` by ``method``."""

    STATEMENTS: ClassVar[Acts] = {**statements.STATEMENTS, **branches.STATEMENTS}
    EXPRESSIONS: ClassVar[Values] = expressions.EXPRESSIONS

"""From names to an inventory: components, routes in order, and what could not be known."""

from dataclasses import dataclass

from .model import Component, Problem, Route
from .names import Names


@dataclass(frozen=True, slots=True)
class ServedRoute:
    """A route and the app that serves it; ``order`` counts the routes of that app as it tries them."""

    route: Route
    app: str
    order: int


@dataclass(frozen=True, slots=True)
class Linked:
    """What linking finds."""

    components: tuple[Component, ...] = ()
    served: tuple[ServedRoute, ...] = ()
    problems: tuple[Problem, ...] = ()


def link(names: Names) -> Linked:
    """Link every file of ``names``."""
    return Linked()

"""What is learned of a team's ways, as plain data; every place is a path relative to the root, and a line from 1."""

from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that the example consists of: ``what`` is its role, ``name`` what it is called or the line itself."""

    what: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Resource:
    """The resource that the team wrote most completely; ``learned`` are the ways that `expert add` takes from it."""

    name: str
    parts: tuple[Part, ...]
    learned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """Where things of a kind lie: ``pattern`` is a file, or a path with a name in angle brackets.

    ``count`` of the ``total`` lie there; ``example`` is one of them.
    """

    kind: str
    pattern: str
    count: int
    total: int
    example: Place


@dataclass(frozen=True, slots=True)
class Idiom:
    """One thing that is said in one way: how often, the first places, and under which condition at the first."""

    what: str
    count: int
    places: tuple[Place, ...]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What must follow a change of some kind, and where one reads how."""

    when: str
    what: str
    place: Place


@dataclass(frozen=True, slots=True)
class Conventions:
    """``why_no_resource`` says why none can be an example; empty where there is one."""

    resource: Resource | None
    why_no_resource: str
    homes: tuple[Home, ...]
    parameters: tuple[Idiom, ...]
    permissions: tuple[Idiom, ...]
    errors: tuple[Idiom, ...]
    pages: tuple[Idiom, ...]
    afterwards: tuple[Step, ...]

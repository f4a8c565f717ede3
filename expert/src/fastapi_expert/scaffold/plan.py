"""What is asked of `expert add`, and what it would write: the words that its parts have in common."""

from dataclasses import dataclass

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.access import Access
from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.naming import Names

File = tuple[str, str | None, str]
"""A path relative to the root, the text that is there (None: no file), and the text that will be."""


class AlreadyThere(ExpertError):
    """The resource is there, under this or a similar name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: the resource, its fields, who may see it, and how to find out who asks (``auth``).

    ``ways`` overrule what is learned of the team's way, by name (`others` → `404`).
    """

    names: Names
    fields: tuple[Field, ...]
    access: Access
    auth: str = ""
    ways: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """``files`` as they are and will be; ``routes`` say who may use each; ``learned`` what was taken from the project;
    ``left`` what is left for a person to do.

    The rest says what can be proven, and how. ``module`` (dotted) holds the router, ``like_module`` its neighbour's;
    ``apps`` are (module, attribute), which serve ``paths``. ``table_module`` holds the table called ``table``
    (``other_modules`` those that it refers to; ``column`` of it alone is new), whose
    ``migration`` (a path) is tried where it may be used. ``tests`` are paths, ``like`` that of its neighbour's;
    ``neighbours`` are files that it is like: what linters say of these they may say of it.
    ``guarded``: they use whatever database the project is configured for, and must be kept from it. ``roots`` are the
    folders that modules are imported from.
    """

    files: tuple[File, ...]
    routes: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    roots: tuple[str, ...] = ("",)
    module: str = ""
    like_module: str = ""
    apps: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    table_module: str = ""
    table: str = ""
    column: str = ""
    other_modules: tuple[str, ...] = ()
    migration: str = ""
    on_sqlite: bool = True
    on_postgres: bool = False
    tests: tuple[str, ...] = ()
    test_options: tuple[str, ...] = ()
    like: str = ""
    guarded: bool = True
    neighbours: tuple[str, ...] = ()

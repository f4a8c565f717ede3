"""What matching needs of a codebase, and no more: flat records that are cached whole for the hook.

Everything here is a named tuple of plain values, so that `marshal` writes and reads thousands of them in milliseconds.
"""

from typing import NamedTuple


class FunctionRecord(NamedTuple):
    """A function: of the component ``kind`` it is, else a ``validator`` or a plain ``function``.

    ``silent`` functions are in the index (what they hold is not rare) but never in a finding: nested ones, overloads,
    protocols, generated code, migrations. ``overrides`` are the classes up the hierarchy that define a method of this
    name, its own class included; methods that share one are one contract, not copies.
    """

    id: str
    kind: str
    path: str
    line: int
    end_line: int
    name: str
    qualname: str
    is_async: bool
    is_test: bool
    silent: bool
    mentions: int
    """How many functions mention its name."""
    overrides: tuple[str, ...]
    parameters: tuple[str, ...]
    exact: int
    renamed: int
    literals: int
    tokens: int
    statements: bytes
    names: bytes

    @property
    def lines(self) -> int:
        return self.end_line - self.line + 1

    @property
    def is_test_case(self) -> bool:
        """A test itself, not a helper or fixture of tests."""
        return self.is_test and self.name.startswith("test")


class ModelRecord(NamedTuple):
    """A schema, table or settings class; ``fields`` are (name, type, required), inherited ones included."""

    id: str
    kind: str
    path: str
    line: int
    end_line: int
    name: str
    fields: tuple[tuple[str, str, bool], ...]
    own: tuple[str, ...]
    """Names of the fields it declares itself."""
    ancestors: tuple[str, ...]
    """Ids of the classes it inherits from, in this codebase."""
    table: str
    """The table's name, or ""."""
    silent: bool

    @property
    def lines(self) -> int:
        return self.end_line - self.line + 1


class RouteRecord(NamedTuple):
    """A route as served; ``app`` names the application whose table it is in, ``order`` its place there."""

    endpoint: str
    method: str
    path: str
    name: str
    app: str
    order: int
    path_file: str
    line: int
    end_line: int
    guards: tuple[str, ...] = ()
    """What is asked of callers on the way to it, before the endpoint's own parameters."""
    conditions: tuple[str, ...] = ()
    """Where the branches on its way stand that may not run, as `path:line`."""


class VariableRecord(NamedTuple):
    """An environment variable: a field of the settings class ``owner``, or read directly (``owner`` is "")."""

    variable: str
    owner: str
    field: str
    path: str
    line: int
    instance: str
    """`path::name` of the object that the code imports; "" where none is known."""
    ancestors: tuple[str, ...]


class Records(NamedTuple):
    """Everything of one codebase."""

    functions: tuple[FunctionRecord, ...]
    models: tuple[ModelRecord, ...]
    routes: tuple[RouteRecord, ...]
    variables: tuple[VariableRecord, ...]
    modules: tuple[tuple[str, str], ...]
    """Path to the dotted name under which it is imported."""
    needs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Path to the files that run when it is imported."""
    silencing: tuple[str, ...] = ()
    """Paths of files with a comment that silences a rule."""

"""A statement compiled once, run on the driver itself, answered as typed rows.

SQLAlchemy's session costs about 1.1 ms of CPU a query where asyncpg costs 0.3 (docs/performance.md). A
:class:`CompiledQuery` keeps what SQLAlchemy is good at, composing SQL that both databases understand and converting
types, and leaves out the rest.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, TextualSelect
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import ReturningUpdate

T = TypeVar("T")
Processor = Callable[[Any], Any]
Record = Sequence[Any]
Statement = Select[*tuple[Any, ...]] | TextualSelect | ReturningUpdate[*tuple[Any, ...]]

_NUMERIC_OID = 1700  # what PostgreSQL calls NUMERIC: its types ask how the driver spells a number


class CompiledQuery(Generic[T]):
    """A statement that answers rows, and their type; compiled on first use, once for each database.

    `row` is called with a row's columns in order: a NamedTuple or a frozen dataclass.
    Values that change are `bindparam("name")`; give them to the reader by name. PostgreSQL plans a query once for all
    values; with `planned_anew` for those it is given, where the best way depends on them.
    """

    def __init__(self, row: Callable[..., T], statement: Statement, *, planned_anew: bool = False) -> None:
        self.row = row
        self.statement = statement
        self.planned_anew = planned_anew
        self._compiled: dict[str, CompiledSQL] = {}

    def compiled(self, dialect: Dialect) -> "CompiledSQL":
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = CompiledSQL(self.statement, dialect)
        return found


class CompiledSQL:
    """SQL text, the order of its parameters, and the conversions its types ask for."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self._fixed = compiled.params
        self.binds = frozenset(name for name, bind in compiled.binds.items() if bind.required)
        """The names that need a value."""
        self._order: list[tuple[str, Processor | None]] = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._results = [
            (index, processor)
            for index, column in enumerate(statement.exported_columns)
            if (processor := column.type.dialect_impl(dialect).result_processor(dialect, _NUMERIC_OID))
        ]

    def parameters(self, values: dict[str, Any]) -> list[Any]:
        """The positional parameters for the driver. KeyError names a bind that does not exist."""
        if unknown := values.keys() - self._fixed.keys():
            raise KeyError(f"no such bind: {', '.join(sorted(unknown))}")
        given = {**self._fixed, **values}
        return [given[name] if process is None else process(given[name]) for name, process in self._order]

    def rows(self, row: Callable[..., T], records: Iterable[Record]) -> list[T]:
        if not self._results:
            return [row(*record) for record in records]
        built: list[T] = []
        for record in records:
            values = list(record)
            for index, process in self._results:
                values[index] = process(values[index])
            built.append(row(*values))
        return built


def like_pattern(text: str) -> str:
    r"""A LIKE pattern that finds `text` anywhere, whatever it holds; for `escape="\"`."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"

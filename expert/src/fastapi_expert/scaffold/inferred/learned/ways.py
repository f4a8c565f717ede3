"""The team's own ways, learned from the resource that it wrote most completely; each can be overruled by its name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.errors import UsageError
from fastapi_expert.scaffold.inferred.learned.conventions import Sibling
from fastapi_expert.scaffold.inferred.sources import Sources

_SUPERUSER = re.compile(r"\b\w*user\w*\.(is_superuser|is_super_user|is_admin|is_staff|superuser)\b(?!\s*\()")
_FORBIDDEN = re.compile(
    r"HTTPException\(\s*(?:status_code\s*=\s*)?(?:403|status\.HTTP_403_FORBIDDEN),\s*detail\s*=\s*(f?\"[^\"{}]*\"|'[^'{}]*')"
)
_NOT_FOUND = re.compile(
    r"HTTPException\(\s*(?:status_code\s*=\s*)?(?:404|status\.HTTP_404_NOT_FOUND),\s*detail\s*=\s*(\"[^\"{}]*\"|'[^'{}]*')"
)
WAYS = {
    "list": "bare, or as its neighbour answers",
    "create": "the status of a new row: 200 or 201",
    "delete": "none, message, or as its neighbour answers",
    "others": "the status for another's row: 403 or 404",
    "superusers": "none, or the attribute of a user who may do all",
    "order": "oldest or newest first",
    "like": "the resource to be like",
}
"""What can be overruled, and the values."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a list is answered in: the neighbour's class, and the names of its rows and of their number ("" if none)."""

    schema: Component
    items: str
    count: str


@dataclass(frozen=True, slots=True)
class Farewell:
    """What a deletion is answered with: the class (None: nothing), the field that holds the sentence, the sentence."""

    schema: Component | None
    field: str
    sentence: str
    status: int


@dataclass(frozen=True, slots=True)
class Ways:
    """``others`` is the status for another's row; ``superusers`` the attribute of a user who may do all ("": none)."""

    envelope: Envelope | None
    create_status: int
    farewell: Farewell
    others: int
    forbidden: str
    missing: str
    superusers: str
    newest_first: bool
    names: Mapping[str, str]
    """The endpoint's function of each action, as the neighbour calls it."""
    told: tuple[str, ...]
    """Each way with the place it was learned at."""


def learn_ways(
    codebase: Codebase, sources: Sources, sibling: Sibling, overruled: Mapping[str, str], *, owned: bool
) -> Ways:
    """The ways of ``sibling``. Raises UsageError for a way that does not exist, or a value that it cannot have."""
    for name in overruled:
        if name not in WAYS:
            raise UsageError(f"there is no way {name!r}", do=f"one of: {', '.join(WAYS)}")
    learning = _Learning(codebase, sources, sibling, overruled)
    return learning.ways(owned=owned)


class _Learning:
    def __init__(self, codebase: Codebase, sources: Sources, sibling: Sibling, overruled: Mapping[str, str]) -> None:
        self.codebase, self.sources, self.sibling, self.overruled = codebase, sources, sibling, overruled
        self.told: list[str] = []

    def ways(self, *, owned: bool) -> Ways:
        table = self.sibling.table
        self.told.append(f"like {table.name} ({table.path}:{table.line})")
        envelope = self._envelope()
        create = self._create_status()
        farewell = self._farewell()
        superusers = self._superusers() if owned else ""
        others, forbidden = self._others() if owned else (404, "")
        missing = self._sentence(_NOT_FOUND)[0] or f"{self.sibling.names.noun.capitalize()} not found"
        names = {action: route.name for action, route in self.sibling.routes.items() if route.name.isidentifier()}
        if names:
            some = self.sibling.some_route
            self.told.append(f"names {', '.join(names.values())} ({some.path_file}:{some.line})")
        newest = self._newest_first()
        return Ways(envelope, create, farewell, others, forbidden, missing, superusers, newest, names, tuple(self.told))

    def _newest_first(self) -> bool:
        said = self.overruled.get("order")
        if said is not None and said not in ("oldest", "newest"):
            raise UsageError(f"--way order={said}: a list begins with the oldest or the newest")
        route = self.sibling.routes.get("list")
        found = re.search(r"order_by\([^\n]*(?:\.desc\(\)|desc\()", self._text_of(route)) if route else None
        if said is None and found and route:
            self.told.append(f"lists begin with the newest ({route.path_file}:{self._line(route, found)})")
        return said == "newest" if said else found is not None

    def _envelope(self) -> Envelope | None:
        if self.overruled.get("list") == "bare":
            return None
        route = self.sibling.routes.get("list")
        schema = self.codebase.component(route.response_model) if route is not None and route.response_model else None
        facts = self.codebase.class_(schema.id) if schema is not None else None
        if route is None or schema is None or facts is None or facts.type_params:
            return None
        rows = [field for field in facts.fields if re.match(r"(?:list|List|Sequence)\[", field.annotation)]
        numbers = [field for field in facts.fields if field.annotation == "int" and field not in rows]
        required = [field for field in facts.fields if not field.default]
        if len(rows) != 1 or len(numbers) > 1 or len(required) != len(rows) + len(numbers):
            return None
        found = Envelope(schema, rows[0].name, numbers[0].name if numbers else "")
        fields = ",".join(filter(None, (found.items, found.count)))
        self.told.append(f"list envelope {schema.name}{{{fields}}} ({schema.path}:{schema.line})")
        return found

    def _create_status(self) -> int:
        route = self.sibling.routes.get("create")
        said = self.overruled.get("create")
        if said is not None:
            if said not in ("200", "201"):
                raise UsageError(f"--way create={said}: a new row is answered with 200 or 201")
            return int(said)
        if route is None:
            return 201
        status = route.status_code or 200
        self.told.append(f"POST answers {status} ({route.path_file}:{route.line})")
        return status if status in (200, 201) else 201

    def _farewell(self) -> Farewell:
        nothing = Farewell(None, "", "", 204)
        route = self.sibling.routes.get("delete")
        said = self.overruled.get("delete")
        if said == "none" or route is None:
            return nothing
        function = self.codebase.function(route.endpoint)
        symbol = (
            self.codebase.names.resolve(route.path_file, function.returns) if function and function.returns else None
        )
        identifier = route.response_model or (f"schema:{symbol.path}::{symbol.name}" if symbol is not None else "")
        schema = self.codebase.component(identifier)
        facts = self.codebase.class_(identifier) if schema is not None else None
        required = [field for field in facts.fields if not field.default] if facts is not None else []
        place = f"({route.path_file}:{route.line})"
        if schema is not None and len(required) == 1 and required[0].annotation == "str":
            text = self._text_of(route)
            sentence = re.search(rf"{required[0].name}\s*=\s*(\"[^\"{{}}]*\"|'[^'{{}}]*')", text)
            spoken = sentence[1][1:-1] if sentence else f"{self.sibling.names.noun.capitalize()} deleted"
            self.told.append(f"DELETE answers {route.status_code or 200} {schema.name} {place}")
            return Farewell(schema, required[0].name, spoken, route.status_code or 200)
        self.told.append(f"DELETE answers {route.status_code or 200} {place}")
        return nothing if route.status_code in (204, None) else Farewell(None, "", "", route.status_code)

    def _superusers(self) -> str:
        said = self.overruled.get("superusers")
        if said is not None:
            return "" if said == "none" else said
        for route in self.sibling.routes.values():
            found = _SUPERUSER.search(self._text_of(route))
            if found:
                self.told.append(f"superusers ({found[1]}) may do all ({route.path_file}:{self._line(route, found)})")
                return found[1]
        return ""

    def _others(self) -> tuple[int, str]:
        sentence, place = self._sentence(_FORBIDDEN)
        said = self.overruled.get("others")
        if said is not None and said not in ("403", "404"):
            raise UsageError(f"--way others={said}: another's row is answered with 403 or 404")
        status = int(said) if said else 403 if sentence else 404
        if sentence and status == 403:
            self.told.append(f"another's row answers 403 {sentence!r} ({place})")
        return status, sentence or "Not enough permissions"

    def _sentence(self, pattern: re.Pattern[str]) -> tuple[str, str]:
        for route in self.sibling.routes.values():
            found = pattern.search(self._text_of(route))
            if found:
                return found[1].lstrip("f")[1:-1], f"{route.path_file}:{self._line(route, found)}"
        return "", ""

    def _text_of(self, route: Route) -> str:
        function = self.codebase.function(route.endpoint)
        if function is None:
            return ""
        return self.sources.lines(route.path_file, function.start_line, function.end_line)

    def _line(self, route: Route, found: "re.Match[str]") -> int:
        function = self.codebase.function(route.endpoint)
        first = function.start_line if function is not None else route.line
        return first + self._text_of(route).count("\n", 0, found.start())

"""Operations of two documents side by side. The ids and levels are oasdiff's, see its page on breaking changes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fastapi_expert.codebase.interpret.values import is_dict, is_list
from fastapi_expert.codebase.vocabulary import VERBS
from fastapi_expert.contract.changes.schemas import Found, Pair, Resolver, differences

Level = Literal["breaking", "warning", "info"]
LEVELS: tuple[Level, ...] = ("breaking", "warning", "info")
_PARAMETER = re.compile(r"{[^}]*}")
Document = Mapping[str, Any]
Alternative = dict[str, frozenset[str]]
"""Schemes of security by name, each with its scopes: what one request has to bring."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its id, `DELETE /items/{id}`, and what it is in words. ``operation_id`` finds the code behind it."""

    level: Level
    id: str
    operation: str
    text: str
    operation_id: str = ""


def changes(old: Document, new: Document) -> list[Change]:
    """What differs for those who call, the worst first."""
    found = list(dict.fromkeys(_Comparison(old, new).changes()))
    return sorted(found, key=lambda one: (LEVELS.index(one.level), one.operation, one.id, one.text))


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._resolvers = Pair(Resolver(old), Resolver(new))

    def changes(self) -> Iterator[Change]:
        before, now = _operations(self._old), _operations(self._new)
        for key, (name, operation) in before.items():
            if key not in now:
                rest = any(other[1] == key[1] for other in now)
                id_ = "api-removed-without-deprecation" if rest else "api-path-removed-without-deprecation"
                yield Change("breaking", id_, name, "is gone", str(operation.get("operationId", "")))
        for key, (name, operation) in now.items():
            if key not in before:
                yield Change("info", "endpoint-added", name, "is new", str(operation.get("operationId", "")))
                continue
            for level, id_, text in self._operation(before[key][1], operation):
                yield Change(level, id_, name, text, str(operation.get("operationId", "")))

    def _operation(self, old: Document, new: Document) -> Iterator[Found]:
        yield from self._about(old, new)
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        yield from self._responses(old.get("responses", {}), new.get("responses", {}))

    # -- about ------------------------------------------------------------------------------------------------------

    def _about(self, old: Document, new: Document) -> Iterator[Found]:
        was, now = old.get("operationId"), new.get("operationId")
        if was != now and was:
            yield "info", "api-operation-id-removed", f"its operation id is {now or 'gone'}, it was {was}"
        yield from _security(_alternatives(old, self._old), _alternatives(new, self._new))
        if not old.get("deprecated") and new.get("deprecated"):
            yield "info", "endpoint-deprecated", "is deprecated"
        for tag in [one for one in old.get("tags", ()) if one not in new.get("tags", ())]:
            yield "info", "api-tag-removed", f"no longer has the tag {tag}"

    # -- parameters -------------------------------------------------------------------------------------------------

    def _parameters(self, old: Document, new: Document) -> Iterator[Found]:
        before, after = _by_place(old), _by_place(new)
        renamed = _renamed_in_path(before, after)
        for key, was in before.items():
            now = after.get(renamed.get(key, key))
            where = f"the {key[0]} parameter {key[1]}"
            if now is None:
                yield "warning", "request-parameter-removed", f"{where} is gone"
                continue
            yield from self._parameter(where, was, now)
        for key, now in after.items():
            if key in before or key in renamed.values():
                continue
            where = f"the {key[0]} parameter {key[1]}"
            if key[0] == "path":
                yield "breaking", "new-request-path-parameter", f"{where} is new"
            elif now.get("required"):
                yield "breaking", "new-required-request-parameter", f"{where} is new and required"
            else:
                yield "info", "new-optional-request-parameter", f"{where} is new"

    def _parameter(self, where: str, was: Document, now: Document) -> Iterator[Found]:
        if now.get("required") and not was.get("required"):
            yield "breaking", "request-parameter-became-required", f"{where} is required now"
        elif was.get("required") and not now.get("required"):
            yield "info", "request-parameter-became-optional", f"{where} may be left out now"
        one, other = was.get("schema", {}), now.get("schema", {})
        found = differences(self._resolvers, "parameter", where, one, other)
        if was.get("required") or now.get("required"):  # a default says nothing where a value must be sent
            found = (each for each in found if "-default-value-" not in each[1])
        yield from found

    # -- bodies -----------------------------------------------------------------------------------------------------

    def _body(self, old: Any, new: Any) -> Iterator[Found]:
        if not is_dict(old) or not is_dict(new):
            if is_dict(new):
                must = bool(new.get("required"))
                id_ = "request-body-added-required" if must else "request-body-added-optional"
                yield "breaking" if must else "info", id_, "takes a body now"
            elif is_dict(old):
                yield "breaking", "request-body-removed", "takes no body any more"
            return
        if new.get("required") and not old.get("required"):
            yield "breaking", "request-body-became-required", "its body is required now"
        elif old.get("required") and not new.get("required"):
            yield "info", "request-body-became-optional", "its body may be left out now"
        yield from self._contents("request", "", old, new)

    def _contents(
        self, side: Literal["request", "response"], where: str, old: Document, new: Document
    ) -> Iterator[Found]:
        """The media types of a body or an answer, and their schemas."""
        before, after = old.get("content", {}), new.get("content", {})
        kind, words = ("request-body", "its body") if side == "request" else ("response", where.rstrip(":"))
        for media in before:
            if media not in after:
                yield "breaking", f"{kind}-media-type-removed", f"{words} is never {media} any more"
                continue
            schemas = (one[media].get("schema", {}) for one in (before, after))
            yield from differences(self._resolvers, side, where, *schemas)
        for media in after:
            if media not in before:
                yield "info", f"{kind}-media-type-added", f"{words} may be {media}"

    def _responses(self, old: Document, new: Document) -> Iterator[Found]:
        for status, was in old.items():
            now = new.get(status)
            succeeds = status.startswith("2")
            if now is None:
                kind = "success" if succeeds else "non-success"
                yield (
                    "breaking" if succeeds else "info",
                    f"response-{kind}-status-removed",
                    f"answers no {status} any more",
                )
                continue
            yield from self._contents("response", f"{status}:", was, now)
        for status in new:
            if status not in old:
                kind = "success" if status.startswith("2") else "non-success"
                yield "info", f"response-{kind}-status-added", f"may answer {status}"


def _operations(document: Document) -> dict[tuple[str, str], tuple[str, Document]]:
    """(method, path without the names of its parameters) to how it is written and the operation."""
    found: dict[tuple[str, str], tuple[str, Document]] = {}
    for path, several in document.get("paths", {}).items():
        for method in VERBS:
            if is_dict(several.get(method)):
                found[method, _PARAMETER.sub("{}", path)] = (f"{method.upper()} {path}", several[method])
    return found


def _alternatives(operation: Document, document: Document) -> list[Alternative]:
    """Each way to be let in: the schemes that are asked for together, with their scopes."""
    given = operation.get("security", document.get("security", ()))
    return [{name: frozenset(scopes) for name, scopes in one.items()} for one in given if one]


def _security(old: list[Alternative], new: list[Alternative]) -> Iterator[Found]:
    """What comes and what goes of the ways to be let in; one that is asked for twice is two, as it is to oasdiff."""
    gone, come = _beyond(old, new), _beyond(new, old)
    for one in come:
        was = next((other for other in gone if other.keys() == one.keys()), None)
        if was is None:
            yield "info", "api-security-added", f"asks for {' and '.join(sorted(one))}"
            continue
        gone.remove(was)
        for name in sorted(one):
            for scope in sorted(one[name] - was[name]):
                yield "info", "api-security-scope-added", f"asks for the scope {scope}"
            for scope in sorted(was[name] - one[name]):
                yield "info", "api-security-scope-removed", f"no longer asks for the scope {scope}"
    for one in gone:
        yield "info", "api-security-removed", f"no longer asks for {' and '.join(sorted(one))}"


def _beyond(some: list[Alternative], others: list[Alternative]) -> list[Alternative]:
    """Those of ``some`` that ``others`` do not have as often."""
    left = list(others)
    found: list[Alternative] = []
    for one in some:
        if one in left:
            left.remove(one)
        else:
            found.append(one)
    return found


def _by_place(operation: Document) -> dict[tuple[str, str], Document]:
    given = operation.get("parameters", ())
    return {(one["in"], one["name"]): one for one in given if is_dict(one)} if is_list(given) else {}


def _renamed_in_path(
    before: Mapping[tuple[str, str], Document], after: Mapping[tuple[str, str], Document]
) -> dict[tuple[str, str], tuple[str, str]]:
    """How a parameter of the path is called is nothing that a client sees: by position they are the same."""
    old = [key for key in before if key[0] == "path"]
    new = [key for key in after if key[0] == "path"]
    return {was: now for was, now in zip(old, new, strict=False) if was not in after} if len(old) == len(new) else {}

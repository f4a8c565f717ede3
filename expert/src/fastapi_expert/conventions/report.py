"""`expert conventions`: as lines to read, and as a document."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi_expert.conventions.model import Conventions, Idiom

TOPICS = ("resource", "homes", "parameters", "permissions", "errors", "pages", "afterwards")
_TITLES = {
    "resource": "A resource consists of",
    "homes": "Where things go",
    "parameters": "What endpoints take",
    "permissions": "Who is let in",
    "errors": "How requests are refused",
    "pages": "Lists by the page",
    "afterwards": "What must follow",
}


def conventions_text(found: Conventions, topics: Sequence[str] = ()) -> str:
    """A paragraph a topic, of ``topics`` or of all; a topic that has nothing to say is left out."""
    made = [(name, _LINES[name](found)) for name in topics or TOPICS]
    shown = ["\n".join([_title(found, name), *(f"  {line}" for line in lines)]) for name, lines in made if lines]
    return "\n\n".join(shown) or "Nothing is done in one way here that could be told from the text."


def conventions_document(root: str, found: Conventions) -> dict[str, Any]:
    """`expert conventions --json`, without the version."""
    document: dict[str, Any] = {"root": root}
    if found.resource is not None:
        document["resource"] = {
            "name": found.resource.name,
            "parts": [{"what": part.what, "name": part.name, **part.place._asdict()} for part in found.resource.parts],
            "learned": list(found.resource.learned),
        }
    else:
        document["why_no_resource"] = found.why_no_resource
    document["homes"] = [
        {
            "kind": home.kind,
            "pattern": home.pattern,
            "count": home.count,
            "total": home.total,
            "example": home.example._asdict(),
        }
        for home in found.homes
    ]
    for name in ("parameters", "permissions", "errors", "pages"):
        document[name] = [_idiom_json(idiom) for idiom in getattr(found, name)]
    document["afterwards"] = [
        {"when": step.when, "what": step.what, **step.place._asdict()} for step in found.afterwards
    ]
    return document


def _idiom_json(idiom: Idiom) -> dict[str, Any]:
    document: dict[str, Any] = {
        "what": idiom.what,
        "count": idiom.count,
        "places": [place._asdict() for place in idiom.places],
    }
    if idiom.condition:
        document["condition"] = idiom.condition
    return document


def _title(found: Conventions, name: str) -> str:
    if name == "resource" and found.resource is not None:
        return f"{_TITLES[name]} (like {found.resource.name})"
    return _TITLES[name]


def _resource_lines(found: Conventions) -> list[str]:
    if found.resource is None:
        return [f"not told: {found.why_no_resource}"]
    parts = [f"{part.what}: {part.name} {part.place}" for part in found.resource.parts]
    return [*parts, *(f"learned: {one}" for one in found.resource.learned)]


def _home_lines(found: Conventions) -> list[str]:
    return [
        f"{home.kind.replace('_', ' ')}: {home.pattern} ({home.count} of {home.total}), as {home.example}"
        for home in found.homes
    ]


def _idiom_lines(idioms: Sequence[Idiom]) -> list[str]:
    return [
        f"{idiom.count}× {idiom.what}"
        + (f", if {idiom.condition}" if idiom.condition else "")
        + f"  {' '.join(map(str, idiom.places))}"
        for idiom in idioms
    ]


def _step_lines(found: Conventions) -> list[str]:
    return [f"when {step.when}: {step.what} ({step.place})" for step in found.afterwards]


_LINES: dict[str, Callable[[Conventions], list[str]]] = {
    "resource": _resource_lines,
    "homes": _home_lines,
    "parameters": lambda found: _idiom_lines(found.parameters),
    "permissions": lambda found: _idiom_lines(found.permissions),
    "errors": lambda found: _idiom_lines(found.errors),
    "pages": lambda found: _idiom_lines(found.pages),
    "afterwards": _step_lines,
}

"""Path templates as the router matches them (Starlette's `compile_path`): which one catches what another answers."""

import re
from functools import lru_cache

_PARAMETER = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?}")
_PATTERNS = {
    "str": "[^/]+",
    "path": ".*",
    "int": "[0-9]+",
    "float": r"[0-9]+(?:\.[0-9]+)?",
    "uuid": "[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}",
}
_SAMPLES = {
    "str": ("~sample", "x.y-z", "7"),
    "path": ("~a/b", "", "7"),
    "int": ("7", "40"),
    "float": ("7.5", "40"),
    "uuid": ("01234567-89ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcdef"),
}


@lru_cache(maxsize=1 << 13)
def canonical(template: str) -> str:
    """The template with parameter names taken away: what is equal here answers the same requests."""
    return _PARAMETER.sub(lambda match: "{" + (match[2] or "str") + "}", template)


@lru_cache(maxsize=1 << 13)
def _pattern(template: str) -> re.Pattern[str]:
    body, end = "", 0
    for match in _PARAMETER.finditer(template):
        body += re.escape(template[end : match.start()]) + f"(?:{_PATTERNS.get(match[2] or 'str', '[^/]+')})"
        end = match.end()
    return re.compile(body + re.escape(template[end:]) + r"\Z")


@lru_cache(maxsize=1 << 13)
def _samples(template: str) -> tuple[str, ...]:
    """Paths that ``template`` answers: a few values in every parameter, odd enough to fit nothing by chance."""
    kinds = {match[2] or "str" for match in _PARAMETER.finditer(template)}
    count = max((len(_SAMPLES.get(kind, _SAMPLES["str"])) for kind in kinds), default=1)
    paths: list[str] = []
    for number in range(count):

        def value(match: re.Match[str], number: int = number) -> str:
            samples = _SAMPLES.get(match[2] or "str", _SAMPLES["str"])
            return samples[number % len(samples)]

        paths.append(_PARAMETER.sub(value, template))
    return tuple(paths)


def catches(earlier: str, later: str) -> bool:
    """Whether every path that ``later`` answers is one that ``earlier`` answers."""
    paths = _samples(later)
    start, slashes = _outline(earlier)
    if not paths[0].startswith(start) or (slashes is not None and paths[0].count("/") != slashes):
        return False  # so it is with most pairs, and no pattern has to be compiled
    pattern = _pattern(earlier)
    return all(pattern.match(path) for path in paths)


@lru_cache(maxsize=1 << 13)
def _outline(template: str) -> tuple[str, int | None]:
    """What every path of ``template`` starts with, and how many slashes it has; None when a parameter may hold some."""
    several = any(match[2] == "path" for match in _PARAMETER.finditer(template))
    first = _PARAMETER.search(template)
    return template[: first.start() if first is not None else None], None if several else template.count("/")


@lru_cache(maxsize=1 << 13)
def segments(template: str) -> tuple[str, ...]:
    """The canonical template's segments, without empty ones."""
    return tuple(part for part in canonical(template).split("/") if part)


def literal_segments(template: str) -> int:
    """How many segments are no mere parameter."""
    return sum(1 for part in segments(template) if not _PARAMETER.fullmatch(part) and not _is_bare(part))


def _is_bare(part: str) -> bool:
    return part.startswith("{") and part.endswith("}") and part.count("{") == 1

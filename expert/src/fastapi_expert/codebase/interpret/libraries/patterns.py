"""Regular expressions of the code under study, of which only those are run that cannot take long."""

import re
from collections.abc import Callable
from typing import Any

from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import Arguments, External, Instance, Unknown, is_list

MAX_TEXT = 100
"""A longer text is no name of a route."""
_REPEATS = re.compile(r"[*+{]")
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_BACK = re.compile(r"\\[1-9]|\(\?P=")
MAX_REPEATS = 4
"""With more repetitions than this, or one around a group, a pattern may take for ever."""


def is_quick(pattern: str, text: str) -> bool:
    """Whether looking for ``pattern`` in ``text`` surely ends soon."""
    if len(text) > MAX_TEXT or len(pattern) > MAX_TEXT:
        return False
    if _REPEATED_GROUP.search(pattern) or _BACK.search(pattern):
        return False
    return len(_REPEATS.findall(pattern)) <= MAX_REPEATS


def asked(interp: Runtime, given: Arguments, name: str) -> Any:
    """`re.NAME(pattern, …)`."""
    pattern = given.args[0] if given.args else given.keywords.get("pattern")
    if name == "compile":
        flags = given.get(1, "flags")
        return Instance(External("re.Pattern"), given.site, {"0": pattern, **({} if flags is None else {"1": flags})})
    rest = Arguments(given.args[1:], given.keywords, {}, given.site, given.scope)
    return _run(interp, _text_of(pattern) if isinstance(pattern, Instance) else pattern, name, rest)


def method(interp: Runtime, pattern: Instance, name: str, given: Arguments) -> Any:
    """A method of a compiled pattern, or of what matched."""
    if pattern.cls == External("re.Match"):
        return _of_match(pattern.attributes["groups"], name, given)
    return _run(interp, _text_of(pattern), name, given)


def _text_of(pattern: Instance) -> Any:
    """The text of a compiled pattern that has no flags."""
    return None if "1" in pattern.attributes else pattern.attributes.get("0")


def _run(interp: Runtime, pattern: Any, name: str, given: Arguments) -> Any:
    at = 1 if name in ("sub", "subn") else 0
    text = given.get(at, "string")
    if not isinstance(pattern, str) or not isinstance(text, str) or not is_quick(pattern, text):
        return _unknown(given)
    if set(given.keywords) - {"string", "repl", "count", "maxsplit"} or len(given.args) > at + 1:
        return _unknown(given)
    try:
        if name == "sub":
            return _replaced(interp, pattern, given.get(0, "repl"), text, given)
        if name in ("match", "fullmatch", "search"):
            found: re.Match[str] | None = getattr(re, name)(pattern, text)
            return None if found is None else _match(found, given)
        if name in ("split", "findall"):
            several: list[Any] = getattr(re, name)(pattern, text)
            return [list(one) if is_list(one) else one for one in several]
    except (re.error, IndexError, RecursionError):
        pass
    return _unknown(given)


def _replaced(interp: Runtime, pattern: str, replacement: Any, text: str, given: Arguments) -> Any:
    if isinstance(replacement, str):
        return re.sub(pattern, replacement, text)
    parts: list[str] = []
    end = 0
    for found in re.finditer(pattern, text):
        made = interp.call(replacement, Arguments([_match(found, given)], {}, {}, given.site, given.scope))
        if not isinstance(made, str):
            return _unknown(given)
        parts += [text[end : found.start()], made]
        end = found.end()
    return "".join([*parts, text[end:]])


def _match(found: re.Match[str], given: Arguments) -> Instance:
    groups: dict[Any, str | None] = {0: found[0], **dict(enumerate(found.groups(), 1)), **found.groupdict()}
    return Instance(External("re.Match"), given.site, {"groups": groups})


def _of_match(groups: dict[Any, Any], name: str, given: Arguments) -> Any:
    if name == "group" and all(isinstance(one, (int, str)) and one in groups for one in given.args):
        found = [groups[one] for one in given.args or [0]]
        return found[0] if len(found) == 1 else found
    if name == "groups":
        return [groups[index] for index in range(1, len(groups)) if index in groups]
    if name == "groupdict":
        return {key: value for key, value in groups.items() if isinstance(key, str)}
    return _unknown(given)


def _unknown(given: Arguments) -> Unknown:
    return Unknown(given.site, "what a regular expression gives of what is not known")


def _named(name: str) -> Callable[[Runtime, Arguments], Any]:
    return lambda interp, given: asked(interp, given, name)


PATTERNS: dict[str, Callable[[Runtime, Arguments], Any]] = {
    f"re.{name}": _named(name) for name in ("compile", "sub", "match", "fullmatch", "search", "split", "findall")
}
"""By dotted name."""

OF_PATTERNS = (External("re.Pattern"), External("re.Match"))
"""The classes of the objects that :func:`method` knows."""

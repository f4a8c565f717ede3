"""FX626: the configuration of a check asks less than it did."""

import re
from collections.abc import Iterator
from typing import Any, cast

from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Confidence, Finding
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.settings import Settings, flags, is_settings, line_of, settings_of

_ADVICE = "put it back, and mend what the check finds; if it asks too much, the commit says why: `Test-Change: reason`"

_LEAST = re.compile(r"(?:fail_under|fail-under|target|min_coverage)$")
"""A number that must be reached."""
_MOST = re.compile(r"(?:max-complexity|max_complexity|threshold|max-\w+)$")
_ON = re.compile(
    r"^coverage\.run\.branch$|(?:^|\.)(?:strict|disallow_\w+|warn_\w+|check_untyped_defs|no_implicit_\w+|strict_\w+|"
    r"strict\w+|extra_checks|xfail_strict|strict_equality|plugins_required)$"
)
"""A switch that makes a check stricter."""
_OFF = re.compile(
    r"(?:^|\.)(?:ignore_errors|ignore_missing_imports|skip_covered_lines|exit-zero|exit_zero|allow_\w+|ignore_errors)$"
)
"""A switch that makes one looser."""
_FEWER = re.compile(
    r"^ruff(?:\.lint)?\.(?:select|extend-select|extended-select)$|^flake8\.(?:select|extend-select|extend_select)$|^coverage\.run\.(?:source|source_pkgs|include)$|"
    r"^coverage\.report\.include$|^pytest\.(?:testpaths|required_plugins)$|^mypy\.(?:files|packages|enable_error_code)$|^pyright\.(?:include|strict)$|"
    r"^fastapi-expert\.select$|^bandit\.(?:tests|targets)$"
)
"""Lists that a check is made over."""
_MORE = re.compile(
    r"^ruff(?:\.lint)?\.(?:ignore|extend-ignore|exclude|extend-exclude)$|^ruff(?:\.lint)?\.(?:extend-)?per-file-ignores\.|"
    r"^flake8\.(?:ignore|extend-ignore|extend_ignore|exclude|extend-exclude|per-file-ignores)$|"
    r"^coverage\.run\.omit$|^coverage\.report\.(?:omit|exclude_lines|exclude_also)$|^mypy\.(?:exclude|disable_error_code)$|"
    r"^pyright\.(?:exclude|ignore)$|^bandit\.(?:skips|exclude_dirs|exclude)$|^pytest\.(?:norecursedirs|collect_ignore|collect_ignore_glob)$|"
    r"^fastapi-expert\.(?:ignore|exclude)$|^fastapi-expert\.check\.(?:skip|exclude)$|^fastapi-expert\.per-path-ignores\.|^pylint\..*disable$"
)
"""Lists of what a check leaves out."""
_ORDINARY = re.compile(
    r"migrations|alembic|node_modules|venv|generated|__pycache__|\bdist\b|\bbuild\b|_version|scripts|docs|examples|"
    r"TYPE_CHECKING|NotImplementedError|__main__|__repr__|@overload|@abstract|abstractmethod|^\\?\.\\?\.\\?\.|no cover|"
    r"__init__|tests?[/\\*.]|\.git\b|if 0:|raise ImportError|raise AssertionError|Protocol"
)
"""What is left out everywhere: no code of one's own to check."""
_BY_STRICT = frozenset({
    "check_untyped_defs", "disallow_any_generics", "disallow_incomplete_defs", "disallow_subclassing_any",
    "disallow_untyped_calls", "disallow_untyped_decorators", "disallow_untyped_defs", "extra_checks",
    "no_implicit_reexport", "strict_bytes", "strict_equality", "warn_redundant_casts", "warn_return_any",
    "warn_unused_configs", "warn_unused_ignores",
})  # fmt: skip
"""What mypy's `strict = true` switches on."""
_BY_DEFAULT = frozenset({"no_implicit_optional", "strict_optional", "warn_no_return"})
"""What is on where mypy's configuration says nothing."""
_LEVELS = ("off", "basic", "standard", "recommended", "strict", "all")
_SEVERITY = ("none", "information", "hint", "warning", "error")


def check_loosened(change: Change, rule: Rule) -> Iterator[Finding]:
    revisions = change.revisions
    paths = [path for path in revisions.paths if is_settings(path) and not is_test_path(path)]
    everywhere: Settings = {}
    for path in paths:
        everywhere |= settings_of(path, revisions.new(path))
    for path in paths:
        old, new = settings_of(path, revisions.old(path)), settings_of(path, revisions.new(path))
        if (not old and revisions.old(path) is not None) or (not new and _is_broken(revisions.new(path))):
            continue  # it cannot be read
        before_none = revisions.old(path) is None
        gone = revisions.new(path) is None
        for key in sorted({*old, *new}):
            was, now = old.get(key), new.get(key)
            if was == now or (gone and key in everywhere) or (was is None and _is_renamed(key, old, new)):
                continue
            if now is None and key in everywhere and key not in new:
                now = everywhere[key]
            if before_none and not key.startswith("fastapi-expert"):
                continue
            if now is None and not _family_left(key, everywhere) and not key.startswith(("pytest", "coverage")):
                continue  # the tool is gone as a whole: another one may have come
            if now is None and _is_on_unsaid(key, everywhere):
                continue
            for text, sure in _looser(key, was, now):
                confidence: Confidence = change.confidence if sure == "certain" and "leaves out" in text else sure
                place = line_of(revisions.new(path), key) if not gone else 1
                yield rule.at(path, place, text, _ADVICE, confidence=confidence, is_gone=gone)


def _is_renamed(key: str, old: Settings, new: Settings) -> bool:
    """Whether a section of another name set the same before, and is gone."""
    head, leaf = key.partition(".")[0], key.rpartition(".")[2]
    return any(
        one not in new
        and one.rpartition(".")[2] == leaf
        and one.startswith(head.partition("-")[0])
        and old[one] == new[key]
        for one in old
    )


def _is_on_unsaid(key: str, everywhere: Settings) -> bool:
    """Whether mypy has a switch on without its being written: by default, or because all of them are, by `strict`."""
    tool, _, option = key.partition(".")
    return tool == "mypy" and (
        option in _BY_DEFAULT or (option in _BY_STRICT and everywhere.get("mypy.strict") is True)
    )


def _is_broken(source: bytes | None) -> bool:
    return bool(source and source.strip())


def _family_left(key: str, everywhere: Settings) -> bool:
    head = key.partition(".")[0]
    return any(one.partition(".")[0] == head for one in everywhere)


def _looser(key: str, was: Any, now: Any) -> Iterator[tuple[str, Confidence]]:
    if key.endswith("addopts"):
        yield from _options(key, flags(was), flags(now))
    elif key.endswith("filterwarnings"):
        if _holds(was, "error") and not _holds(now, "error"):
            yield f"`{key}` no longer makes warnings errors", "certain"
    elif key.startswith("pre-commit.hooks."):
        yield from _hook(key, was, now)
    elif _LEAST.search(key) and _number(was) is not None:
        if _number(now) is None:
            yield f"`{key}` is gone (it was {was})", "certain"
        elif cast(float, _number(now)) < cast(float, _number(was)):
            yield f"`{key}` went from {was} to {now}", "certain"
    elif _MOST.search(key) and _number(was) is not None and _number(now) is not None:
        if cast(float, _number(now)) > cast(float, _number(was)):
            yield f"`{key}` went from {was} to {now}", "likely"
    elif key.endswith("typeCheckingMode"):
        if str(was) in _LEVELS and _LEVELS.index(str(was)) > (_LEVELS.index(str(now)) if str(now) in _LEVELS else 2):
            yield f"`{key}` went from {was} to {now or 'its default'}", "certain"
    elif re.search(r"pyright\.report\w+$|pyright\..*\.report\w+$", key):
        if _severity(now) < _severity(was):
            yield f"`{key}` went from {was} to {now}", "certain"
    elif _ON.search(key) and was is True and now is not True:
        yield f"`{key}` is switched off", "certain" if now is False or "strict" in key.rpartition(".")[2] else "likely"
    elif _OFF.search(key) and now is True and was is not True:
        yield f"`{key}` is switched on", "likely" if "ignore_missing" in key or "allow" in key else "certain"
    elif _FEWER.search(key) and isinstance(was, list):
        less = [
            str(one)
            for one in cast("list[Any]", was)
            if one not in _list(now) and not _covered(str(one), _list(now)) and str(one) != "tests"
        ]
        if less and (now is not None or key.startswith("ruff")) and len(_list(now)) < len(cast("list[Any]", was)):
            yield f"`{key}` no longer has {_some(less)}", _how_sure(key, less)
    elif _MORE.search(key):
        more = [str(one) for one in _list(now) if one not in _list(was) and not _ORDINARY.search(str(one))]
        if more and not re.search(r"tests?/|test_|conftest|__init__|migrations|alembic", key):
            yield f"`{key}` leaves out more: {_some(more)}", _how_sure(key, more)


def _how_sure(key: str, more: list[str]) -> Confidence:
    """Rules of style are chosen anew all the time; what is not measured, typed or run any more is another matter."""
    if key.startswith(("ruff", "flake8", "pylint")) and not any(
        one in ("F", "E", "B", "S", "ALL", "E9", "F821") for one in more
    ):
        return (
            "certain"
            if any(re.fullmatch(r"(?:F8\d\d|S\d+|B\d+|BLE\d*|ANN\d*|F\d\d\d)", one) for one in more)
            else "likely"
        )
    return "certain"


def _options(key: str, was: list[str], now: list[str]) -> Iterator[tuple[str, Confidence]]:
    for one in now:
        if one in was:
            continue
        if one.startswith(("--deselect", "--ignore", "--no-cov", "--collect-only")) or one == "--co":
            yield f"`{key}` has `{one}` now: tests or their coverage are left out", "certain"
        elif re.match(r"-[km] ['\"]?not\b", one) or one in ("-p no:cov", "-W ignore", "--disable-warnings"):
            yield f"`{key}` has `{one}` now", "certain" if one.startswith(("-k", "-m")) else "likely"
        elif one.startswith("--cov-fail-under"):
            before = next((other for other in was if other.startswith("--cov-fail-under")), "")
            if before and _digits(one) < _digits(before):
                yield f"`{key}`: `{before}` became `{one}`", "certain"
    for one in was:
        if one in now:
            continue
        strict = one.startswith(
            ("--strict", "-W error", "--cov-fail-under", "--doctest-modules", "--runslow", "--run-")
        )
        if strict and not any(other.startswith(one.partition("=")[0]) for other in now):
            sure: Confidence = "certain" if one.startswith(("--cov-fail-under", "-W error")) else "likely"
            yield f"`{key}` no longer has `{one}`", sure


def _digits(text: str) -> float:
    found = re.search(r"\d+(?:\.\d+)?", text)
    return float(found[0]) if found else 0.0


def _hook(key: str, was: Any, now: Any) -> Iterator[tuple[str, Confidence]]:
    leaf = key.rpartition(".")[2]
    if leaf == "exclude" and now and not _ORDINARY.search(str(now)):
        yield f"a hook of pre-commit leaves out `{now}` now", "likely"
    if leaf == "stages" and now == ["manual"]:
        yield "a hook of pre-commit runs only by hand now", "certain"


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%?\s*", value) if isinstance(value, str) else None
    return float(found[1]) if found else None


def _severity(value: Any) -> int:
    if isinstance(value, bool):
        return 4 if value else 0
    return _SEVERITY.index(value) if value in _SEVERITY else 2


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    return [] if value is None else [value]


def _covered(rule: str, now: list[Any]) -> bool:
    return "ALL" in now or any(rule.startswith(str(one)) and str(one) for one in now)


def _holds(value: Any, word: str) -> bool:
    return any(str(one).strip().startswith(word) for one in _list(value))


def _some(texts: list[str]) -> str:
    return ", ".join(texts[:5]) + (f" and {len(texts) - 5} more" if len(texts) > 5 else "")


RULE = Rule(
    "FX626", "check loosened", "The configuration of a check or of coverage asks less than it did", check_loosened
)

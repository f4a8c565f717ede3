"""Edits after which everybody can reach what they could before: reformatted, moved, renamed."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.access.removals import GUARD, ROUTES


@dataclass(frozen=True, slots=True)
class Edit:
    """``texts`` are the files that change. ``names`` are the old and the new name, where one was given."""

    kind: str
    what: str
    texts: Mapping[str, str | None]
    names: tuple[str, str] = ("", "")


def edits(files: Mapping[str, str]) -> Iterator[Edit]:
    """Every such edit that we know how to make; that the application is the same is for it to say."""
    for path, text in files.items():
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        functions = [one for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        endpoints = [one for one in functions if any(_is_route(each) for each in one.decorator_list)]
        guards = [one for one in functions if one not in endpoints and GUARD.search(one.name)]
        if endpoints:
            yield Edit("reformatted", path, {path: ast.unparse(tree) + "\n"})
            yield Edit("comments", path, {path: _commented(text)})
        for one in endpoints:
            yield from _renamed("endpoint renamed", one.name, files)
        for one in guards:
            yield from _renamed("guard renamed", one.name, files)
        stem = path.rpartition("/")[2].removesuffix(".py")
        if endpoints and stem not in ("main", "app", "__init__"):
            yield from _moved(path, stem, files)
        for one in endpoints[:-1]:
            yield Edit("endpoint moved", f"{path}:{one.lineno}", {path: _last(text, one)})


def _is_route(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ROUTES


def _commented(text: str) -> str:
    """Lines more, none of them code: every statement at the top of the file stands lower."""
    return (
        f"# what follows is as it was\n\n\n{text}"
        if not text.startswith(('"', "'", "from __future__"))
        else f"{text}\n# end\n"
    )


def _renamed(kind: str, name: str, files: Mapping[str, str]) -> Iterator[Edit]:
    """Everywhere by the word, where nothing else is called so."""
    word = re.compile(rf"(?<![\w/\"'-]){re.escape(name)}(?![\w\"'-])")  # not in a path such as "/login"
    defined = re.compile(rf"\b(?:def|class) {re.escape(name)}\b|^{re.escape(name)} *=", re.MULTILINE)
    if sum(len(defined.findall(text)) for text in files.values()) == 1 and len(name) > 4:
        new = f"{name}_as_before"
        texts = {path: word.sub(new, text) for path, text in files.items() if word.search(text)}
        yield Edit(kind, name, texts, (name, new))


def _moved(path: str, stem: str, files: Mapping[str, str]) -> Iterator[Edit]:
    """The file under another name, and those who import it."""
    new = f"{stem}_moved"
    module = re.compile(rf"(?<=[.\s]){re.escape(stem)}(?=[.\s,;)]|$)")
    texts: dict[str, str | None] = {}
    for other, text in files.items():
        lines = [
            module.sub(new, line) if re.match(r"\s*(from|import)\b", line) or f"{stem}." in line else line
            for line in text.split("\n")
        ]
        if (changed := "\n".join(lines)) != text:
            texts[other] = changed
    texts[path.removesuffix(f"{stem}.py") + f"{new}.py"] = texts.get(path) or files[path]
    yield Edit("file moved", path, texts | {path: None}, (stem, new))


def _last(text: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    lines = text.split("\n")
    start = min(one.lineno for one in [*node.decorator_list, node]) - 1
    return "\n".join([*lines[:start], *lines[node.end_lineno :], "", "", *lines[start : node.end_lineno], ""])

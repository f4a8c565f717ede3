"""Our entry in the configuration of pre-commit (and prek): behind the last of `repos:`, nothing else touched."""

from pathlib import Path
from typing import Any, cast

import yaml

from fastapi_expert.clients.edits import ClientError
from fastapi_expert.clients.git.hooks import Hook, pre_commit_entry, without_block


def with_entry(config: Path, hooks: list[Hook]) -> str:
    """The text of ``config`` with an entry for ``hooks``; comments, order and line ends stay as they are.

    Raises ClientError when it is not YAML, or `repos:` is not a list with a line for each item.
    """
    with config.open(encoding="utf-8", newline="") as stream:
        text = without_block(stream.read())
    repos = _repos(text, config)
    if repos is None or repos.id != "sequence" or repos.flow_style or not repos.value:
        wanted = pre_commit_entry(hooks, indent="  ")
        raise ClientError("`repos:` is not a list of lines", where=config.name, do=f"write it as one, with:\n{wanted}")
    lines = text.splitlines(keepends=True)
    line = _last_line(repos) + 1
    entry = pre_commit_entry(hooks, indent=" " * repos.start_mark.column)
    if "\r\n" in text:
        entry = entry.replace("\n", "\r\n")
    above = "".join(lines[:line])
    return above + ("" if above.endswith("\n") else "\n") + entry + "".join(lines[line:])


def _repos(text: str, config: Path) -> Any:
    try:
        document: Any = cast(Any, yaml).compose(text)
    except yaml.YAMLError as error:
        raise ClientError(f"not YAML: {error}", where=config.name, do="correct it, then install again") from None
    pairs: list[tuple[Any, Any]] = document.value if document is not None and document.id == "mapping" else []
    return next((value for key, value in pairs if key.value == "repos"), None)


def _last_line(node: Any) -> int:
    """The last line (from 0) that a YAML node fills, without the comments and empty lines behind it."""
    if node.id == "scalar":
        ends_a_block = node.style in ("|", ">") and node.end_mark.column == 0
        return node.end_mark.line - (1 if ends_a_block else 0)
    if node.flow_style or not node.value:
        return node.end_mark.line
    last = node.value[-1]
    return _last_line(last[1] if node.id == "mapping" else last)

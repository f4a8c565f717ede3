"""The edits that a client's files need: each can be applied to a text and reverted; nothing is read or written here."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from fastapi_expert.clients import jsonc
from fastapi_expert.errors import ExpertError

Action = Literal["created", "updated", "unchanged", "restored", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one file; ``path`` is relative to the project with `/`."""

    path: str
    action: Action
    note: str = ""


class ClientError(ExpertError):
    """A client's file cannot be read or edited. Nothing was written."""


class Edit(Protocol):
    """`apply` and `revert` map the text of a file (None: no such file) to its new text (None: delete it).

    `is_applied` says whether our part, edited by its owner or not, is in a text: what was never written is not removed.
    """

    @property
    def path(self) -> str: ...
    def apply(self, text: str | None) -> str | None: ...
    def revert(self, text: str | None) -> str | None: ...
    def is_applied(self, text: str | None) -> bool: ...


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that is ours alone."""

    path: str
    content: str

    def apply(self, text: str | None) -> str | None:
        return self.content

    def revert(self, text: str | None) -> str | None:
        return None

    def is_applied(self, text: str | None) -> bool:
        return text is not None


@dataclass(frozen=True, slots=True)
class JsonMember:
    """A member of a JSON document, comments allowed."""

    path: str
    keys: tuple[str, ...]
    value: Any

    def apply(self, text: str | None) -> str | None:
        return _ended(jsonc.set_member(text or "{}", self.keys, self.value))

    def revert(self, text: str | None) -> str | None:
        return None if text is None else _unless_empty(jsonc.remove_member(text, self.keys))

    def is_applied(self, text: str | None) -> bool:
        return text is not None and jsonc.find(jsonc.parse(text), self.keys) is not None


@dataclass(frozen=True, slots=True)
class JsonHeader:
    """A member that a JSON document of this kind begins with (``version``, ``$schema``): the owner's own is kept."""

    path: str
    key: str
    value: Any

    def apply(self, text: str | None) -> str | None:
        if text and jsonc.find(jsonc.parse(text), (self.key,)):
            return text
        return _ended(jsonc.set_member(text or "{}", (self.key,), self.value))

    def revert(self, text: str | None) -> str | None:
        return None if text is None or list(jsonc.plain(jsonc.parse(text))) == [self.key] else text

    def is_applied(self, text: str | None) -> bool:
        return False  # it came with our other edits of the file


@dataclass(frozen=True, slots=True)
class JsonItem:
    """An item of an array in a JSON document; applied twice it is there once."""

    path: str
    keys: tuple[str, ...]
    value: Any

    def apply(self, text: str | None) -> str | None:
        return _ended(jsonc.append_item(text or "{}", self.keys, self.value))

    def revert(self, text: str | None) -> str | None:
        return None if text is None else _unless_empty(jsonc.remove_item(text, self.keys, self.value))

    def is_applied(self, text: str | None) -> bool:
        node = jsonc.find(jsonc.parse(text), self.keys) if text is not None else None
        return node is not None and any(jsonc.plain(item) == self.value for item in node.items or ())


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table of a TOML document, appended at its end."""

    path: str
    keys: tuple[str, ...]
    value: dict[str, Any]

    def apply(self, text: str | None) -> str | None:
        import tomlkit

        document = tomlkit.parse(text or "")
        table: Any = document
        for key in self.keys[:-1]:
            table = table.setdefault(key, tomlkit.table(is_super_table=True))
        if table.get(self.keys[-1]) == self.value:
            return text
        table[self.keys[-1]] = self.value
        return tomlkit.dumps(document)

    def revert(self, text: str | None) -> str | None:
        if text is None:
            return None
        import tomlkit

        document = tomlkit.parse(text)
        parents: list[Any] = [document]
        for key in self.keys[:-1]:
            if key not in parents[-1]:
                return text
            parents.append(parents[-1][key])
        for parent, key in zip(reversed(parents), reversed(self.keys), strict=True):
            if key in parent and (key == self.keys[-1] or not parent[key]):
                del parent[key]
        return tomlkit.dumps(document) or None

    def is_applied(self, text: str | None) -> bool:
        if text is None:
            return False
        import tomllib

        table: Any = tomllib.loads(text)
        for key in self.keys:
            table = cast("dict[str, Any]", table).get(key) if isinstance(table, dict) else None
        return table is not None


@dataclass(frozen=True, slots=True)
class MarkdownBlock:
    """A block of a Markdown file between two comments that name us; the rest of the file belongs to its owner."""

    path: str
    content: str
    begin: str = "<!-- fastapi-expert: begin -->"
    end: str = "<!-- fastapi-expert: end -->"

    def apply(self, text: str | None) -> str | None:
        block = f"{self.begin}\n{self.content.strip()}\n{self.end}\n"
        if not text:
            return block
        if span := self._span(text):
            return text[: span[0]] + block + text[span[1] :]
        return f"{text.rstrip()}\n\n{block}"

    def revert(self, text: str | None) -> str | None:
        span = self._span(text) if text else None
        if text is None or span is None:
            return text
        head, tail = text[: span[0]].rstrip(), text[span[1] :].lstrip("\n")
        return "\n".join(filter(None, [head and head + "\n", tail])) or None

    def is_applied(self, text: str | None) -> bool:
        return text is not None and self._span(text) is not None

    def _span(self, text: str) -> tuple[int, int] | None:
        start, stop = text.find(self.begin), text.find(self.end)
        if start < 0 or stop < start:
            return None
        stop += len(self.end)
        return start, stop + 1 if text[stop : stop + 1] == "\n" else stop


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _unless_empty(text: str) -> str | None:
    return text if jsonc.plain(jsonc.parse(text)) else None

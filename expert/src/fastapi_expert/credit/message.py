"""The first line of a commit: ``type(scope): description - @name @name``, read, judged and written.

The form is Conventional Commits 1.0.0 with the contributors' names behind it. They end the subject, not the message:
a last paragraph of names would make git read no trailer at all (git-interpret-trailers(1)), `Co-authored-by:`
included. A forge's own ending, ` (#12)`, may follow the names.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

TYPES = ("feat", "fix", "docs", "style", "refactor", "perf", "test", "build", "ci", "chore", "revert")
"""Conventional Commits' `feat` and `fix` and the types that commitlint's config-conventional adds to them."""

TRAILER = "Assisted-by"

_ALIASES = {
    "feature": "feat",
    "features": "feat",
    "bug": "fix",
    "bugfix": "fix",
    "hotfix": "fix",
    "fixes": "fix",
    "doc": "docs",
    "documentation": "docs",
    "tests": "test",
    "testing": "test",
    "performance": "perf",
    "refactoring": "refactor",
    "styles": "style",
    "chores": "chore",
}
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SCOPE = re.compile(r"[a-z0-9][a-z0-9._/-]*(?:,[a-z0-9][a-z0-9._/-]*)*")
_FORGE = re.compile(r" \([#!]\d+\)$")
_NAMES = re.compile(r" - (@[a-z0-9-]+(?: @[a-z0-9-]+)*)$")
_LOOSE_NAMES = re.compile(r"(?:^|\s*)[-–—]+\s*((?:@[\w.:/-]+(?:\s*(?:[,;&+]|\band\b)?\s*(?=@)|\s*$))+)$", re.IGNORECASE)
_HEAD = re.compile(r"(?P<type>[A-Za-z]+)?(?:\((?P<scope>[^()]*)\))?(?P<breaking>!)?:(?P<description>.*)$")
_LOOSE_HEAD = re.compile(
    r"(?P<type>[A-Za-z]+)?\s*(?:[(\[](?P<scope>[^()\[\]]*)[)\]])?\s*(?P<breaking>!)?\s*(?P<colon>:)?\s*(?P<description>.*)$"
)
_PASSING = re.compile(
    r'(?:fixup|squash|amend)! |Revert "|Reapply "'
    r"|Merge (?:branch|branches|tag|commit|pull request|remote-tracking branch) "
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The parts of a first line. ``type`` is empty when the line names none; ``ending`` is the forge's ` (#12)`."""

    type: str
    scope: str
    breaking: bool
    description: str
    names: tuple[str, ...] = ()
    ending: str = ""

    def __str__(self) -> str:
        scope = f"({self.scope})" if self.scope else ""
        head = f"{self.type}{scope}{'!' if self.breaking else ''}: " if self.type else ""
        return head + with_names(self.description, self.names) + self.ending

    def naming(self, names: Iterable[str]) -> "Subject":
        """This subject with ``names`` added behind those it has; a name that ends the description moves among them."""
        added = [name for name in dict.fromkeys(names) if name not in self.names]
        description = self.description
        while (last := description.rpartition(" "))[2].removeprefix("@") in added and last[2].startswith("@"):
            description = last[0].rstrip(" -–—")
        return replace(self, description=description, names=(*self.names, *added))


def handle(raw: str) -> str:
    """The name that a commit can carry for an agent called ``raw`` in any spelling; empty when none is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", raw.lower()).strip("-")


def is_handle(name: str) -> bool:
    """Whether ``name`` (without its `@`) may stand in a subject: lower-case letters, digits, single hyphens."""
    return _NAME.fullmatch(name) is not None


def with_names(description: str, names: Sequence[str]) -> str:
    """``description - @a @b``; the description alone when there are no names."""
    mentions = " ".join(f"@{name}" for name in names)
    return f"{description} - {mentions}".strip() if names else description


def add_names(line: str, names: Sequence[str]) -> str:
    """``line`` with ``names`` behind those it has, the rest untouched; a line whose names are out of form stays so."""
    ending = match[0] if (match := _FORGE.search(line)) else ""
    rest = line.removesuffix(ending)
    _, had, wrong = _take_names(rest)
    if wrong or not names:
        return line
    mentions = " ".join(f"@{name}" for name in names)
    return f"{rest}{' ' if had else ' - '}{mentions}{ending}"


def passes(line: str) -> bool:
    """Whether git or a forge wrote this subject for its own use: a merge, a revert, or a commit that will be melded."""
    return _PASSING.match(line) is not None


def read(line: str, *, types: Sequence[str] = TYPES) -> tuple[Subject, list[str]]:
    """The parts of ``line``, with what is wrong with it, a sentence each; a line without complaint is in form."""
    line = line.rstrip()
    ending = match[0] if (match := _FORGE.search(line)) else ""
    rest, names, wrong = _take_names(line.removesuffix(ending))
    subject, complaints = _read_head(rest, types)
    return replace(subject, names=names, ending=ending), complaints + wrong


def _take_names(line: str) -> tuple[str, tuple[str, ...], list[str]]:
    strict = _NAMES.search(line)
    loose = strict or _LOOSE_NAMES.search(line)
    if loose is None:
        return line, (), []
    written = re.findall(r"@([\w.:/-]+)", loose[1])
    names = tuple(dict.fromkeys(name for name in map(handle, written) if name))
    if strict and list(names) == written:
        return line[: strict.start()], names, []
    what = "a name is there twice" if len(set(written)) < len(written) else "the names are not in form"
    return line[: loose.start()].rstrip(), names, [f"{what}: end the line with ` - @name @other-name`"]


def _read_head(line: str, types: Sequence[str]) -> tuple[Subject, list[str]]:
    strict = _HEAD.match(line)
    head = strict or _LOOSE_HEAD.match(line)
    assert head is not None  # the loose form matches any line
    kind, scope, description = head["type"] or "", head["scope"], head["description"].strip()
    known = _ALIASES.get(kind.lower(), kind.lower())
    if strict is None and (known not in types or scope is None):
        return Subject("", "", False, line.strip()), ["there is no `type:` in front, as in `feat(auth): add login`"]
    wrong = [complaint for complaint in (_wrong_type(kind, known, types), _wrong_scope(scope)) if complaint]
    if strict is None:
        wrong.append("write the colon right behind the scope: `type(scope): description`")
    elif description and not re.match(r" \S", head["description"]):
        wrong.append("one space follows the colon")
    if not description:
        wrong.append("there is no description")
    elif description.endswith(".") and not description.endswith("..."):
        wrong.append("no full stop ends the description")
        description = description.rstrip(".")
    kept = known if known in types else ""
    return Subject(kept, _scope(scope or ""), bool(head["breaking"]), description), wrong


def _wrong_type(kind: str, known: str, types: Sequence[str]) -> str | None:
    if kind in types:
        return None
    if known in types:
        return f"the type is written `{known}`, not `{kind}`"
    return f"the type `{kind}` is not one of {', '.join(types)}" if kind else "there is no type in front of the colon"


def _wrong_scope(scope: str | None) -> str | None:
    if scope is None or _SCOPE.fullmatch(scope):
        return None
    if not scope.strip():
        return "the scope is empty: leave the parentheses out or name the part that changes"
    return f"the scope `{scope}` is not one word in lower case (letters, digits and `. _ / - ,`)"


def _scope(raw: str) -> str:
    if _SCOPE.fullmatch(raw):
        return raw
    cleaned = re.sub(r"\s*,\s*", ",", raw.strip().lower())
    return re.sub(r"[^a-z0-9._/,-]+", "-", cleaned).strip("-,./_")


@dataclass(frozen=True, slots=True)
class Message:
    """A whole commit message as git hands it to a hook: comment lines and a `--verbose` diff may be in it."""

    text: str
    comment: str = "#"

    @property
    def _subject_line(self) -> int | None:
        """Which line holds the subject."""
        for number, line in enumerate(self.text.split("\n")):
            if line.startswith(f"{self.comment} ------------------------ >8"):
                return None
            if line.strip() and not line.startswith(self.comment):
                return number
        return None

    @property
    def subject(self) -> str:
        """The first line that is not a comment; empty when there is none."""
        return "" if self._subject_line is None else self.text.split("\n")[self._subject_line].strip()

    @property
    def without_leading_comments(self) -> "Message":
        """The message from its subject on."""
        start = self._subject_line
        return self if start is None else replace(self, text="\n".join(self.text.split("\n")[start:]))

    @property
    def crowded(self) -> bool:
        """Whether text follows the subject without the empty line that parts them."""
        if self._subject_line is None:
            return False
        below = self.text.split("\n")[self._subject_line + 1 : self._subject_line + 2]
        return bool(below and below[0].strip() and not below[0].startswith(self.comment))

    @property
    def assisted(self) -> tuple[str, ...]:
        """The names in `Assisted-by:` trailers (kernel form: ``NAME:MODEL [TOOL]``)."""
        found = re.findall(rf"^{TRAILER}:[ \t]*@?([\w.-]+)", self.text, re.MULTILINE | re.IGNORECASE)
        return tuple(dict.fromkeys(filter(None, map(handle, found))))

    @property
    def credited(self) -> tuple[str, ...]:
        """Every name that the message gives credit to, in its subject or in trailers."""
        return tuple(dict.fromkeys((*read(self.subject)[0].names, *self.assisted)))

    def with_subject(self, line: str) -> "Message":
        """The message with ``line`` in place of its subject (or in front, when it has none)."""
        lines = self.text.split("\n")
        if self._subject_line is None:
            return replace(self, text=f"{line}\n{self.text}")
        lines[self._subject_line] = line
        return replace(self, text="\n".join(lines))

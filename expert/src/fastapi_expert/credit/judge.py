"""May this message be committed? If not: what is wrong, and the line that would be right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from fastapi_expert.credit.contributors import Due
from fastapi_expert.credit.message import TRAILER, TYPES, Message, Subject, passes, read
from fastapi_expert.credit.suggest import guess_scope, guess_type


@dataclass(frozen=True, slots=True)
class Style:
    """How this project wants its credit: more types than the standard ones, names in the subject, names in trailers,
    and who may be named (anybody when it does not say)."""

    types: tuple[str, ...] = ()
    mentions: bool = True
    trailers: bool = False
    contributors: tuple[str, ...] = ()

    @property
    def all_types(self) -> tuple[str, ...]:
        """Every type that a message may have."""
        return (*TYPES, *self.types)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``complaints`` is empty for a good message; ``corrected`` is the subject that would be right."""

    subject: str
    complaints: tuple[str, ...] = ()
    corrected: str = ""
    trailers: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"refused: {self.subject}", *(f"  - {complaint}" for complaint in self.complaints)]
        lines += ["corrected line:", f"  {self.corrected}", *(f"  {trailer}" for trailer in self.trailers)]
        return "\n".join(lines)


def judge(message: Message, *, due: Due, style: Style, paths: Sequence[str] = (), old: bool = False) -> Judgement:
    """Judge ``message`` for a commit of ``paths`` that owes ``due``; ``old`` excuses the form of one from history."""
    line = message.subject
    if not line or passes(line):
        return Judgement(line)
    subject, complaints = read(line, types=style.all_types)
    if old:
        complaints = []
    elif message.crowded:
        complaints.append("an empty line parts the subject from the text below it")
    missing = [name for name in due.names if name not in message.credited]
    for name in missing:
        complaints.append(f"@{name} contributed and is not named ({_reasons(due.reasons[name])})")
    if not old:
        subject, strangers = _with_known(subject, message, style)
        complaints += strangers
    if not complaints:
        return Judgement(line)
    trailers = () if style.mentions else tuple(f"{TRAILER}: {name}" for name in missing)
    corrected = correct(subject, paths).naming(missing if style.mentions else ())
    return Judgement(line, tuple(complaints), str(corrected), trailers)


def _with_known(subject: Subject, message: Message, style: Style) -> tuple[Subject, list[str]]:
    """``subject`` with the contributors' names in place of those that nobody bears, and what is wrong with them."""
    if not style.contributors:
        return subject, []
    nearest = {
        name: get_close_matches(name, style.contributors, n=1)
        for name in message.credited
        if name not in style.contributors
    }
    complaints = [
        f"no contributor of this project is called @{name}" + (f": did you mean @{near[0]}?" if near else "")
        for name, near in nearest.items()
    ]
    known = [one for name in subject.names for one in nearest.get(name, [name])]
    return replace(subject, names=tuple(dict.fromkeys(known))), complaints


def correct(subject: Subject, paths: Sequence[str] = ()) -> Subject:
    """``subject`` with a guess in place of a missing type (and scope) and a placeholder for a missing description."""
    if not subject.type:
        kind = guess_type(subject.description, paths)
        subject = replace(subject, type=kind, scope=subject.scope or guess_scope(paths))
    return subject if subject.description else replace(subject, description="<what changes>")


def _reasons(reasons: Sequence[str]) -> str:
    more = len(reasons) - 3
    return ", ".join(reasons[:3]) + (f" and {more} more" if more > 0 else "")

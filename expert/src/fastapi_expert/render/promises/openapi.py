"""The document of the text beside the application's own, and what was left out of it."""

from collections import defaultdict

from fastapi_expert.contract.openapi.result import Document
from fastapi_expert.contract.openapi.verify import Agreement, Difference
from fastapi_expert.render.terminal import Style, printable

_SHOWN = 60


def unknown_text(found: Document, style: Style) -> str:
    """What was left out, grouped, with the first place of each."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for one in found.unknown:
        groups[one.message].append(f"{one.path}:{one.line}" if one.path else "")
    lines = [
        f"  {printable(message)}  {printable(places[0])}{f' and {len(places) - 1} more' if len(places) > 1 else ''}\n"
        for message, places in groups.items()
    ]
    return "".join(style.paint(one.rstrip("\n"), "yellow") + "\n" for one in lines)


def agreement_text(agreement: Agreement, found: Document, style: Style) -> str:
    """How much is alike, by part, and every difference."""
    lines: list[str] = []
    for part, count in agreement.real.items():
        same, invented = agreement.same.get(part, 0), agreement.invented.get(part, 0)
        more = f", {invented:,} that the application has not" if invented else ""
        lines.append(f"{part:13} {same:>7,} of {count:,} alike{more}")
    lines += [
        f"{part:13} {count:,} that the application has not"
        for part, count in agreement.invented.items()
        if part not in agreement.real
    ]
    if agreement.differences:
        lines += ["", *[_difference(one, style) for one in agreement.differences[:_SHOWN]]]
    if len(agreement.differences) > _SHOWN:
        lines.append(f"… and {len(agreement.differences) - _SHOWN:,} more")
    left = unknown_text(found, style)
    return "\n".join([*lines, *(["", left.rstrip()] if left else [])])


def _difference(one: Difference, style: Style) -> str:
    said = f"text {_short(one.text)}, application {_short(one.real)}"
    if one.text is None:
        said = f"the application alone: {_short(one.real)}"
    elif one.real is None:
        said = f"the text alone: {_short(one.text)}"
    return style.row([style.paint(one.part, "bold"), printable(one.where), printable(said)])


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:99]}…"

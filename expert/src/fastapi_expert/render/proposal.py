"""The answer to `may this be written?`, the verdict first: an agent reads the first line and may stop there."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fastapi_expert.render.findings import finding_text
from fastapi_expert.render.source import Sources
from fastapi_expert.render.terminal import Style, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi_expert.duplicates.proposal import Proposal
    from fastapi_expert.review import Finding as Hazard

_COLOURS = {"new": "green", "extend": "yellow", "duplicate": "red"}


def proposal_text(proposal: "Proposal", sources: Sources, style: Style, hazards: "Sequence[Hazard]" = ()) -> str:
    """Verdict and advice, each finding with both sides, what is wrong in the draft, and what is near."""
    head = f"{style.paint(proposal.verdict, 'bold', _COLOURS[proposal.verdict])}: {printable(proposal.advice)}"
    blocks = [head, *(finding_text(finding, sources, style) for finding in proposal.findings)]
    blocks += [hazard_text(one) for one in hazards]
    if proposal.similar:
        near = [
            f"  {similar.score:>4.0%}  {similar.path}:{similar.line}  {printable(_name(similar.id))}"
            + (f": {printable(similar.reason)}" if similar.reason else "")
            for similar in proposal.similar
        ]
        blocks.append("\n".join([style.paint("nearest:", "bold"), *near]))
    return "\n\n".join(blocks)


def hazard_text(hazard: "Hazard") -> str:
    """A finding of a review in short: where, what happens, what to do."""
    kind = f"severity {hazard.severity}" + (", likely" if hazard.confidence == "likely" else "")
    return printable(
        f"{hazard.rule} {hazard.title} ({kind}) {hazard.path}:{hazard.line}: {hazard.message}; {hazard.advice}"
    )


def _name(identifier: str) -> str:
    """The qualified name in an id; the path's stem when it has none."""
    return identifier.rpartition("::")[2] or PurePosixPath(identifier).stem

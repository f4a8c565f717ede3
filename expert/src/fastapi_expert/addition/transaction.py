"""An addition as a transaction: tried in a copy, proven, then written at once; or nothing is left of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.addition.form import Form
from fastapi_expert.addition.journal import alone, with_line_ends, write_all
from fastapi_expert.addition.proofs import Proof, Proofs
from fastapi_expert.addition.staging import staging
from fastapi_expert.errors import ExpertError
from fastapi_expert.gate.checks.process import begin
from fastapi_expert.scaffold.plan import File, Plan


class Unproven(ExpertError):
    """A proof failed, so nothing was written."""

    def __init__(self, failed: Proof) -> None:
        super().__init__(f"not added: {failed.what}: this fails", where=None, do=failed.why)
        self.proof = failed


@dataclass(frozen=True, slots=True)
class Carried:
    """The files as they were written, and what was proven of them."""

    files: tuple[File, ...]
    proofs: tuple[Proof, ...]


def tried(root: Path, plan: Plan, *, timeout: float, prove: bool = True, despite: Sequence[str] = ()) -> Carried:
    """The addition in form and proven, without writing it to the project.

    ``despite`` holds words of proofs that may fail. Raises Unproven.
    """
    begin()
    made: list[Proof] = []
    with staging(root) as stage:
        files = Form(stage, timeout).shape(with_line_ends(root, plan.files))
        proofs = Proofs(stage, plan, files, timeout)
        with proofs.running:
            for proof in proofs.made():
                if proof.state == "failed" and not any(word in proof.what for word in despite):
                    raise Unproven(proof)
                made.append(proof)
                if not prove:
                    break  # that it is Python is always shown
    return Carried(files, tuple(made))


def carry_out(root: Path, plan: Plan, *, timeout: float, prove: bool = True, despite: Sequence[str] = ()) -> Carried:
    """Try the addition, prove it, and write it. Raises Unproven; nothing is written then."""
    with alone(root):
        carried = tried(root, plan, timeout=timeout, prove=prove, despite=despite)
        write_all(root, carried.files)
        return carried

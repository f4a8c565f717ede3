"""Copies of pydantic models as people and agents make them."""

import ast
import copy
import random
from collections.abc import Callable, Mapping

IMPORTS = "from typing import Optional\nfrom pydantic import BaseModel, Field\n\n\n"
EXTRA = [
    f"{one}_{other}"
    for one in ("delivery", "checkpoint", "escalation", "sampling", "retry", "shelf", "harbour", "queue", "ledger")
    for other in ("window", "count", "owner", "hint", "budget", "code", "depth", "ratio", "stamp", "colour")
]
"""Many: mutants that add the same field would be duplicates of one another rather than of their originals."""
NAMES = ["Parcel", "Beacon", "Harvest", "Lantern", "Meadow", "Orchard", "Pebble", "Quarry"]


def renamed(node: ast.ClassDef, rng: random.Random) -> ast.ClassDef:
    """M1: another class name."""
    node = copy.deepcopy(node)
    node.name = rng.choice(NAMES) + rng.choice(("Payload", "Data", "Body", "Info"))
    return node


def shuffled(node: ast.ClassDef, rng: random.Random) -> ast.ClassDef:
    """M2: M1, and the fields in another order."""
    node = renamed(node, rng)
    rng.shuffle(node.body)
    return node


def drop_and_add(node: ast.ClassDef, rng: random.Random) -> ast.ClassDef:
    """M3: M2, one field dropped and one added."""
    node = shuffled(node, rng)
    fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    node.body.remove(rng.choice(fields))
    node.body.append(ast.parse(f"{rng.choice(EXTRA)}: {rng.choice(('int', 'str', 'bool'))}").body[0])
    return node


def respelled(node: ast.ClassDef, rng: random.Random) -> ast.ClassDef:
    """M4: M2, `X | None` for `Optional[X]` and the other way round, defaults through `Field()`."""
    node = shuffled(node, rng)
    for field in node.body:
        if not isinstance(field, ast.AnnAssign):
            continue
        field.annotation = _respelled(field.annotation)
        if field.value is None:
            field.value = ast.parse("Field(..., title='x')", mode="eval").body
        elif not isinstance(field.value, ast.Call):
            field.value = ast.Call(ast.Name("Field"), [field.value], [])
    return node


def _respelled(annotation: ast.expr) -> ast.expr:
    match annotation:
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return ast.Subscript(ast.Name("Optional"), left)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return ast.BinOp(inner, ast.BitOr(), ast.Constant(None))
        case _:
            return annotation


def emit(node: ast.ClassDef) -> str:
    """The source of a mutant, alone in a file: fields only."""
    node.body = [one for one in node.body if isinstance(one, ast.AnnAssign)] or [ast.Pass()]
    node.decorator_list = []
    node.bases = [ast.Name("BaseModel")]
    return IMPORTS + ast.unparse(ast.fix_missing_locations(ast.Module(body=[node], type_ignores=[]))) + "\n"


MUTATORS: Mapping[str, Callable[[ast.ClassDef, random.Random], ast.ClassDef]] = {
    "M1 renamed": renamed,
    "M2 shuffled": shuffled,
    "M3 drop+add": drop_and_add,
    "M4 respelled": respelled,
}
TARGETS = {"M1 renamed": 0.99, "M2 shuffled": 0.99, "M3 drop+add": 0.90, "M4 respelled": 0.99}

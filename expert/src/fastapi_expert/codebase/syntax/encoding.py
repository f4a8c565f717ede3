"""Facts to bytes and back, for the cache and between processes.

JSON, not pickle or marshal: the cache lies inside a checkout that somebody else may have filled, and reading JSON can
run nothing. The packed numbers of the shapes would swell in it and go beside it.
"""

import json
from struct import Struct

from fastapi_expert.codebase.syntax.facts import (
    Call,
    ClassFacts,
    FieldFacts,
    FileFacts,
    FunctionFacts,
    ImportFacts,
    Param,
    Suppression,
)
from fastapi_expert.codebase.syntax.shape import Shape

_HEAD = Struct("<qqIIII")


def encode(facts: FileFacts) -> tuple[bytes, bytes]:
    """The facts without their path and shapes, and the shapes."""
    packed = bytearray()
    functions: list[tuple[object, ...]] = []
    for function in facts.functions:
        shape = function.shape
        packed += _HEAD.pack(*shape[:4], len(shape.statements), len(shape.names))
        packed += shape.statements
        packed += shape.names
        functions.append(tuple(function[:-1]))
    kept = (facts.lines, facts.docstring, functions, *facts[4:])
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"), bytes(packed)


def decode(path: str, text: bytes, shapes: bytes) -> FileFacts:
    """The facts of the file offset ``path``; ValueError, TypeError or struct.error when the bytes are not ours."""
    lines, docstring, functions, classes, imports, body, suppressions, problems, generated, env_reads = json.loads(
        text.decode("utf-8", "surrogatepass")
    )
    decoded: list[FunctionFacts] = []
    offset = 0
    for function in functions:
        exact, renamed, literals, tokens, statements, names = _HEAD.unpack_from(shapes, offset)
        middle = offset + _HEAD.size + statements
        code = shapes[middle - statements : middle], shapes[middle : middle + names]
        shape = Shape(exact, renamed, literals, tokens, *code)
        offset = middle + names
        function[6] = [Param._make(param) for param in function[6]]
        function[13] = [Call._make(call) for call in function[13]]
        function.append(shape)
        decoded.append(FunctionFacts._make(function))
    for one in classes:
        one[11] = [FieldFacts._make(field) for field in one[11]]
    return FileFacts(
        path,
        lines,
        docstring,
        tuple(decoded),
        tuple([ClassFacts._make(one) for one in classes]),
        tuple([ImportFacts._make(one) for one in imports]),
        body,
        tuple([Suppression._make(one) for one in suppressions]),
        tuple([(int(line), str(message)) for line, message in problems]),
        generated,
        tuple([(str(name), int(line)) for name, line in env_reads]),
    )

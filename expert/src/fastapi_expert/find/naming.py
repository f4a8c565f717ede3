"""From a name that somebody writes to what bears it in the code."""

import re
from collections.abc import Sequence

from fastapi_expert.find.entries import Entry

_PLACE = re.compile(r"(.+\.py):(\d+)")
_IN_A_FILE = re.compile(r"(.+\.py)(?:::|[/:])([^/:]+)")  # notes write a slash for the two colons


def named(entries: Sequence[Entry], name: str) -> list[Entry]:
    """What is called ``name``: a name, ``file.py::name``, ``file.py:LINE`` or ``GET /path``; notes are not asked."""
    code = [one for one in entries if one.kind != "note"]
    if place := _PLACE.fullmatch(name):
        path, line = place[1], int(place[2])
        above = [one for one in code if one.path == path and one.line <= line]
        return [max(above, key=lambda one: one.line)] if above else []
    method, _, route = name.rpartition(" ")
    if served := [one for one in code if route in one.routes and (not method or method.upper() in one.methods)]:
        return served
    in_a_file = _IN_A_FILE.fullmatch(name)
    path, wanted = (in_a_file[1], in_a_file[2]) if in_a_file else ("", name)
    here = [one for one in code if not path or one.path == path]
    exact = [one for one in here if one.qualname == wanted]
    return exact or [one for one in here if one.qualname.endswith(f".{wanted}") or one.name == wanted]

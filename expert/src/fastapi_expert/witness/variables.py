"""The environment that the project's code is given: ours, a file of variables, and its own interpreter's folder.

The project's `.env` is its own affair: it is read by the project, from its working directory, or it is not.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from fastapi_expert.errors import UsageError

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=\s*(.*?)\s*$")
_REFERENCE = re.compile(r"\$\{(\w+)\}")
_SECRET = re.compile(
    r"SECRET|PASS|TOKEN|KEY|PWD|CREDENTIAL|DSN|UR[LI]|AUTH|COOKIE|CERT|SALT|PEPPER|PRIVATE|CONNECTION", re.IGNORECASE
)
_SIGN_IN = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]*(?=@)")


def variables(file: Path) -> dict[str, str]:
    """What a file of `NAME=value` lines sets: comments, `export`, quotes and `${NAME}` as usual.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        what = f"this file of settings cannot be read: {error.strerror}"
        raise UsageError(what, where=str(file), do="give a file with lines NAME=value") from None
    found: dict[str, str] = {}
    for line in lines:
        assigned = None if line.lstrip().startswith("#") else _LINE.match(line)
        if assigned is not None:
            found[assigned[1]] = _value(assigned[2], found)
    return found


def _value(text: str, known: Mapping[str, str]) -> str:
    quote = text[:1]
    if quote in ("'", '"') and (end := text.find(quote, 1)) > 0:
        text = text[1:end]
    else:
        text = re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    if quote == "'":
        return text
    return _REFERENCE.sub(lambda found: known.get(found[1], os.environ.get(found[1], "")), text)


def environment_for(python: Path, added: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the child; a variable that is set already stays as it is."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "VIRTUAL_ENV")}
    prefix = python.parent.parent
    own = {"PATH": os.pathsep.join([str(python.parent), inherited.get("PATH", os.defpath)])}
    if (prefix / "pyvenv.cfg").is_file():
        own["VIRTUAL_ENV"] = str(prefix)
    return {**added, **inherited, **own, "PYTHONDONTWRITEBYTECODE": "1"}


def redacted(text: str, environment: Mapping[str, str]) -> str:
    """``text`` without the values of variables that may be secret, nor names and passwords in addresses."""
    for name, value in sorted(environment.items(), key=lambda each: -len(each[1])):
        if len(value) > 3 and _SECRET.search(name) and not os.path.isabs(value):
            text = text.replace(value, "***")
    return _SIGN_IN.sub("***", text)

"""What went wrong when an application was asked, said so that a person can act; nothing secret is repeated."""

import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi_expert.errors import ExpertError
from fastapi_expert.witness.model import Application, Conditions
from fastapi_expert.witness.process import LARGEST, Ended

Facts = Mapping[str, Any]
PYTHON = "install the project's dependencies there, or give its own interpreter with --python PATH"
_PRINTED = 5
"""Lines of what the project printed last."""


class WitnessError(ExpertError):
    """The application could not be asked."""


def explain(ended: Ended, application: Application, conditions: Conditions, root: Path) -> WitnessError:
    """Why there is no table. What it says may hold secrets of the environment: see `variables.redacted`."""
    failed = str((ended.answer or {}).get("failed", ""))
    if ended.answer is None or failed not in _REASONS:
        return _no_answer(ended, application, conditions)
    error = _REASONS[failed](ended.answer, application, conditions, root)
    frames: Sequence[tuple[str, int, str]] = ended.answer.get("frames") or []
    shown = [f"\n    {path}:{line} in {function}" for path, line, function in frames]
    error.what += "".join(shown if len(shown) > 1 else [])
    if error.where is None:
        error.where = f"{frames[-1][0]}:{frames[-1][1]}" if frames else _said_at(application)
    refused: Sequence[str] = ended.answer.get("refused") or []
    if refused and failed in ("raised", "exit", "lifespan"):
        error.what += f"\n    it asked for {', '.join(refused)}; only this machine can be reached"
        error.do = "--network lets it reach other machines; importing an application is better done without"
    return error


def _said_at(application: Application) -> str | None:
    return str(application.place) if application.place is not None else application.file


def _no_answer(ended: Ended, application: Application, conditions: Conditions) -> WitnessError:
    name, where = application.name, _said_at(application)
    if ended.timed_out:
        hung = _hung_at(ended.hung)
        what = f"importing {name} was not done after {conditions.limit:g} s" + (f": it was at {hung}" if hung else "")
        do = "give it longer with --timeout SECONDS, or move what waits from import time into the lifespan"
        return WitnessError(what, where=where, do=do)
    if ended.code is None:
        what = f"the table of {name} is larger than {LARGEST >> 20} MiB"
        return WitnessError(what, where=where, do="mount it apart, and ask the parts")
    if ended.code < 0:
        number = -ended.code
        named = next((each.name for each in signal.Signals if each == number), f"signal {number}")
        what = f"importing {name} was ended by {named}"
        do = "out of memory?" if named == "SIGKILL" else "run the import by itself to see more"
    else:
        what = f"importing {name} ended the process with code {ended.code}, and no table was given"
        do = "keep what ends the process out of import time: below `if __name__ == '__main__':`"
    printed = [line[:200] for line in ended.printed.strip().splitlines()[-_PRINTED:]]
    return WitnessError(what + "".join(f"\n    | {line}" for line in printed), where=where, do=do)


def _hung_at(trace: str) -> str:
    """The innermost line of the thread that imports, of what `faulthandler` wrote down."""
    for thread in reversed(trace.split("Thread ")):
        lines = [line.strip() for line in thread.splitlines() if line.strip().startswith("File ")]
        if any("child.py" in line for line in lines):
            own = [line for line in lines if not any(part in line for part in ("site-packages", "/lib/python", "<"))]
            chosen = next((line for line in own if "child.py" not in line), lines[0])
            file, _, rest = chosen.removeprefix('File "').partition('", line ')
            return f"{file}:{rest}"
    return ""


def _module(facts: Facts, application: Application, conditions: Conditions, root: Path) -> WitnessError:
    name = str(facts["name"])
    if name == application.module or application.module.startswith(f"{name}."):
        here = root / application.folder
        do = "write it as it is imported from there, or as a path: --import backend/app/main.py:app"
        return WitnessError(f"there is no module {name} to be imported in {here}", where=_said_at(application), do=do)
    if name in ("fastapi", "starlette"):
        do = "give the project's own interpreter with --python PATH"
        return WitnessError(f"this interpreter has no {name}", where=str(conditions.python), do=do)
    found = next((path for path in _folders(root) if _holds(path, name.partition(".")[0])), None)
    if found is not None and "." not in name:
        here = root / application.folder
        what = f"importing {application.name} needs the module {name}, which is not to be imported from {here}"
        return WitnessError(what, do=f"it lies in {found}: add that to PYTHONPATH")
    what = f"importing {application.name} needs the module {name}, which {conditions.python} does not have"
    return WitnessError(what, do=PYTHON)


def _folders(root: Path) -> list[Path]:
    """The root and the folders next below, where modules that are named plainly may lie."""
    with suppress(OSError):
        below = sorted(each for each in root.iterdir() if each.is_dir() and not each.name.startswith("."))
        return [root, *below, *(each / "src" for each in [root, *below])]
    return [root]


def _holds(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()


def _attribute(facts: Facts, application: Application, _conditions: Conditions, root: Path) -> WitnessError:
    applications: list[str] = list(facts["applications"])
    if applications:
        do = f"its applications: {', '.join(f'{application.module}:{each}' for each in applications)}"
    else:
        do = f"name the application, or the function that makes it: {application.module}:create_app()"
    missing = f"has no attribute {application.attribute!r}" if application.attribute else "holds no application"
    return WitnessError(f"{application.module} {missing}", where=application.file, do=do)


def _factory(facts: Facts, application: Application, _conditions: Conditions, _root: Path) -> WitnessError:
    needs: list[str] = list(facts["needs"])
    if not needs:
        what = f"{application.name} cannot be called: it is of type {facts['type']}"
        return WitnessError(what, do="leave the () away, or name the function that makes the application")
    what = f"{application.attribute} needs {', '.join(needs)}; only a function without arguments can be called"
    return WitnessError(what, where=application.file, do="name one that makes the application with what it needs")


def _not_app(facts: Facts, application: Application, _conditions: Conditions, _root: Path) -> WitnessError:
    what = f"{application.name} is no FastAPI application: its type is {facts['type']}"
    return WitnessError(what, where=application.file, do="name the application itself, as module:attribute")


def _raised(facts: Facts, application: Application, _conditions: Conditions, _root: Path) -> WitnessError:
    message = " ".join(str(facts["message"]).split())[:300]
    doing = "starting" if facts["starting"] else "importing"
    what = f"{doing} {application.name} raised {facts['type']}" + (f": {message}" if message else "")
    if facts["starting"]:
        return WitnessError(what, do="bring what it needs to start, or ask without --lifespan")
    return WitnessError(
        what, do="mend it, or bring what it wants: --env-file FILE for settings, --python PATH for modules"
    )


def _syntax(facts: Facts, application: Application, conditions: Conditions, root: Path) -> WitnessError:
    file = Path(str(facts["file"]))
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    what = f"importing {application.name} raised {facts['type']}: {str(facts['message'])[:200]}"
    do = f"correct it, or give an interpreter that reads it with --python PATH ({conditions.python} does not)"
    return WitnessError(what, where=f"{shown}:{facts['line']}", do=do)


def _settings(facts: Facts, application: Application, _conditions: Conditions, root: Path) -> WitnessError:
    settings: list[str] = list(facts["settings"])
    invalid: list[str] = list(facts["invalid"])
    needs = [f"needs settings: {', '.join(settings)}"] if settings else []
    needs += [f"has settings that are not valid: {', '.join(invalid)}"] if invalid else []
    examples = _examples(root / application.folder, root, settings)
    do = "set them in the environment or use --env-file FILE"
    if examples:
        do += f" ({', '.join(examples)} names some)"
    return WitnessError(f"importing {application.name} {' and '.join(needs)}", do=do)


def _examples(folder: Path, root: Path, settings: Sequence[str]) -> list[str]:
    """Files beside the application that show how settings are set."""
    found: list[str] = []
    for place in dict.fromkeys((folder, root)):
        with suppress(OSError):
            files = [file for file in sorted({*place.glob(".env*"), *place.glob("*.env*")}) if file.is_file()]
            found += [file.relative_to(root).as_posix() for file in files if _mentions(file, settings)]
    return list(dict.fromkeys(found))[:3]


def _mentions(file: Path, settings: Sequence[str]) -> bool:
    text = file.read_text(errors="replace").upper()
    return any(name in text for name in settings)


def _exit(facts: Facts, application: Application, _conditions: Conditions, _root: Path) -> WitnessError:
    what = f"importing {application.name} ends the program: sys.exit({facts['code']!r:.200})"
    return WitnessError(what, do="keep what ends the program out of import time: below `if __name__ == '__main__':`")


def _lifespan(facts: Facts, application: Application, _conditions: Conditions, _root: Path) -> WitnessError:
    last = str(facts["message"]).strip().splitlines()[-1:] or ["it gave no reason"]
    what = f"{application.name} did not start: {last[0][:300]}"
    return WitnessError(what, do="bring what it needs to start, or ask without --lifespan")


_REASONS: Mapping[str, Callable[[Facts, Application, Conditions, Path], WitnessError]] = {
    "module": _module,
    "attribute": _attribute,
    "factory": _factory,
    "not-app": _not_app,
    "raised": _raised,
    "syntax": _syntax,
    "settings": _settings,
    "exit": _exit,
    "lifespan": _lifespan,
}

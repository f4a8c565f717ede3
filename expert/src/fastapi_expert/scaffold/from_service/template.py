"""The template of `expert new`: the tested service itself, with a handful of names made into blanks for Copier.

In a wheel its files lie beside this module; in a checkout they are the sibling folder ``service``. The blanks use
brackets that no source file contains, so that Jinja in mail templates or braces in JSON need no escaping.
"""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.from_service import example

OPEN, CLOSE = "⟦", "⟧"
_EXAMPLE = "# DATABASE_URL=postgresql://app:password@localhost/app"
_CHOSEN = "'DATABASE_URL=postgresql://' ~ role ~ ':' ~ role ~ '@localhost/' ~ role"
# what stands in the service -> the expression that replaces it; longer texts first, since one may hold another
BLANKS = {
    _EXAMPLE: f"{_CHOSEN} if database == 'postgresql' else '{_EXAMPLE}'",
    "A production FastAPI publishing backend: users who write posts.": "description",
    "publishing-service": "slug",
    "Publishing Service": "title",
    "Publishing service": "title",
}
_LEFT_OUT = {"var", "__pycache__", ".pytest_cache", ".hypothesis", ".ruff_cache", ".venv", "node_modules"}
_COPIER_CONFIG = f"""\
_subdirectory: template
_templates_suffix: ""
_envops:
  block_start_string: "{OPEN}%"
  block_end_string: "%{CLOSE}"
  variable_start_string: "{OPEN}"
  variable_end_string: "{CLOSE}"
  comment_start_string: "{OPEN}#"
  comment_end_string: "#{CLOSE}"
  keep_trailing_newline: true
title: {{type: str}}
slug: {{type: str}}
description: {{type: str}}
database: {{type: str, choices: [sqlite, postgresql]}}
role: {{type: str}}
"""


def build(destination: Path, *, posts: bool = True, uploads: bool = True) -> None:
    """Write the Copier template to `destination`, with or without the posts, with or without uploads.

    Raises:
        ExpertError: the service's files are not there.
    """
    service = _service()
    target = destination / "template"
    copies: list[Path] = []
    for source in _sources(service):
        copies.append(target / source.relative_to(service))
        copies[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copies[-1])
    example.remove(target, posts=not posts, uploads=not uploads)
    for file in copies:
        if file.exists():
            _make_blanks(file)
    _retitle(target / "README.md")
    extra = Path(str(files("fastapi_expert.scaffold"))) / "extra"
    for source in extra.rglob("*"):
        if source.is_file():
            file = target / source.relative_to(extra).with_name(source.name.removesuffix(".part"))
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as stream:  # a .part is added to the service's own file
                stream.write(source.read_text(encoding="utf-8"))
    (destination / "copier.yml").write_text(_COPIER_CONFIG, encoding="utf-8")


def _retitle(readme: Path) -> None:
    """Begin the README as the project's own: its name, what it keeps its data in, its two commands."""
    head = (files("fastapi_expert.scaffold") / "readme.md").read_text(encoding="utf-8")
    _, mark, rest = readme.read_text(encoding="utf-8").partition("| | embedded default |")
    if not mark:
        raise ExpertError("the service's README has no table of where it runs", where=readme.name)
    readme.write_text(f"{head}\n{mark}{rest}", encoding="utf-8")


def _make_blanks(file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # an image or a font
    if OPEN in text:
        raise ExpertError(f"the template may not contain {OPEN}", where=file.name)
    for standing, answer in BLANKS.items():
        text = text.replace(standing, f"{OPEN} {answer} {CLOSE}")
    file.write_text(text, encoding="utf-8")


def _service() -> Path:
    packed = Path(str(files("fastapi_expert.scaffold"))) / "service"
    checkout = Path(__file__).parents[5] / "service"
    for folder in (packed, checkout):
        if (folder / "app" / "main.py").is_file():
            return folder
    raise ExpertError("the template of the service is not installed", do="Install fastapi-expert again from its wheel.")


def _sources(service: Path) -> list[Path]:
    """The files of the service: what git tracks in a checkout, everything in a wheel."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=False,
        cwd=service,
        capture_output=True,
    )
    if listed.returncode == 0 and listed.stdout and not (service.parent / "__init__.py").exists():
        found = [service / name for name in listed.stdout.decode().split("\0") if name]
    else:
        found = [path for path in service.rglob("*") if not _LEFT_OUT & set(path.relative_to(service).parts)]
    return sorted(path for path in found if path.is_file())

"""The template of `expert new`: the tested service itself, in which a handful of names are the project's own.

In a wheel its files lie beside this module; in a checkout they are the sibling folder ``service``.
"""

import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.formatting import template_environment
from fastapi_expert.scaffold.from_service import example
from fastapi_expert.scaffold.from_service.answers import Answers

_EXAMPLE_ADDRESS = "# DATABASE_URL=postgresql://app:password@localhost/app"
_LEFT_OUT = {"var", "__pycache__", ".pytest_cache", ".hypothesis", ".ruff_cache", ".venv", "node_modules"}


def write(folder: Path, answers: Answers) -> None:
    """Write the files of the service to `folder`, with the answers where its own names stand.

    Raises:
        ExpertError: the service's files are not there, or not as known.
    """
    service = _service()
    copies: list[Path] = []
    for source in _sources(service):
        copies.append(folder / source.relative_to(service))
        copies[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copies[-1])
    example.remove(folder, posts=not answers.posts, uploads=not answers.uploads)
    rename = _Renaming(answers)
    for file in copies:
        if file.exists():
            rename.file(file)
    _retitle(folder / "README.md", answers)
    extra = Path(str(files("fastapi_expert.scaffold"))) / "extra"
    for source in extra.rglob("*"):
        if source.is_file():
            file = folder / source.relative_to(extra).with_name(source.name.removesuffix(".part"))
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as stream:  # a .part is added to the service's own file
                stream.write(source.read_text(encoding="utf-8"))


class _Renaming:
    """What stands in the service, and what takes its place in a project."""

    def __init__(self, answers: Answers) -> None:
        self._answers = {
            "A production FastAPI publishing backend: users who write posts.": answers.description,
            "publishing-service": answers.slug,
            "Publishing Service": answers.title,
            "Publishing service": answers.title,
        }
        if answers.database == "postgresql":
            self._answers[_EXAMPLE_ADDRESS] = f"DATABASE_URL={answers.database_url}"
        self._pattern = re.compile("|".join(map(re.escape, self._answers)))

    def file(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return  # an image or a font
        renamed = self._pattern.sub(lambda found: self._answers[found[0]], text)  # once: an answer may hold a name
        if renamed != text:
            path.write_text(renamed, encoding="utf-8")


def _retitle(readme: Path, answers: Answers) -> None:
    """Begin the README as the project's own: its name, what it keeps its data in, its two commands."""
    template = (files("fastapi_expert.scaffold") / "readme.md.jinja").read_text(encoding="utf-8")
    head = template_environment().from_string(template).render(answers=answers)
    _, mark, rest = readme.read_text(encoding="utf-8").partition("| | embedded default |")
    if not mark:
        raise ExpertError("the service's README has no table of where it runs", where=readme.name)
    readme.write_text(f"{head}\n\n{mark}{rest}", encoding="utf-8")


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

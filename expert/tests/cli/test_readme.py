"""The README says what is so: its commands run, its configuration is read."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from shop import Expert, lay_down

from fastapi_expert.config import load

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = [re.split(r"\s{2,}", line.strip())[0] for line in README.splitlines() if line.startswith("    expert ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(expert: Expert, shop: Path, command: str):
    lay_down(shop, {"draft.py": "def moon(day: int) -> float:\n    return day % 29.53\n"})
    name, *arguments = shlex.split(command)
    done = expert(*arguments)
    assert name == "expert"
    assert done.code in (0, 1), done.err
    notes = ("asked ", "app:")  # which application was asked, or written down
    assert [line for line in done.err.splitlines() if not line.startswith(notes)] == []


def test_the_readme_shows_the_commands():
    assert {shlex.split(command)[1] for command in COMMANDS} >= {
        "map",
        "routes",
        "find",
        "propose",
        "duplicates",
        "rule",
    }


def test_the_configuration_of_the_readme_is_valid_and_shows_the_defaults(tmp_path: Path):
    block = README.partition("    [tool.fastapi-expert]\n")[2].partition("\n\nA key")[0]
    text = "[tool.fastapi-expert]\n" + re.sub(r"^    ", "", block, flags=re.MULTILINE)
    tomllib.loads(text)
    (tmp_path / "pyproject.toml").write_text(text)
    said = load(tmp_path)
    default = load(tmp_path / "nothing")
    assert (said.select, said.function_similarity, said.schema_similarity, said.min_statements) == (
        default.select,
        default.function_similarity,
        default.schema_similarity,
        default.min_statements,
    )

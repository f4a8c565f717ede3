"""What a team uses is read from its configuration and its commands, never from words in comments."""

from pathlib import Path

import pytest

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools import TOOLS, Call, Tool, choose
from fastapi_expert.gate.checks.tools.flake8 import FLAKE8
from fastapi_expert.gate.tree.content import Tree


def lay_down(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def chosen(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for tool in choose(folder, folder).tools:
        found.setdefault(tool.check, set()).add(tool.name)
    return found


RUFF = '[tool.ruff.lint]\nselect = ["E", "I"]\n'
CI = "jobs:\n  lint:\n    steps:\n      - uses: actions/checkout@v4\n      - run: %s\n"


def test_where_nothing_is_configured_the_full_set_stands(tmp_path: Path) -> None:
    assert chosen(tmp_path) == {
        "lint": {"ruff"},
        "imports": {"isort"},
        "format": {"black"},
        "security": {"bandit"},
        "types": {"pyright"},
    }


def test_a_word_in_a_comment_is_not_a_use(tmp_path: Path) -> None:
    text = "[tool.ruff]\n# as black and isort would do it; mypy and bandit are for later\nline-length = 99\n"
    lay_down(tmp_path, {"pyproject.toml": text, "Makefile": "# run mypy one day\nlint:\n\truff check .  # not black\n"})
    assert chosen(tmp_path) == {"lint": {"ruff"}, "format": {"ruff"}}


@pytest.mark.parametrize(
    "files",
    [
        {"Makefile": "types:\n\t@$(BIN)/mypy app\n"},
        {"Makefile": "types:\n\tuv run --group dev mypy app && echo done\n"},
        {"scripts/lint.sh": "#!/usr/bin/env bash\nset -e\nmypy app\nruff check app\n"},
        {".github/workflows/ci.yml": CI % "poetry run mypy app"},
        {".github/workflows/ci.yml": CI % "python -m mypy app"},
        {".gitlab-ci.yml": "types:\n  script:\n    - pip install mypy\n    - mypy app\n"},
        {".pre-commit-config.yaml": "repos:\n- repo: x\n  hooks:\n  - id: mypy\n"},
        {".pre-commit-config.yaml": "repos:\n- repo: local\n  hooks:\n  - id: types\n    entry: uv run mypy app\n"},
        {"tox.ini": "[testenv:typing]\ncommands = mypy app\n"},
    ],
)
def test_a_command_says_which_type_checker_is_used(tmp_path: Path, files: dict[str, str]) -> None:
    configured = {"pyproject.toml": "[tool.pyright]\n" + RUFF}  # for an editor: nothing runs it
    assert chosen(lay_down(tmp_path, configured | files))["types"] == {"mypy"}


def test_a_team_that_lints_with_flake8_is_linted_with_it(tmp_path: Path) -> None:
    lay_down(tmp_path, {".github/workflows/ci.yml": CI % "flake8 app"})
    assert chosen(tmp_path) == {"lint": {"flake8"}}
    lay_down(tmp_path, {".github/workflows/ci.yml": CI % "black --check . && flake8 --exit-zero ."})
    assert "lint" not in chosen(tmp_path)
    lay_down(
        tmp_path, {".github/workflows/ci.yml": CI % "ruff check app", "tox.ini": "[flake8]\nmax-line-length = 99\n"}
    )
    assert chosen(tmp_path)["lint"] == {"ruff"}


def test_what_flake8_prints_is_read(tmp_path: Path) -> None:
    printed = "./app/m.py:3:80:E501:line too long (93 > 79 characters)\n./app/m.py:1:0:F401:'os' imported: unused\n"
    tool = next(one for one in TOOLS["lint"] if one.name == "flake8")
    found = tool.read(
        Output(1, printed, ""), Call(Tree(tmp_path, tmp_path, ""), tmp_path, ("app/m.py",), Path("python"))
    )
    assert [(one.path, one.rule, one.line, one.column, one.message) for one in found] == [
        ("app/m.py", "E501", 3, 80, "line too long (93 > 79 characters)"),
        ("app/m.py", "F401", 1, 1, "'os' imported: unused"),
    ]
    with pytest.raises(Broken, match="no such plugin"):
        tool.read(Output(1, "", "no such plugin"), Call(Tree(tmp_path, tmp_path, ""), tmp_path, (), Path("python")))


def test_all_the_type_checkers_that_run_are_run(tmp_path: Path) -> None:
    lay_down(tmp_path, {"scripts/lint.sh": "mypy app\nty check app\nruff check app\nruff format app --check\n"})
    assert chosen(tmp_path)["types"] == {"mypy", "ty"}


@pytest.mark.parametrize(
    ("text", "checker"),
    [
        ("[tool.mypy]\nstrict = true\n", "mypy"),
        ("[tool.ty.rules]\n", "ty"),
        ("[tool.pyrefly]\n", "pyrefly"),
        ("[tool.basedpyright]\n", "basedpyright"),
        ('[dependency-groups]\ndev = ["mypy>=1.10"]\n', "mypy"),
        ("", "pyright"),
    ],
)
def test_without_commands_the_configured_type_checker_is_used(tmp_path: Path, text: str, checker: str) -> None:
    assert chosen(lay_down(tmp_path, {"pyproject.toml": text}))["types"] == {checker}


def test_the_installation_of_a_package_is_not_a_run_of_it(tmp_path: Path) -> None:
    lay_down(tmp_path, {"Makefile": "setup:\n\tpip install black bandit mypy\nlint:\n\truff check .\n"})
    assert chosen(tmp_path) == {"lint": {"ruff"}}


def test_a_team_that_selects_ruff_s_security_rules_is_not_asked_for_bandit(tmp_path: Path) -> None:
    lay_down(tmp_path, {"pyproject.toml": '[tool.ruff.lint]\nselect = ["E", "S"]\n'})
    assert "security" not in chosen(tmp_path)
    assert choose(tmp_path, tmp_path).offered["security"] == "by ruff's S rules, among lint"


def test_what_a_team_does_not_run_is_offered_with_the_tool_that_would_check_it(tmp_path: Path) -> None:
    lay_down(tmp_path, {"pyproject.toml": RUFF, ".github/workflows/ci.yml": CI % "uvx ruff check"})
    assert choose(tmp_path, tmp_path).offered == {
        "security": "not used here; bandit would check it",
        "types": "not used here; pyright would check it",
    } | dict.fromkeys(("annotations", "ignores"), "not asked for here: `also` in [tool.fastapi-expert.check] does")


def test_a_check_that_the_configuration_asks_for_is_made_though_no_command_runs_it(tmp_path: Path) -> None:
    lay_down(tmp_path, {"pyproject.toml": RUFF, ".github/workflows/ci.yml": CI % "uvx ruff check"})
    choice = choose(tmp_path, tmp_path, ["security", "annotations"])
    assert "bandit" in {tool.name for tool in choice.tools}
    assert set(choice.offered) == {"types", "ignores"}


def test_a_project_that_was_laid_down_is_checked_with_the_full_set(tmp_path: Path) -> None:
    lay_down(tmp_path, {".expert/template.json": "{}", "Makefile": "check:\n\truff check .\n\truff format --check .\n"})
    assert set(chosen(tmp_path)) == {"lint", "imports", "format", "security", "types"}


MYPY = """\
app/m.py:2:12: error: Incompatible return value type (got "int", expected "str")  [return-value]
app/other.py:1:1: error: not asked about  [misc]
app/m.py:5:1: note: See the documentation
app/m.py:5:3: error: "list[str]" is not "str"  [arg-type]
"""
TY = """\
app/m.py:2:12: error[invalid-return-type] Return type does not match returned value
app/m.py:4:1: warning[unresolved-reference] not an error
app/m.py:5:3: error[invalid-argument-type] Argument to function `f` is incorrect
Found 3 diagnostics
"""
PYREFLY = """\
{"errors": [
 {"line": 2, "column": 12, "stop_line": 2, "path": "app/m.py", "name": "bad-return", "description": "a\\n  b",
  "severity": "error"},
 {"line": 3, "column": 1, "stop_line": 3, "path": "app/m.py", "name": "x", "description": "", "severity": "warn"}]}"""


@pytest.mark.parametrize(
    ("name", "printed", "expected"),
    [
        ("mypy", MYPY, [("return-value", 2, 12), ("arg-type", 5, 3)]),
        ("ty", TY, [("invalid-return-type", 2, 12), ("invalid-argument-type", 5, 3)]),
        ("pyrefly", PYREFLY, [("bad-return", 2, 12)]),
    ],
)
def test_every_type_checker_s_errors_are_read(
    tmp_path: Path, name: str, printed: str, expected: list[tuple[str, int, int]]
) -> None:
    tool = next(one for one in TOOLS["types"] if one.name == name)
    call = Call(Tree(tmp_path, tmp_path, ""), tmp_path, ("app/m.py",), Path("python"))
    found = tool.read(Output(1, printed, ""), call)
    assert [(one.rule, one.line, one.column) for one in found] == expected
    assert {one.path for one in found} == {"app/m.py"}
    assert all("  " not in one.message and not one.message.endswith("]") for one in found)


@pytest.mark.parametrize(
    ("files", "sorted_"),
    [
        ({"Makefile": "lint:\n\truff check .\n"}, False),
        ({"Makefile": "lint:\n\truff check .\n\truff check --select I .\n"}, True),
        ({"Makefile": "lint:\n\truff check --extend-select=E,I .\n"}, True),
        ({"Makefile": "lint:\n\truff check .\n", "ruff.toml": 'lint.select = ["E", "I"]\n'}, True),
        ({"Makefile": "lint:\n\truff check .\n", "ruff.toml": 'lint.select = ["I"]\nlint.ignore = ["I"]\n'}, False),
        ({"Makefile": "lint:\n\truff check .\n", "ruff.toml": 'lint.ignore = ["E402"]\n'}, False),
        ({".pre-commit-config.yaml": "repos:\n- hooks:\n  - {id: ruff, args: [--select, I]}\n"}, True),
        ({"ruff.toml": ""}, True),  # no command is known: every check is made
    ],
)
def test_the_order_of_imports_is_looked_at_where_the_team_looks_at_it(
    tmp_path: Path, files: dict[str, str], sorted_: bool
) -> None:
    """ruff does not look at it of itself, so a team that only runs `ruff check` passes in any order."""
    assert ("imports" in chosen(lay_down(tmp_path, files))) is sorted_


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("uses: psf/black@stable", {"format": {"black"}}),
        ("uses: py-actions/flake8@v2", {"lint": {"flake8"}}),
        ("uses: astral-sh/ruff-action@v3", {"lint": {"ruff"}}),
        ("{uses: astral-sh/ruff-action@v3, with: {args: format --check}}", {"format": {"ruff"}}),
        ("{uses: isort/isort-action@v1}", {"imports": {"isort"}}),
        ("uses: actions/checkout@v4", None),
    ],
)
def test_an_action_that_is_named_after_its_tool_runs_it(
    tmp_path: Path, step: str, expected: dict[str, set[str]] | None
) -> None:
    lay_down(tmp_path, {".github/workflows/lint.yml": f"jobs:\n  lint:\n    steps:\n    - {step}\n"})
    found = chosen(tmp_path)
    assert found == expected if expected is not None else len(found) == 5


def arguments(folder: Path, tool: Tool, *files: str) -> list[str]:
    return tool.arguments(Call(Tree(folder, folder, ""), folder, files, Path("python")))


@pytest.mark.parametrize(
    ("makefile", "rules"),
    [
        ("lint:\n\tflake8 . --count --select=E9,F63\n\tflake8 . --exit-zero\n", "--select=E9,F63"),
        ("lint:\n\tflake8 app --select E9\n\tflake8 tests --select F\n", "--select=E9,F"),
        ("lint:\n\tflake8 . --select=E9\n\tflake8 app\n", ""),
    ],
)
def test_a_linter_is_asked_for_the_rules_that_the_teams_commands_choose(
    tmp_path: Path, makefile: str, rules: str
) -> None:
    ruff = makefile.replace("flake8", "ruff check")
    for tool, text in zip((FLAKE8, TOOLS["lint"][0]), (makefile, ruff), strict=True):
        lay_down(tmp_path, {"Makefile": text})
        given = [one for one in arguments(tmp_path, tool, "app/a.py") if one.startswith("--select")]
        assert given == ([rules] if rules else [])


def test_what_flake8_leaves_out_on_its_way_is_not_given_to_it_by_name(tmp_path: Path) -> None:
    lay_down(tmp_path, {".flake8": "[flake8]\nexclude =\n    migrations,\n    docs/conf.py\n"})
    files = ("app/a.py", "app/migrations/b.py", "migrations/c.py", "docs/conf.py", "docs/more.py", "app/migrations.py")
    given = [one for one in arguments(tmp_path, FLAKE8, *files) if one.endswith(".py")]
    assert given == ["./app/a.py", "./docs/more.py", "./app/migrations.py"]
    assert arguments(tmp_path, FLAKE8, "migrations/c.py") == ["--version"]

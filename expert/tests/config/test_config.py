"""`[tool.fastapi-expert]`: what is said is meant, what is misspelled is refused where it stands."""

from pathlib import Path

import pytest

from fastapi_expert.config import Config, load, matches, project_root
from fastapi_expert.errors import ConfigError


def write(root: Path, text: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text(text)
    return root


def test_a_project_without_a_table_gets_the_defaults(tmp_path: Path):
    assert load(write(tmp_path, "[project]\nname = 'x'\n")) == Config()


def test_every_key_is_read(tmp_path: Path):
    text = """
[tool.fastapi-expert]
exclude = ["gen/**"]
select = ["FX1", "FX301"]
ignore = ["FX103"]
baseline = "known.json"
function-similarity = 0.8
schema-similarity = 1
min-statements = 6
[tool.fastapi-expert.per-path-ignores]
"tests/**" = ["FX6"]
[tool.fastapi-expert.check]
skip = ["bandit"]
timeout = 30
[tool.fastapi-expert.credit]
trailers = true
"""
    config = load(write(tmp_path, text))
    assert config.source == tmp_path / "pyproject.toml"
    assert (config.exclude, config.baseline, config.min_statements) == (("gen/**",), "known.json", 6)
    assert (config.function_similarity, config.schema_similarity) == (0.8, 1.0)
    assert (config.check.skip, config.check.timeout, config.credit.trailers) == (("bandit",), 30, True)
    assert config.ignored_at("FX601", "tests/api/test_x.py")
    assert not config.ignored_at("FX301", "tests/api/test_x.py")


def test_the_longest_prefix_switches_a_rule(tmp_path: Path):
    config = load(write(tmp_path, "[tool.fastapi-expert]\nselect = ['FX1', 'FX301']\nignore = ['FX103', 'FX3']\n"))
    assert [rule for rule in ("FX101", "FX103", "FX201", "FX301", "FX302") if config.enabled(rule)] == [
        "FX101",
        "FX301",
    ]


def test_the_table_is_found_upward_to_the_git_root_and_not_beyond(tmp_path: Path):
    outer = write(tmp_path, "[tool.fastapi-expert]\nignore = ['FX6']\n")
    inner = outer / "services" / "api"
    inner.mkdir(parents=True)
    assert load(inner).ignore == ("FX6",)
    (outer / "services" / ".git").mkdir()
    assert load(inner) == Config()


@pytest.mark.parametrize(
    ("text", "place", "what", "remedy"),
    [
        ("exlude = []", ":2", "unknown key 'exlude' in [tool.fastapi-expert]", "did you mean 'exclude'?"),
        ("exclude = 'a'", ":2", "must be a list of strings", "'a'"),
        ("select = ['E501']", ":2", "must be a list of rules", "E501"),
        ("function-similarity = 90", ":2", "above 0 and up to 1", "90"),
        ("min-statements = true", ":2", "a whole number", "True"),
        ("[tool.fastapi-expert.check]\ntimout = 3", ":3", "[tool.fastapi-expert.check]", "did you mean 'timeout'?"),
        ("credit = 3", ":2", "must be a table", "[tool.fastapi-expert.credit]"),
        ("per-path-ignores = ['a']", ":2", "must be a table of path pattern", "a"),
    ],
)
def test_a_mistake_is_named_with_file_line_key_and_what_would_be_right(
    tmp_path: Path, text: str, place: str, what: str, remedy: str
):
    write(tmp_path, f"[tool.fastapi-expert]\n{text}\n")
    with pytest.raises(ConfigError) as refused:
        load(tmp_path)
    assert refused.value.where == f"{tmp_path / 'pyproject.toml'}{place}"
    assert what in refused.value.what
    assert remedy in (refused.value.do or "")


def test_broken_toml_is_refused_by_name(tmp_path: Path):
    write(tmp_path, "[tool.fastapi-expert\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path)


def test_the_project_is_the_nearest_directory_upward_with_a_marker(tmp_path: Path):
    write(tmp_path / "mono" / "api", "")
    inner = tmp_path / "mono" / "api" / "app" / "routers"
    inner.mkdir(parents=True)
    assert project_root(inner) == tmp_path / "mono" / "api"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("gen/**", "gen/a/b.py", True),
        ("gen", "gen/a.py", True),
        ("gen", "src/gen/a.py", True),
        ("gen/", "general/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("**/test_*.py", "a/b/test_x.py", True),
        ("**/test_*.py", "test_x.py", True),
        ("*_pb2.py", "a/b/x_pb2.py", True),
        ("a.b", "axb", False),
    ],
)
def test_a_pattern_means_what_it_means_in_gitignore(pattern: str, path: str, expected: bool):
    assert matches(path, pattern) is expected

"""An addition is tried in a copy, and written when it is proven: of one that fails nothing is left."""

import sys
from pathlib import Path

import pytest

from fastapi_expert.addition.proofs import Proof
from fastapi_expert.addition.staging import staging
from fastapi_expert.addition.transaction import Unproven, carry_out, tried
from fastapi_expert.scaffold.plan import Plan

APPLICATION = {
    "pyproject.toml": """\
[project]
name = "p"
version = "1"
requires-python = ">=3.11"

[tool.ruff.format]
""",
    "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "tables.py": """\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
""",
    ".env": "SECRET=1\n",
    "data.db": "never copied",
}
MIGRATION = """\
import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "thing", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", {kind}, nullable=False)
    )


def downgrade() -> None:
    {down}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for path, text in APPLICATION.items():
        (folder / path).write_text(text)
    return folder


def plan_of(path: str = "new.py", text: str = "X = 1\n", **more: object) -> Plan:
    return Plan(((path, None, text),), **more)  # type: ignore[arg-type]  # fields of the plan by name


def state(project: Path) -> dict[str, str]:
    return {
        path.name: path.read_text() for path in project.rglob("*") if path.is_file() and ".expert" not in path.parts
    }


def proven(proofs: tuple[Proof, ...], what: str) -> str:
    return next(proof.state for proof in proofs if what in proof.what)


def refused(project: Path, plan: Plan) -> str:
    before = state(project)
    with pytest.raises(Unproven) as failure:
        carry_out(project, plan, timeout=60)
    assert state(project) == before
    return f"{failure.value.what} {failure.value.do}"


def test_what_is_proven_is_written_in_the_teams_form(project: Path) -> None:
    done = carry_out(project, plan_of(text="import os\nX = os.name"), timeout=60)
    assert (project / "new.py").read_text() == "import os\n\nX = os.name\n"
    assert proven(done.proofs, "Python 3.11") == "proven"
    assert proven(done.proofs, "formatter and linter") == "proven"


def test_a_syntax_error_is_refused_with_its_line(project: Path) -> None:
    assert "new.py:2: a syntax error" in refused(project, plan_of(text="X = 1\nimport (, y\n"))


def test_syntax_that_is_newer_than_the_projects_python_is_refused(project: Path) -> None:
    assert "Python 3.11" in refused(project, plan_of(text="type X = int\n"))


def test_what_the_linter_refuses_is_refused(project: Path) -> None:
    assert "F821" in refused(project, plan_of(text="X = nowhere\n"))


def test_what_a_file_was_told_before_is_its_way(project: Path) -> None:
    """A list of models is imported and not used: one more is no new fault."""
    before = "from tables import Base\n"
    (project / "models.py").write_text(before)
    plan = Plan((("models.py", before, "from tables import Base, Thing\n"),))
    done = carry_out(project, plan, timeout=60)
    assert proven(done.proofs, "formatter and linter") == "proven"


def test_a_linter_mends_what_was_added_and_leaves_what_was_there(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.ruff.lint]\nselect = ["F", "UP"]\n')
    before = "from typing import Optional\n\n\ndef old(x: Optional[int]) -> None: ...\n"
    (project / "old.py").write_text(before)
    new = "from typing import Optional\n\n\ndef new(x: Optional[int]) -> None: ...\n"
    carry_out(project, Plan((("old.py", before, f"{before}\n\nY = 1\n"), ("new.py", None, new))), timeout=60)
    assert (project / "old.py").read_text() == f"{before}\n\nY = 1\n"
    assert "int | None" in (project / "new.py").read_text()


def test_a_linter_that_the_team_does_not_use_mends_nothing(project: Path) -> None:
    """Its rules, and the Python that it takes for the oldest, are not the team's."""
    (project / "pyproject.toml").write_text('[tool.poetry.dependencies]\npython = "^3.9"\n')
    text = "from typing import Optional\n\nX: Optional[int] = None\n"
    carry_out(project, plan_of(text=text), timeout=60)
    assert (project / "new.py").read_text() == text


def test_a_type_checker_that_the_team_does_not_use_is_not_asked(project: Path) -> None:
    wrong = 'X: int = "text"\n'
    done = tried(project, plan_of(text=wrong), timeout=60)
    assert proven(done.proofs, "the type checker") == "not proven"
    with (project / "pyproject.toml").open("a") as file:
        file.write("[tool.pyright]\n")
    assert "reportAssignmentType" in refused(project, plan_of(text=wrong))


def test_a_router_that_cannot_be_imported_is_refused(project: Path) -> None:
    text = 'from importlib import import_module\n\nX = import_module("nothing_here")\n'
    said = refused(project, plan_of(text=text, module="new", apps=(("main", "app"),)))
    assert "No module named 'nothing_here'" in said


def test_routes_that_are_not_served_are_refused(project: Path) -> None:
    said = refused(project, plan_of(module="new", apps=(("main", "app"),), paths=("/things",)))
    assert "does not serve /things" in said


def test_an_application_that_did_not_start_before_proves_nothing(project: Path) -> None:
    (project / "main.py").write_text("import nowhere_at_all\n\napp = nowhere_at_all.app\n")
    done = tried(project, plan_of(module="new", apps=(("main", "app"),)), timeout=60)
    assert proven(done.proofs, "imported") == "not proven"
    assert "no interpreter with the project's packages" in str(done.proofs)


def test_a_router_that_cannot_be_imported_is_refused_though_the_application_does_not_start(project: Path) -> None:
    (project / "main.py").write_text("import nowhere_at_all\n\napp = nowhere_at_all.app\n")
    text = "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
    text += '@router.get("/{x}/{x}")\ndef get(x: int) -> int:\n    return x\n'
    said = refused(project, plan_of(text=text, module="new", apps=(("main", "app"),)))
    assert "Duplicated param name" in said


def test_an_application_is_kept_from_databases_and_servers_of_the_project(project: Path, tmp_path: Path) -> None:
    database = tmp_path / "real.db"
    (project / "main.py").write_text(
        "import sqlite3\n\nfrom fastapi import FastAPI\n\n"
        f"sqlite3.connect({str(database)!r}).execute('CREATE TABLE t (x)')\napp = FastAPI()\n"
    )
    done = tried(project, plan_of(module="new", apps=(("main", "app"),)), timeout=60)
    assert proven(done.proofs, "imported") == "not proven"
    assert "kept away from" in str(done.proofs)
    assert not database.exists()


@pytest.mark.parametrize(
    ("kind", "down", "what"),
    [
        ("sa.String(20)", 'op.drop_table("thing")', ""),
        ("sa.Integer()", 'op.drop_table("thing")', "modify_type"),
        ("sa.String(20)", "pass", "after downgrade the table is there"),
    ],
)
def test_a_migration_goes_up_down_and_up_and_leaves_no_difference(
    project: Path, kind: str, down: str, what: str
) -> None:
    text = MIGRATION.format(kind=kind, down=down)
    plan = plan_of("m.py", text, table="thing", table_module="tables", migration="m.py")
    if what:
        assert what in refused(project, plan)
    else:
        assert proven(tried(project, plan, timeout=60).proofs, "SQLite") == "proven"


def test_a_type_that_a_downgrade_leaves_on_postgresql_is_found(project: Path) -> None:
    tables = (project / "tables.py").read_text().replace("Mapped[str]", "Mapped[str]")
    (project / "tables.py").write_text(tables.replace("sa.String(20)", 'sa.Enum("a", "b", name="kind")'))
    text = MIGRATION.format(kind='sa.Enum("a", "b", name="kind")', down='op.drop_table("thing")')
    plan = plan_of(
        "m.py", text, table="thing", table_module="tables", migration="m.py", on_sqlite=False, on_postgres=True
    )
    assert "downgrade leaves kind behind" in refused(project, plan)


def test_where_no_postgresql_can_be_started_that_is_said_and_the_rest_is_proven(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastapi_expert.addition.postgres.binaries", lambda python: None)
    (project / "tables.py").write_text(APPLICATION["tables.py"])
    plan = plan_of(
        "m.py", MIGRATION.format(kind="sa.String(20)", down='op.drop_table("thing")'), table="thing",
        table_module="tables", migration="m.py", on_postgres=True,
    )  # fmt: skip
    proofs = {proof.what.rpartition("(on ")[2]: proof for proof in carry_out(project, plan, timeout=60).proofs}
    assert proofs["SQLite)"].state == "proven"
    assert proofs["PostgreSQL)"].state == "not proven"
    assert proofs["PostgreSQL)"].why in ("no server can be started here", "no driver is installed")
    assert (project / "m.py").exists()


def test_tests_that_fail_are_refused_and_may_be_let_through(project: Path) -> None:
    plan = plan_of("test_new.py", "def test_it() -> None:\n    assert len(str()) == 2\n", tests=("test_new.py",))
    assert "assert 0 == 2" in refused(project, plan)
    done = tried(project, plan, timeout=60, despite=["tests"])
    assert proven(done.proofs, "tests") == "failed"


def test_the_copy_has_what_an_application_needs_and_no_database(project: Path) -> None:
    (project / "venv").mkdir()
    (project / "venv/pyvenv.cfg").write_text("")
    with staging(project) as stage:
        assert (stage.root / ".env").read_text() == "SECRET=1\n"
        assert not (stage.root / "data.db").exists()
        assert (stage.root / "venv").is_symlink()
        copy = stage.top.parent
    assert not copy.exists()


def test_a_copy_that_was_left_behind_is_removed_by_the_next(project: Path) -> None:
    import subprocess

    text = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom fastapi_expert.addition.staging import staging\n"
        "with staging(Path(sys.argv[1])) as stage:\n    print(stage.top.parent, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", text, str(project)], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    with staging(project):
        assert not left.exists()

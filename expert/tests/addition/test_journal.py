"""Several files written as one: whatever ends it in the middle, the next run finds them as they were, or says why."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_expert.addition.journal import alone, recover, write_all
from fastapi_expert.errors import ExpertError

FILES = (("a.py", "a = 1\n", "a = 2\n"), ("new/b.py", None, "b = 1\n"), ("c.py", "c = 1\r\n", "c = 2\r\n"))
KILLED = """
import os, signal, sys
from pathlib import Path
from fastapi_expert import store
from fastapi_expert.addition.journal import write_all
real, done = os.replace, []
def replace(*names):
    if len(done) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(names)
    real(*names)
os.replace = replace
write_all(Path(sys.argv[1]), {files!r})
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "c.py").write_bytes(b"c = 1\r\n")
    return tmp_path


def state(project: Path) -> dict[str, bytes]:
    """What is there but for our own cache."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in project.rglob("*")
        if ".expert" not in path.parts
    }


def test_all_files_are_written_and_no_journal_stays(project: Path) -> None:
    write_all(project, FILES)
    assert state(project) == {"a.py": b"a = 2\n", "new": b"", "new/b.py": b"b = 1\n", "c.py": b"c = 2\r\n"}
    assert recover(project) == ()


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_what_was_killed_in_the_middle_is_put_back_by_the_next(project: Path, writes: int) -> None:
    before = state(project)
    command = [sys.executable, "-c", KILLED.format(files=FILES), str(project), str(writes)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    recover(project)
    assert state(project) == before
    write_all(project, FILES)
    assert (project / "new/b.py").read_text() == "b = 1\n"


def test_what_somebody_has_changed_since_is_named_and_kept(project: Path) -> None:
    command = [sys.executable, "-c", KILLED.format(files=FILES), str(project), "2"]
    subprocess.run(command, check=False)
    (project / "a.py").write_text("a = 3\n")
    with pytest.raises(ExpertError, match="somebody has changed") as refused:
        recover(project)
    assert refused.value.where == "a.py"
    assert (project / "a.py").read_text() == "a = 3\n"


def test_a_file_that_changed_in_the_meantime_stops_it_and_nothing_is_written(project: Path) -> None:
    (project / "c.py").write_text("c = 9\n")
    with pytest.raises(ExpertError, match="in the meantime"):
        write_all(project, FILES)
    assert state(project) == {"a.py": b"a = 1\n", "c.py": b"c = 9\n"}


def test_a_folder_that_cannot_be_written_leaves_nothing(project: Path) -> None:
    (project / "new").write_text("a file where a folder should be")
    with pytest.raises(OSError, match=r".*"):
        write_all(project, FILES)
    assert (project / "a.py").read_text() == "a = 1\n"


def test_one_addition_at_a_time(project: Path) -> None:
    holds = "import sys, time\nfrom pathlib import Path\nfrom fastapi_expert.addition.journal import alone\n"
    holds += "with alone(Path(sys.argv[1])):\n    print('mine', flush=True)\n    sys.stdin.read()\n"
    command = [sys.executable, "-c", holds, str(project)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(ExpertError, match="another"):
            alone(project).__enter__()
        other.communicate()
    with alone(project):
        pass

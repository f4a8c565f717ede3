"""Whatever lies in a tree, reading it ends, says what it could not read, and leaves a cache of use to the next run."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapi_expert.codebase import load, refresh
from fastapi_expert.codebase.syntax.encoding import decode, encode
from fastapi_expert.codebase.syntax.reader import read_source

from .projects import table, write

APP = "from fastapi import FastAPI\napp = FastAPI()\n\n@app.get('/a')\ndef a(): ...\n"
WORDS = """
def class async await return @app.get('/x') router = APIRouter(prefix=f'{p}') include_router( ) [ ] { } : , . if elif
else for in while try except finally with as import from lambda x y 1 'text' \\"\\" # \\ == -> * **
""".split()  # noqa: SIM905 - a list of words reads as one


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_random_bytes_are_read(source: bytes) -> None:
    facts = read_source(source, "x.py")
    assert decode("x.py", *encode(facts)).functions == facts.functions or facts.functions == ()


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*WORDS, "\n", "\n    ", "\n        "]), max_size=60))
def test_random_words_of_the_language_are_read_and_linked(words: list[str]) -> None:
    read_source(" ".join(words).encode(), "x.py")


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_truncated_files_are_read(cut: int) -> None:
    source = Path(__file__).read_bytes()
    facts = read_source(source[: cut % len(source)], "x.py")
    assert facts.path == "x.py"


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_facts_survive_the_cache(seed: int) -> None:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    facts = read_source(sources[seed % len(sources)].read_bytes(), "x.py")
    again = decode("x.py", *encode(facts))
    assert [function.shape for function in again.functions] == [function.shape for function in facts.functions]
    assert [function.signature for function in again.functions] == [function.signature for function in facts.functions]
    assert encode(again) == encode(facts)


@pytest.mark.parametrize(
    "source",
    [
        b"(" * 5000,
        b"x = " + b"[" * 3000 + b"]" * 3000,
        b"".join(b"    " * depth + b"if x:\n" for depth in range(300)) + b"    " * 300 + b"pass\n",
        b"x = " + b" + ".join([b"1"] * 5000),
        b"if a: pass\n" + b"elif b: pass\n" * 3000,
        b"def f():\n" + b"".join(b" " * (4 + depth) + b"def f():\n" for depth in range(200)) + b" " * 300 + b"pass\n",
        b"a" + b".b" * 5000 + b"()",
        b"f(" * 2000 + b")" * 2000,
        b"@x\n" * 3000 + b"def f(): ...\n",
        b"class A(" + b"B," * 5000 + b"): ...\n",
        "\ufeffdef ä(): ...\n".encode(),
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"# -*- coding: nonsense -*-\nx = 1\n",
        b"def f(x=\xff\xfe): ...",
        b"\r\ndef f():\r\n    return 1\r\n",
    ],
)
def test_absurd_sources_are_read(source: bytes, tmp_path: Path) -> None:
    (tmp_path / "absurd.py").write_bytes(source)
    (tmp_path / "main.py").write_text(APP)
    assert table(load(tmp_path)) == {("GET", "/a"): 1}
    assert table(load(tmp_path)) == {("GET", "/a"): 1}


def test_circles_of_every_kind_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.py": "from b import *\nfrom b import x\ny = x\nclass A(A): ...\nclass B(C): ...\nclass C(B): ...\n",
            "b.py": "from a import *\nfrom a import y\nx = y\nz = z\n",
            "main.py": """
                from fastapi import APIRouter, Depends, FastAPI
                import a, b
                one = APIRouter(prefix="/one")
                two = APIRouter(prefix="/two")
                one.include_router(two)
                two.include_router(one)
                Alias = Alias2
                Alias2 = Alias

                def loop(x=Depends(loop2)): ...
                def loop2(x=Depends(loop)): ...
                def again(): return again()

                @one.get("/x", dependencies=[Depends(loop)])
                def x(y: Alias, z: a.B): again()

                app = FastAPI()
                app.include_router(one)
                app.mount("/self", app)
                app.include_router(again())
            """,
        },
    )
    codebase = load(tmp_path, cache=False)
    assert ("GET", "/one/x") in table(codebase)
    assert codebase.inventory.components


def test_loops_and_dead_ends_of_symbolic_links_end(tmp_path: Path) -> None:
    write(tmp_path, {"app/main.py": APP})
    (tmp_path / "app" / "self").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "app" / "ring").symlink_to(tmp_path / "app" / "ring")
    (tmp_path / "app" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    codebase = load(tmp_path)
    assert list(codebase.files) == ["app/main.py"]
    assert [problem.path for problem in codebase.inventory.problems] == ["app/gone.py"]


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbffrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
        b"\xef\xbb\xbf# first a comment\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
        b"\x0cfrom fastapi import FastAPI\n\x0c\napp = FastAPI()\n \x0c@app.get('/a')\ndef a(): ...\n",
        b"\xef\xbb\xbf\x0cfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
        b"from fastapi import FastAPI\rapp = FastAPI()\r@app.get('/a')\rdef a(): ...\r",
        b"x = 1; from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
        b"x = 1; import os; import fastapi as f; y = 2\napp = f.FastAPI()\n@app.get('/a')\ndef a(): ...\n",
        b"if True: from fastapi import FastAPI\napp = FastAPI(); a = lambda: 1; app.add_api_route('/a', a)\n",
        b"def make(): import fastapi; return fastapi.FastAPI()\napp = make()\n@app.get('/a')\ndef a(): ...\n",
        b"x = 'a; import b'; from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
        b"from fastapi \\\n    import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
    ],
)
def test_what_python_reads_is_read(source: bytes, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(source)
    assert table(load(tmp_path, cache=False)) == {("GET", "/a"): 1}
    assert table(load(tmp_path)) == table(load(tmp_path)) == {("GET", "/a"): 1}, "the same from the cache"


def test_lines_after_a_mark_or_a_form_feed_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(b"\xef\xbb\xbf\x0c# one\n\x0c\n" + APP.encode())
    [served] = load(tmp_path, cache=False).served
    assert served.route.line == 6
    assert (tmp_path / "main.py").read_bytes().split(b"\n")[5].startswith(b"@app.get")


@pytest.mark.skipif(sys.platform != "linux", reason="only there a file name may be any bytes")
def test_a_file_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.py")
    (tmp_path / odd).write_text("from fastapi import APIRouter\nrouter = APIRouter()\n")
    (tmp_path / "main.py").write_text(APP)
    for in_git in (False, True):
        if in_git:
            subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
            subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
        codebase = load(tmp_path)
        assert set(codebase.files) == {"main.py", odd}
        assert table(codebase) == table(load(tmp_path)) == {("GET", "/a"): 1}
        assert codebase.digest == load(tmp_path).digest


def test_links_are_not_code(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.py": APP, "deep/more.py": APP})
    root = write(tmp_path / "project", {"app/main.py": APP})
    (root / "app" / "copy.py").symlink_to(root / "app" / "main.py")
    (root / "app" / "secret.py").symlink_to(outside / "secret.py")
    (root / "everything").symlink_to(outside, target_is_directory=True)
    assert list(load(root, cache=False).files) == ["app/main.py"]
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    codebase = load(root, cache=False)
    assert list(codebase.files) == ["app/main.py"]
    assert codebase.inventory.problems == ()


@pytest.mark.parametrize("name", ["env", "venv", "virtualenv", "node_modules"])
def test_what_git_tracks_is_code_whatever_its_folder_is_called(name: str, tmp_path: Path) -> None:
    router = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/x')\ndef x(): ...\n"
    main = (
        f"from fastapi import FastAPI\nfrom {name}.parts import router\napp = FastAPI()\napp.include_router(router)\n"
    )
    write(tmp_path, {"main.py": main, f"{name}/__init__.py": "", f"{name}/parts.py": router})
    write(tmp_path, {"box/pyvenv.cfg": "home = /usr\n", "box/lib/parts.py": router})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", name, "main.py"], cwd=tmp_path, check=True)
    codebase = load(tmp_path, cache=False)
    assert table(codebase) == {("GET", "/x"): 1}
    assert "box/lib/parts.py" not in codebase.files


def test_huge_binary_and_unreadable_files_are_problems(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": APP, "secret.py": "x = 1\n"})
    (tmp_path / "huge.py").write_text("x = 1\n" * 400_000)
    (tmp_path / "binary.py").write_bytes(b"\x7fELF\0\0\0" + bytes(range(256)))
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "pipe.py").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "pipe.py")
    codebase = load(tmp_path)
    assert table(codebase) == {("GET", "/a"): 1}
    assert {problem.path for problem in codebase.inventory.problems} == {"huge.py", "binary.py"}


def test_virtual_environments_and_hidden_folders_are_not_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "main.py": APP,
            ".hidden/x.py": APP,
            "node_modules/x.py": APP,
            "my-env/pyvenv.cfg": "home = /usr",
            "my-env/lib/x.py": APP,
            "lib/site-packages/x.py": APP,
        },
    )
    assert list(load(tmp_path).files) == ["main.py"]
    assert list(load(tmp_path / "lib" / "site-packages").files) == ["x.py"], "given on purpose, it is read"


def test_git_says_which_files_there_are(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"main.py": APP, "ignored.py": APP, "new.py": "x = 1\n", "gone.py": "x = 1\n", ".gitignore": "ignored.py\n"},
    )
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "main.py", "gone.py", ".gitignore"], cwd=tmp_path, check=True)
    (tmp_path / "gone.py").unlink()
    assert list(load(tmp_path).files) == ["main.py", "new.py"]


def test_excluded_paths_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": APP, "gen/x.py": APP, "app/migrations/1.py": APP})
    assert list(load(tmp_path, exclude=("gen", "**/migrations/*")).files) == ["main.py"]


def test_a_changed_file_is_read_again_and_only_that(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": APP, "other.py": "x = 1\n"})
    first = load(tmp_path)
    assert refresh(first) is first
    (tmp_path / "main.py").write_text(APP.replace("/a", "/b"))
    second = refresh(first)
    assert table(second) == {("GET", "/b"): 1}
    assert second.files["other.py"] is first.files["other.py"]
    assert table(load(tmp_path)) == {("GET", "/b"): 1}
    assert second.digest == load(tmp_path).digest != first.digest


def test_a_change_of_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": APP})
    load(tmp_path)
    (tmp_path / "main.py").write_text(APP.replace("/a", "/b"))
    assert table(load(tmp_path)) == {("GET", "/b"): 1}


def _database(root: Path) -> Path:
    return root / ".expert" / "cache" / "facts.sqlite3"


@pytest.mark.parametrize("damage", ["noise", "truncated", "empty", "text", "rows", "folder"])
def test_a_damaged_cache_is_made_anew(damage: str, tmp_path: Path) -> None:
    import sqlite3

    write(tmp_path, {"main.py": APP})
    os.utime(tmp_path / "main.py", (1, 1))
    load(tmp_path)
    file = _database(tmp_path)
    content = file.read_bytes()
    if damage == "noise":
        file.write_bytes(content[:100] + random.Random(1).randbytes(len(content) - 100))
    elif damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "text":
        file.write_text("not a database at all, but quite long\n" * 50)
    elif damage == "rows":
        with sqlite3.connect(file) as connection:
            connection.execute("update contents set facts = '[1, 2, {}]', shapes = 'x'")
        connection.close()
    else:
        file.unlink()
        file.mkdir()
    assert table(load(tmp_path)) == {("GET", "/a"): 1}
    assert table(load(tmp_path)) == {("GET", "/a"): 1}


def test_a_hostile_cache_of_the_right_form_cannot_break_linking(tmp_path: Path) -> None:
    import json
    import sqlite3

    write(tmp_path, {"main.py": APP})
    os.utime(tmp_path / "main.py", (1, 1))
    load(tmp_path)
    with sqlite3.connect(_database(tmp_path)) as connection:
        [(facts,)] = connection.execute("select facts from contents").fetchall()
        broken = json.loads(facts)
        broken[5] = [["=", "x", 3], ["nonsense", 1], 7]
        connection.execute("update contents set facts = ?", (json.dumps(broken).encode(),))
    connection.close()
    assert table(load(tmp_path)) == {("GET", "/a"): 1}


def test_the_cache_ignores_itself_and_a_read_only_tree_is_read_without_one(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": APP})
    load(tmp_path)
    assert (tmp_path / ".expert" / "cache" / ".gitignore").read_text() == "*\n"
    blocked = write(tmp_path / "other", {"main.py": APP, ".expert": "a file where the folder should be"})
    assert table(load(blocked)) == {("GET", "/a"): 1}


RUN = """
import sys
from pathlib import Path
from fastapi_expert.codebase import load
codebase = load(Path(sys.argv[1]))
print(len(codebase.served), len(codebase.files))
"""


def _many(root: Path, count: int) -> Path:
    filler = "\n".join(f"def helper_{n}(a, b):\n    c = a + b\n    return c * {n}\n" for n in range(60))
    return write(root, {"main.py": APP, **{f"pkg/m{n}.py": filler.replace("helper", f"h{n}") for n in range(count)}})


def test_two_runs_at_once_share_one_cache(tmp_path: Path) -> None:
    _many(tmp_path, 120)
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for run in runs:
        out, errors = run.communicate(timeout=120)
        assert (out.decode().split(), errors, run.returncode) == (["1", "121"], b"", 0)
    assert len(load(tmp_path).files) == 121


def test_a_killed_run_leaves_a_cache_that_works(tmp_path: Path) -> None:
    _many(tmp_path, 120)
    for delay in (0.1, 0.2, 0.35):
        run = subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
        )
        time.sleep(delay)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        if run.stdout is not None:
            run.stdout.close()
    assert len(load(tmp_path).files) == 121
    assert len(load(tmp_path).served) == 1


KILL_THE_CHILD = """
import os, signal
fork = os.fork
def fork_and_kill():
    child = fork()
    if child:
        os.kill(child, signal.SIGKILL)
    return child
os.fork = fork_and_kill
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor: nothing is read by a second process")
def test_a_second_process_that_dies_leaves_its_share_to_the_first(tmp_path: Path) -> None:
    _many(tmp_path, 150)
    command = [sys.executable, "-c", KILL_THE_CHILD + RUN, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, timeout=120)
    assert (run.stdout.decode().split(), run.returncode) == (["1", "151"], 0)


def test_files_that_change_and_vanish_while_they_are_read(tmp_path: Path) -> None:
    _many(tmp_path, 40)
    stop = threading.Event()

    def churn() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            target = tmp_path / "pkg" / f"m{number % 40}.py"
            target.unlink(missing_ok=True)
            target.write_text(f"def f{number}(): return {number}\n" * (number % 7))
            time.sleep(0.001)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(6):
            assert table(load(tmp_path)) == {("GET", "/a"): 1}
    finally:
        stop.set()
        thread.join()
    assert len(load(tmp_path).files) == 41


def test_the_standard_library_s_strangest_files_are_read() -> None:
    import test

    folder = Path(test.__file__).parent
    names = [
        "test_grammar.py",
        "test_fstring.py",
        "test_patma.py",
        "test_syntax.py",
        "test_unparse.py",
        "test_typing.py",
    ]
    found = [folder / name for name in names if (folder / name).exists()]
    assert found, "this Python has no test package: nothing was read"
    for path in found:
        assert read_source(path.read_bytes(), path.name).functions

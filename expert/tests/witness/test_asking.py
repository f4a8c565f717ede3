"""An application is asked for its own table, and whatever it does instead is said plainly and ended."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from applications import HEAD, asked, listed, routes
from shop import lay_down

from fastapi_expert.witness.process import CHILD


def runs(process: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout.strip()
    return listed[:1] not in ("", "Z")  # a zombie has ended


def has_ended(process: int) -> bool:
    for _ in range(200):  # the kernel takes a moment to end what was told to
        if not runs(process):
            return True
        time.sleep(0.05)
    return False


def test_nothing_is_run_unless_import_says_so(tmp_path: Path):
    lay_down(tmp_path / "app", {"main.py": HEAD + "open('was-here', 'w').close()\n"})
    assert routes(tmp_path / "app").code == 2  # --python alone means nothing
    lay_down(tmp_path / "app", {"main.py": HEAD + "open('was-here', 'w').close()\n"})
    assert not (tmp_path / "app" / "was-here").exists()
    assert routes(tmp_path / "app", "--import", "main:app").code == 0
    assert (tmp_path / "app" / "was-here").exists()


def test_the_options_of_an_import_want_one(tmp_path: Path):
    done = routes(tmp_path, "--verify")
    assert done.code == 2
    assert "add --import auto" in done.err


def test_a_route_that_only_runs_is_listed_with_what_the_text_says_of_the_others(tmp_path: Path):
    made = "exec('@app.post(\"/made\")\\ndef made(): return {}')\n"
    done = asked(tmp_path / "app", {"main.py": HEAD + made}, "--json")
    rows = listed(done)
    assert {key: row["source"] for key, row in rows.items()} == {("GET", "/items"): "both", ("POST", "/made"): "import"}
    assert (rows["GET", "/items"]["path_file"], rows["GET", "/items"]["line"]) == ("main.py", 6)
    assert rows["POST", "/made"]["protection"] == "unknown"
    assert "import alone" in asked(tmp_path / "app", {}).out


def test_what_the_project_prints_does_not_reach_the_answer(tmp_path: Path):
    noisy = "import sys, os\nprint('x' * 3_000_000)\nos.write(2, b'y' * 3_000_000)\nsys.stdout.flush()\n"
    done = asked(tmp_path / "app", {"main.py": HEAD + noisy}, "--json")
    assert set(listed(done)) == {("GET", "/items")}
    assert "xxx" not in done.out + done.err


def test_there_is_no_input_to_be_read(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": HEAD + "input('name? ')\n"})
    assert done.code == 2
    assert "main.py:11: importing main:app raised EOFError" in done.err


def test_a_command_line_of_ours_is_not_the_projects(tmp_path: Path):
    parsing = "import argparse\nargparse.ArgumentParser().parse_args()\n"
    assert asked(tmp_path / "app", {"main.py": HEAD + parsing}).code == 0


def test_a_factory_is_called_when_its_name_says_so_or_when_it_is_one(tmp_path: Path):
    files = {"main.py": "from fastapi import FastAPI\n\ndef make(title='x'):\n    return FastAPI(title=title)\n"}
    for name in ("main:make()", "main:make"):
        done = asked(tmp_path / "app", files, "--import", name, "--json")
        assert (done.code, listed(done)) == (0, {})


def test_a_factory_that_needs_something_is_not_called(tmp_path: Path):
    files = {"main.py": "from fastapi import FastAPI\n\ndef make(settings):\n    return FastAPI()\n"}
    done = asked(tmp_path / "app", files, "--import", "main:make()")
    assert done.code == 2
    assert "make needs settings; only a function without arguments can be called" in done.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere:app", "there is no module nowhere to be imported"),
        ("main:nothing", "main has no attribute 'nothing'\n  its applications: main:app"),
        ("main:items.missing", "main has no attribute 'items.missing'"),
        ("main:number", "main:number is no FastAPI application: its type is builtins.int"),
        ("main.py:other", "main has no attribute 'other'"),
        ("other.py:app", "other.py: there is no such file in the codebase"),
        ("main app", "'main app' names no application"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, name: str, said: str):
    done = asked(tmp_path / "app", {"main.py": HEAD + "number = 1\n"}, "--import", name)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_module_that_is_in_two_folders_is_asked_for_by_its_file(tmp_path: Path):
    files = {"a/main.py": HEAD, "b/main.py": HEAD.replace("/items", "/other")}
    done = asked(tmp_path / "app", files)
    assert done.code == 2
    assert "main:app may be in any of 2 files\n  name one by its file: a/main.py:app, b/main.py:app" in done.err
    assert set(listed(asked(tmp_path / "app", {}, "--import", "b/main.py:app", "--json"))) >= {("GET", "/other")}


def test_an_import_that_raises_shows_the_projects_own_frames(tmp_path: Path):
    files = {
        "main.py": HEAD + "from storage import connect\n\nconnect('postgresql://me:hunter22@db/x')\n",
        "storage.py": "import json\n\ndef connect(url):\n    json.loads('{' + url)\n",
    }
    done = asked(tmp_path / "app", files)
    assert done.code == 2
    assert "storage.py:4: importing main:app raised JSONDecodeError" in done.err
    assert "main.py:13 in <module>\n    storage.py:4 in connect" in done.err
    assert "decoder.py" not in done.err


def test_no_secret_of_the_environment_is_repeated(tmp_path: Path):
    failing = (
        "import os\nraise ValueError(f\"cannot reach {os.environ['DATABASE_URL']} with {os.environ['API_KEY']}\")\n"
    )
    env = {"DATABASE_URL": "postgresql://me:hunter22@db/x", "API_KEY": "abcdefgh"}
    done = asked(tmp_path / "app", {"main.py": HEAD + failing}, env=env)
    assert "raised ValueError: cannot reach *** with ***" in done.err
    assert "hunter22" not in done.err


SETTINGS = """
from pydantic_settings import BaseSettings, SettingsConfigDict

class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_prefix="SHOP_")
    database_url: str
    secret_key: str
    port: int = 1

settings = Settings()
"""


def test_settings_that_are_missing_are_named_as_variables(tmp_path: Path):
    files = {"main.py": HEAD + "import settings\n", "settings.py": SETTINGS, ".env.example": "SHOP_SECRET_KEY=x\n"}
    done = asked(tmp_path / "app", files, env={"SHOP_PORT": "not-a-port-but-a-secret"})
    assert done.code == 2
    assert (
        "needs settings: SHOP_DATABASE_URL, SHOP_SECRET_KEY and has settings that are not valid: SHOP_PORT" in done.err
    )
    assert "set them in the environment or use --env-file FILE (.env.example names some)" in done.err
    assert "but-a-secret" not in done.err


def test_a_file_of_settings_is_used_where_the_environment_says_nothing(tmp_path: Path):
    check = (
        "import os\nassert os.environ['GIVEN'] == 'ours', os.environ['GIVEN']\nassert os.environ['QUOTED'] == 'a # b'\n"
    )
    files = {"main.py": HEAD + check, "local.env": "# ours\nexport GIVEN=theirs\nQUOTED='a # b' # said\n"}
    file = str(tmp_path / "app" / "local.env")
    assert asked(tmp_path / "app", files, "--env-file", file, env={"GIVEN": "ours"}).code == 0
    missing = asked(tmp_path / "app", files, "--env-file", str(tmp_path / "none.env"))
    assert missing.code == 2
    assert "none.env: this file of settings cannot be read" in missing.err


def test_a_variable_that_is_read_and_not_set_is_a_setting_that_is_missing(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": HEAD + "import os\nos.environ['WANTED_BY_US']\n"})
    assert "main.py:12: importing main:app needs settings: WANTED_BY_US" in done.err


def test_a_module_that_the_interpreter_lacks_is_named_with_the_interpreter(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": HEAD + "import no_such_library\n"})
    assert f"needs the module no_such_library, which {sys.executable} does not have" in done.err
    assert "--python PATH" in done.err


def test_text_that_is_no_python_is_told_with_its_line(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": HEAD + "import broken\n", "broken.py": "x = 1\ndef (:\n"})
    assert "broken.py:2: importing main:app raised SyntaxError" in done.err


def test_an_import_that_hangs_is_ended_and_its_place_is_told(tmp_path: Path):
    waiting = (
        "import os, time\nopen('process', 'w').write(str(os.getpid()))\n\ndef wait():\n    time.sleep(600)\n\nwait()\n"
    )
    done = asked(tmp_path / "app", {"main.py": HEAD + waiting}, "--timeout", "1.5")
    assert done.code == 2
    assert "importing main:app was not done after 1.5 s: it was at" in done.err
    assert "main.py:15 in wait" in done.err
    assert has_ended(int((tmp_path / "app" / "process").read_text()))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys\nsys.exit(3)\n", "main.py:12: importing main:app ends the program: sys.exit(3)"),
        ("import os\nprint('bye', flush=True)\nos._exit(7)\n", "ended the process with code 7, and no table was given"),
        ("import os\nos.kill(os.getpid(), 9)\n", "importing main:app was ended by SIGKILL"),
    ],
)
def test_an_import_that_ends_its_process_is_told(tmp_path: Path, code: str, said: str):
    done = asked(tmp_path / "app", {"main.py": HEAD + code})
    assert done.code == 2
    assert said in done.err


def test_what_the_project_starts_is_ended_with_it(tmp_path: Path):
    starting = """
import os, subprocess, sys, threading, time

started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
forked = os.fork()
if forked == 0:
    while True:
        print("still here", flush=True)
        time.sleep(0.01)
with open("processes", "w") as file:
    file.write(f"{started.pid} {forked}")
threading.Thread(target=time.sleep, args=(600,)).start()
"""
    done = asked(tmp_path / "app", {"main.py": HEAD + starting}, "--json")
    assert set(listed(done)) == {("GET", "/items")}
    for process in (tmp_path / "app" / "processes").read_text().split():
        assert has_ended(int(process))


def test_a_fork_that_goes_on_importing_says_nothing_of_its_own(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": HEAD + "import os\nos.fork()\n"}, "--json")
    assert set(listed(done)) == {("GET", "/items")}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_is_ended_when_we_are_told_to_end(tmp_path: Path, number: signal.Signals, code: int):
    waiting = "import os, time\nopen('process', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    root = lay_down(tmp_path / "app", {"main.py": HEAD + waiting})
    command = [sys.executable, "-m", "fastapi_expert", "routes", str(root), "--python", sys.executable]
    ours = subprocess.Popen([*command, "--import", "main:app"], stderr=subprocess.PIPE, cwd=tmp_path)
    process = root / "process"
    while not process.exists() or not process.read_text():
        assert ours.poll() is None
        time.sleep(0.05)
    ours.send_signal(number)
    ours.communicate()
    assert ours.returncode == code
    assert has_ended(int(process.read_text()))


ASKING = "import socket\nsocket.create_connection(('192.0.2.1', 80))\n"
"""An address that is nobody's (RFC 5737)."""


def test_no_other_machine_is_reached_and_the_wish_is_told(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": HEAD + ASKING})
    assert done.code == 2
    assert "main.py:12: importing main:app raised NotReached: not connected: 192.0.2.1 is not this machine" in done.err
    assert "--network lets it reach other machines" in done.err


def test_an_import_that_does_without_the_network_is_listed_and_its_wish_told(tmp_path: Path):
    quiet = f"try:\n    {ASKING.replace(chr(10), chr(10) + '    ').rstrip()}\nexcept OSError:\n    pass\n"
    done = asked(tmp_path / "app", {"main.py": HEAD + quiet})
    assert done.code == 0
    assert "importing it asked for 192.0.2.1, which was refused" in done.err


def test_this_machine_is_reached(tmp_path: Path):
    local = """
import socket

server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(("localhost", server.getsockname()[1])).close()
"""
    assert asked(tmp_path / "app", {"main.py": HEAD + local}).code == 0


LIVING = """
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    app.get(str("/" + "late"))(lambda: 1)
    yield
    open("stopped", "w").close()

app = FastAPI(lifespan=lifespan)
"""


def test_the_lifespan_runs_when_it_is_asked_for_and_is_stopped(tmp_path: Path):
    without = json.loads(asked(tmp_path / "app", {"main.py": LIVING}, "--json").out)
    assert [row["source"] for row in without["routes"]] in ([], ["text"])
    assert not (tmp_path / "app" / "stopped").exists()
    done = asked(tmp_path / "app", {}, "--lifespan", "--json")
    assert listed(done)["GET", "/late"]["source"] in ("both", "import")
    assert (tmp_path / "app" / "stopped").exists()


def test_an_application_that_does_not_start_is_told(tmp_path: Path):
    failing = LIVING.replace("    yield\n", "    raise RuntimeError('no database')\n    yield\n")
    done = asked(tmp_path / "app", {"main.py": failing}, "--lifespan")
    assert done.code == 2
    assert "main.py:7: starting main:app raised RuntimeError: no database" in done.err
    assert "or ask without --lifespan" in done.err


SERVED = """
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles
from starlette.routing import Host, Route

app = FastAPI()
inner = FastAPI()

@app.api_route("/both", methods=["GET", "OPTIONS", "HEAD"])
def both():
    return {}

@app.websocket("/feed")
async def feed(socket: WebSocket):
    await socket.accept()

def plain(request):
    return None

app.routes.append(Route("/plain", plain))
app.mount("/static", StaticFiles(directory="."), name="static")

@inner.get("/a/{key:path}")
def deep(key: str):
    return key

app.mount("/inner", inner)
shop = FastAPI()

@shop.get("/")
def shop_home():
    return {}

app.host("shop.example.org", shop)
"""


def test_what_counts_as_a_route_is_the_same_on_both_sides(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": SERVED}, "--verify", "--json")
    assert json.loads(done.out)["differences"] == []
    assert set(listed(done)) == {
        ("GET", "/both"),
        ("OPTIONS", "/both"),
        ("HEAD", "/both"),
        ("WEBSOCKET", "/feed"),
        ("GET", "/plain"),
        ("GET", "/inner/a/{key:path}"),
        ("GET", "/"),
    }
    assert listed(done)["GET", "/"]["host"] == "shop.example.org"


def test_an_application_within_a_middleware_is_found(tmp_path: Path):
    wrapped = "class Around:\n    def __init__(self, app):\n        self.app = app\n\napp = Around(app)\n"
    assert set(listed(asked(tmp_path / "app", {"main.py": HEAD + wrapped}, "--json"))) == {("GET", "/items")}


def test_a_project_folder_named_as_our_program_is_not_hidden(tmp_path: Path):
    files = {"main.py": HEAD + "import child, process\nassert child.ours and process.ours\n"}
    files |= {"child.py": "ours = True\n", "process.py": "ours = True\n"}
    assert asked(tmp_path / "app", files).code == 0


def test_nothing_is_written_beside_the_projects_modules(tmp_path: Path):
    asked(tmp_path / "app", {"main.py": HEAD, "helper.py": ""})
    assert not list((tmp_path / "app").rglob("__pycache__"))


def test_an_interpreter_that_is_none_and_one_without_fastapi_are_told(tmp_path: Path):
    lay_down(tmp_path / "app", {"main.py": HEAD})
    done = routes(tmp_path / "app", "--import", "main:app", "--python", str(tmp_path / "nothing"))
    assert (done.code, "there is no such interpreter" in done.err) == (2, True)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    done = routes(tmp_path / "app", "--import", "main:app", "--python", str(bare))
    assert (done.code, "this interpreter has no fastapi" in done.err) == (2, True)


def test_the_projects_own_environment_is_taken(tmp_path: Path):
    root = lay_down(tmp_path / "app", {"main.py": HEAD, "pyproject.toml": "[project]\nname='x'\n"})
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
    command = [sys.executable, "-m", "fastapi_expert", "routes", str(root), "--import", "main:app"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert f"{root / '.venv/bin/python'}: this interpreter has no fastapi" in done.stderr


def test_the_program_that_others_run_needs_python_38_and_nothing_of_ours():
    text = CHILD.read_text()
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert outside == {"fastapi", "fastapi.security.base"}
    assert os.access(CHILD, os.R_OK)

"""`--import auto`: which application the text of a project says is served, and how it is imported."""

import sys
from pathlib import Path

import pytest
from applications import HEAD, asked
from shop import lay_down

from fastapi_expert.codebase import load
from fastapi_expert.environment import environment
from fastapi_expert.witness.commands import commands
from fastapi_expert.witness.entrypoints import entrypoints
from fastapi_expert.witness.model import Application

PACKAGE = {
    "app/__init__.py": "",
    "app/main.py": HEAD.replace("app = FastAPI()", "from app import core\n\napp = FastAPI()"),
}
PACKAGE |= {"app/core.py": ""}


def found(root: Path, files: dict[str, str]) -> list[Application]:
    return entrypoints(load(lay_down(root, files), cache=False))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.fastapi]\nentrypoint = "app.main:app"\n'),
        ("pyproject.toml", '[tool.poe.tasks]\nserve = "uvicorn app.main:app --reload"\n'),
        ("Dockerfile", 'FROM python:3.12\nWORKDIR /srv\nCMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]\n'),
        (
            "deploy/api.Dockerfile",
            "CMD exec gunicorn --bind :8000 \\\n    -k uvicorn.workers.UvicornWorker \\\n    app.main:app\n",
        ),
        ("Dockerfile", 'CMD [\n  "fastapi",\n  "run",\n  "app/main.py"\n]\n'),
        ("compose.yaml", "services:\n  api:\n    command:\n      - uvicorn\n      - app.main:app\n      - --port=80\n"),
        (
            "docker-compose.yml",
            "services:\n  api:\n    command: >\n      sh -c 'alembic upgrade head &&\n      uvicorn app.main:app'\n",
        ),
        (
            "k8s/deployment.yaml",
            "containers:\n  - name: api\n    command: [hypercorn]\n    args: [app.main:app, --bind, 0.0.0.0:80]\n",
        ),
        (
            "Procfile",
            "web: gunicorn -w 4 -k uvicorn.workers.UvicornWorker app.main:app\nworker: celery -A app worker\n",
        ),
        ("Makefile", "run:\n\t.venv/bin/uvicorn app.main:app --port $(PORT)\n"),
        ("justfile", "dev:\n    uv run fastapi dev app/main.py\n"),
        ("Taskfile.yml", "tasks:\n  dev:\n    cmds:\n      - granian --interface asgi app.main:app\n"),
        ("package.json", '{"scripts": {"api": "cd . && python -m uvicorn app.main:app --reload"}}\n'),
        ("scripts/start.sh", '#!/bin/sh\nexec uvicorn "${APP_MODULE:-app.main:app}" --host 0.0.0.0\n'),
        ("run.py", 'import uvicorn\n\nif __name__ == "__main__":\n    uvicorn.run("app.main:app", reload=True)\n'),
        ("serve.py", "import uvicorn\nfrom app.main import app\n\ndef main():\n    uvicorn.run(app, port=80)\n"),
        (
            "serve.py",
            "from uvicorn import Config, Server\nfrom app import main\n\nServer(Config(app=main.app)).run()\n",
        ),
        ("README.md", "```sh\nuvicorn app.main:app --reload\n```\n"),
    ],
)
def test_the_entry_point_is_read_where_projects_write_it(tmp_path: Path, name: str, text: str):
    first = found(tmp_path, {**PACKAGE, name: text})[0]
    assert (first.module, first.attribute or "app", first.file) == ("app.main", "app", "app/main.py")
    assert (first.folder, first.paths) == ("deploy" if name.startswith("deploy") else "", ("",)) or first.paths[0] == ""
    assert first.place is not None
    assert first.place.path == name


def test_without_any_the_application_of_the_text_is_taken_and_said_to_be_that(tmp_path: Path):
    only = found(tmp_path, PACKAGE)
    assert [(one.name, one.said) for one in only] == [("app.main:app", "where it is made")]


@pytest.mark.parametrize(
    ("maker", "value"),
    [
        ("def make(settings):\n    app = FastAPI()\n    return app\n", "make({})"),
        ("class Server:\n    def __init__(self, settings):\n        self.app = FastAPI()\n", "Server({}).app"),
        (
            "class Server:\n    def __init__(self, settings):\n        self._app = FastAPI()\n\n"
            "    def app(self):\n        return self._app\n\n\nserver = Server({})\n",
            "server.app()",
        ),
        (
            "class Builder:\n    def title(self, text):\n        return self\n\n"
            "    def create(self):\n        made = FastAPI()\n        return made\n",
            "Builder().title('Shop').create()",
        ),
    ],
)
def test_a_name_for_what_a_function_with_arguments_or_a_class_makes_is_an_application(
    tmp_path: Path, maker: str, value: str
):
    imported = value.partition("(")[0].partition(".")[0]
    files = {
        "shop/__init__.py": "",
        "shop/making.py": f"from fastapi import FastAPI\n\n\n{maker}",
        "shop/main.py": f"from shop.making import {imported}\n\napp = {value}\n",
    }
    first = found(tmp_path, files)[0]
    assert (first.name, first.file, first.place and first.place.line) == ("shop.main:app", "shop/main.py", 3)
    assert asked(tmp_path, {}, "--import", "auto").code == 0


@pytest.mark.parametrize("value", ["Server({})", "Server({}).settings", "wrap(Server({}).app)", "len"])
def test_a_name_for_something_else_of_what_makes_an_application_is_none(tmp_path: Path, value: str):
    text = "class Server:\n    def __init__(self, settings):\n        self.settings, self.app = settings, FastAPI()\n"
    files = {"main.py": f"from fastapi import FastAPI\n\n\n{text}\n\ndef wrap(app): ...\n\n\nfirst = {value}\n"}
    assert not found(tmp_path, files)


def test_a_name_that_only_the_program_binds_stands_for_what_makes_it(tmp_path: Path):
    text = "from fastapi import FastAPI\n\n\ndef make():\n    return FastAPI()\n\n\nif __name__ == '__main__':\n"
    main = text + "    import uvicorn\n\n    app = make()\n    uvicorn.run(app)\n"
    assert [one.name for one in found(tmp_path, {"main.py": main})] == ["main:make()"]


def test_a_name_comes_before_the_function_that_makes_what_it_holds(tmp_path: Path):
    factory = "from fastapi import FastAPI\n\n\ndef make():\n    return FastAPI()\n"
    late = "\n\n@app.get('/')\ndef home(): ...\n"
    beside = {"main.py": f"{factory}\n\napp = make()\n{late}"}
    assert [one.name for one in found(tmp_path / "one", beside)] == ["main:app", "main:make()"]
    apart = {
        "web/__init__.py": "",
        "web/factory.py": factory,
        "web/main.py": f"from web.factory import make\n\napp = make()\n{late}",
    }
    small = {"other.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}
    assert found(tmp_path / "two", {**small, **apart})[0].name == "web.main:app"


def test_a_factory_is_found_by_its_flag_by_its_call_and_by_what_it_makes(tmp_path: Path):
    files = {
        "shop/__init__.py": "",
        "shop/web.py": "from fastapi import FastAPI\n\ndef create_app():\n    return FastAPI()\n",
    }
    for name, text in (
        ("Procfile", "web: uvicorn --factory shop.web:create_app\n"),
        ("Procfile", 'web: gunicorn "shop.web:create_app()" -k uvicorn.workers.UvicornWorker\n'),
        ("run.py", "import uvicorn\nfrom shop.web import create_app\n\nuvicorn.run(create_app())\n"),
        ("run.py", "import uvicorn\n\nuvicorn.run('shop.web:create_app', factory=True)\n"),
        (
            "run.py",
            "import uvicorn\nfrom shop import web\n\ndef main():\n    app = web.create_app()\n    uvicorn.run(app)\n",
        ),
        ("setup.py", ""),
    ):
        root = tmp_path / str(abs(hash(text)))
        assert found(root, {**files, name: text})[0].name == "shop.web:create_app()"


def test_a_factory_that_needs_arguments_is_not_offered(tmp_path: Path):
    files = {"web.py": "from fastapi import FastAPI\n\ndef create_app(settings):\n    return FastAPI()\n"}
    assert found(tmp_path, files) == []
    done = asked(tmp_path, files, "--import", "auto")
    assert done.code == 2
    assert "nothing here says which application is served" in done.err
    assert "name it: --import module:app, or module:make_app()" in done.err


@pytest.mark.parametrize(
    ("files", "module", "folder", "path"),
    [
        (
            {"backend/Dockerfile": "WORKDIR /app\nCMD uvicorn main:app\n", "backend/main.py": HEAD},
            "main",
            "backend",
            "backend",
        ),
        (
            {"Makefile": "run:\n\tcd backend && uvicorn main:app\n", "backend/main.py": HEAD},
            "main",
            "backend",
            "backend",
        ),
        (
            {"Procfile": "web: uvicorn --app-dir api main:app\n", "api/main.py": HEAD, "web/main.py": HEAD},
            "main",
            "api",
            "api",
        ),
        (
            {
                "pyproject.toml": "",
                "Procfile": "web: uvicorn shop.main:app\n",
                "src/shop/__init__.py": "",
                "src/shop/main.py": HEAD,
            },
            "shop.main",
            "",
            "src",
        ),
        (
            {"Dockerfile": "ENV PYTHONPATH=/app/lib\nCMD uvicorn main:app\n", "lib/main.py": HEAD, "old/main.py": HEAD},
            "main",
            "",
            "lib",
        ),
    ],
)
def test_the_folder_that_a_module_is_imported_from_is_read_too(
    tmp_path: Path, files: dict[str, str], module: str, folder: str, path: str
):
    first = found(tmp_path, files)[0]
    assert (first.module, first.folder, first.paths[0]) == (module, folder, path)


def test_a_service_of_a_compose_file_is_built_from_its_own_folder(tmp_path: Path):
    compose = """
services:
  users:
    build: ./users
    command: uvicorn main:app
  orders:
    build:
      context: ./orders
    command: uvicorn main:app
"""
    files = {"compose.yaml": compose, "users/main.py": HEAD, "orders/main.py": HEAD, "aaa/main.py": HEAD}
    started = [one.file for one in found(tmp_path, files) if one.place is not None and one.place.path == "compose.yaml"]
    assert sorted(map(str, started)) == ["orders/main.py", "users/main.py"]


def test_a_package_without_init_is_imported_from_where_its_own_imports_start(tmp_path: Path):
    files = {"service/main.py": "from service import core\n" + HEAD, "service/core.py": "", "pyproject.toml": ""}
    first = found(tmp_path, files)[0]
    assert (first.module, first.paths[0]) == ("service.main", "")


def test_the_most_credible_comes_first_and_the_others_are_named(tmp_path: Path):
    other = HEAD.replace("/items", "/other")
    files = {
        **PACKAGE,
        "tools/preview.py": other + "import uvicorn\n\nuvicorn.run(app)\n",
        "examples/small.py": other,
        "README.md": "uvicorn examples.small:app\n",
        "Dockerfile": 'CMD ["uvicorn", "app.main:app"]\n',
    }
    names = [one.name for one in found(tmp_path, files)]
    assert names[0] == "app.main:app"
    assert "preview:app" in names[1]
    done = asked(tmp_path, {}, "--import", "auto")
    assert done.code == 0
    assert "asked app.main:app, as Dockerfile:1 says" in done.err
    assert "other applications that the text names: " in done.err


def test_what_other_peoples_pages_and_package_data_start_does_not_come_first(tmp_path: Path):
    files = {
        **PACKAGE,
        "app/templates/start.sh": "uvicorn gateway.web:app\n",
        "gateway/web.py": HEAD,
        "README.md": "Like `uvicorn example:app`\n",
        "serve.py": "import uvicorn\n\nuvicorn.run('app.main:app')\n",
    }
    assert found(tmp_path, files)[0].name == "app.main:app"


def test_a_program_that_a_container_runs_is_more_credible_than_one_that_nothing_runs(tmp_path: Path):
    files = {
        **PACKAGE,
        "zz/live.py": "import uvicorn\n\nuvicorn.run('app.main:app')\n",
        "aa/preview.py": HEAD + "import uvicorn\n\nuvicorn.run(app)\n",
        "Dockerfile": 'CMD ["python", "zz/live.py"]\n',
    }
    first = found(tmp_path, files)[0]
    assert (first.name, str(first.place)) == ("app.main:app", "Dockerfile:1")


def test_a_host_and_port_are_no_application():
    assert list(commands("uvicorn --host 0.0.0.0:80 localhost:8000\nimage: uvicorn:latest\n")) == []


def test_auto_asks_what_it_found(tmp_path: Path):
    files = {**PACKAGE, "Dockerfile": 'CMD ["uvicorn", "app.main:app"]\n'}
    done = asked(tmp_path, files, "--import", "auto", "--verify")
    assert (done.code, done.out.strip()) == (0, "1 route, the same in the text and in the application")


def test_environments_of_any_name_and_of_conda_and_poetry_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    for name in ("POETRY_CACHE_DIR", "CONDA_EXE", "CONDA_ROOT", "MAMBA_ROOT_PREFIX", "UV_PROJECT_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    named = lay_down(tmp_path / "named", {"py312/pyvenv.cfg": ""})
    assert environment(named, named).prefix == named / "py312"
    conda = lay_down(tmp_path / "conda", {"environment.yml": "name: shop-env\ndependencies: []\n"})
    prefix = tmp_path / "home/miniconda3/envs/shop-env"
    (prefix / ("Scripts" if sys.platform == "win32" else "bin")).mkdir(parents=True)
    assert environment(conda, conda).prefix == prefix


def test_the_poetry_environment_is_found_without_poetry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    root = lay_down(tmp_path / "shop", {"poetry.lock": "", "pyproject.toml": "[tool.poetry]\nname='shop'\n"})
    digest = urlsafe_b64encode(sha256(str(root).encode()).digest()).decode()[:8]
    prefix = tmp_path / f"cache/virtualenvs/shop-{digest}-py3.12"
    lay_down(prefix, {"pyvenv.cfg": ""})
    monkeypatch.setenv("POETRY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/nowhere")
    assert environment(root, root).prefix == prefix

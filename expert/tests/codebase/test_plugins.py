"""Routers that an application finds when it starts: folders walked, data files read, modules imported by name."""

import os
from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.codebase.codebase import refresh

from .projects import read, running_table, table, write

ROUTER = """
    from fastapi import APIRouter
    {name} = APIRouter()
    @{name}.get("/{word}")
    def get(): ...
"""


def router(word: str, name: str = "router") -> str:
    return ROUTER.replace("{name}", name).replace("{word}", word)


LOADER = """
    import importlib
    import os
    import tomllib
    from dataclasses import dataclass
    from pathlib import Path

    from fastapi import APIRouter

    PLUGINS = Path(__file__).resolve().parent / "plugins"

    @dataclass
    class Plugin:
        name: str
        routers: list[str]
        prefix: str = ""
        after: str | None = None

    def names():
        found = []
        for item in os.listdir(PLUGINS):
            if os.path.isdir(PLUGINS / item) and "__init__.py" in os.listdir(PLUGINS / item):
                found.append(item)
        return tuple(sorted(found))

    def described(name):
        with open(PLUGINS / name / "plugin.toml", "rb") as file:
            said = tomllib.load(file)
        if not said["plugin"].get("enabled", True):
            return None
        return Plugin(name=name, routers=said["app"]["routers"], prefix=said["app"].get("prefix", ""),
                      after=said["plugin"].get("after"))

    def in_order(plugins):
        by_name = {plugin.name: plugin for plugin in plugins}
        done: set[str] = set()
        ordered: list[Plugin] = []

        def visit(plugin):
            if plugin.name in done:
                return
            if plugin.after is not None:
                visit(by_name[plugin.after])
            done.add(plugin.name)
            ordered.append(plugin)

        for plugin in plugins:
            visit(plugin)
        return ordered

    def inject(plugin, target):
        for root, _, files in os.walk(PLUGINS / plugin.name / "api"):
            for file in files:
                if not (file.endswith(".py") and file != "__init__.py"):
                    continue
                inner = os.path.relpath(os.path.join(root, file), PLUGINS).replace(os.sep, ".")[:-3]
                module = importlib.import_module(f"plugins.{inner}")
                for name in plugin.routers:
                    found = getattr(module, name, None)
                    if not found or not isinstance(found, APIRouter):
                        raise RuntimeError(name)
                    target.include_router(found, prefix=plugin.prefix)

    def build():
        target = APIRouter(prefix="/api")
        plugins = [one for one in map(described, names()) if one is not None]
        for plugin in in_order([one for name in names() if (one := described(name)) is not None]):
            inject(plugin, target)
        return target
"""
PLUGINS = {
    "main.py": """
        from fastapi import FastAPI
        from loader import build
        app = FastAPI()
        app.include_router(build())
    """,
    "loader.py": LOADER,
    "plugins/__init__.py": "",
    "plugins/notes.txt/keep.me": "",
    "plugins/dict/__init__.py": "",
    "plugins/dict/plugin.toml": '[plugin]\nafter = "mail"\n[app]\nrouters = ["router", "more"]\nprefix = "/dict"\n',
    "plugins/dict/api/__init__.py": "",
    "plugins/dict/api/words.py": router("words") + router("more-words", "more"),
    "plugins/mail/__init__.py": "",
    "plugins/mail/plugin.toml": '[plugin]\nname = "mail"\n[app]\nrouters = ["router"]\n',
    "plugins/mail/api/v1/__init__.py": "",
    "plugins/mail/api/v1/mails.py": router("mails/{id}"),
    "plugins/off/__init__.py": "",
    "plugins/off/plugin.toml": '[plugin]\nenabled = false\n[app]\nrouters = ["router"]\n',
    "plugins/off/api/never.py": router("never"),
}


def test_plugins_described_by_toml_files_are_served_as_the_running_application_serves_them(tmp_path: Path) -> None:
    codebase = read(tmp_path, PLUGINS)
    running = running_table(tmp_path, "main:app")
    assert set(running) == {("GET", "/api/dict/words"), ("GET", "/api/dict/more-words"), ("GET", "/api/mails/{id}")}
    assert table(codebase) == running
    assert [problem.path for problem in codebase.inventory.problems] == ["plugins/off/api/never.py"]


def test_a_changed_data_file_is_seen_without_a_change_of_any_python_file(tmp_path: Path) -> None:
    before = load(write(tmp_path, PLUGINS))
    assert ("GET", "/api/dict/words") in table(before)
    description = tmp_path / "plugins/dict/plugin.toml"
    description.write_text(description.read_text().replace('prefix = "/dict"', 'prefix = "/dictionary"'))
    after = refresh(before)
    assert ("GET", "/api/dictionary/words") in table(after)
    assert refresh(after) is after
    assert ("GET", "/api/dictionary/words") in table(load(tmp_path)), "the cache knows better than the file"


@pytest.mark.parametrize("text", ["[plugin\n", "", "[app]\nrouters = 3\n", "\0"])
def test_a_data_file_that_says_nothing_useful_costs_its_own_routes_only(tmp_path: Path, text: str) -> None:
    codebase = read(tmp_path, {**PLUGINS, "plugins/dict/plugin.toml": text})
    assert not any("dict" in path for _, path in table(codebase))
    assert codebase.inventory.problems


def test_data_outside_the_codebase_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text('routers = ["router"]\n')
    root = tmp_path / "project"
    files = {
        "main.py": """
            import tomllib
            from importlib import import_module
            from pathlib import Path
            from fastapi import FastAPI
            app = FastAPI()
            for name in tomllib.loads((Path(__file__).parent / "linked.toml").read_text())["routers"]:
                app.include_router(getattr(import_module("part"), name))
        """,
        "part.py": router("part"),
    }
    write(root, files)
    os.symlink(tmp_path / "outside.toml", root / "linked.toml")
    assert table(load(root, cache=False)) == {}
    (root / "linked.toml").unlink()
    (root / "linked.toml").write_text('routers = ["router"]\n')
    assert table(load(root, cache=False)) == {("GET", "/part"): 1}


def test_what_only_some_branch_adds_to_a_list_is_a_problem_and_never_a_guess(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                from fastapi import FastAPI
                from parts import admin, public

                app = FastAPI()
                routers = [public.router]
                if os.environ["ADMIN"]:
                    routers.append(admin.router)
                for router in routers:
                    app.include_router(router)
            """,
            "parts/__init__.py": "",
            "parts/admin.py": router("admin"),
            "parts/public.py": router("public"),
        },
    )
    assert table(codebase) == {("GET", "/public"): 1}
    assert any(problem.path == "main.py" and "condition" in problem.message for problem in codebase.inventory.problems)


def test_a_function_that_raises_gives_nothing_to_build_on(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import FastAPI
                from part import chosen

                app = FastAPI()
                app.include_router(chosen("other"))
            """,
            "part.py": router("part")
            + """
    def chosen(kind):
        if kind == "router":
            return router
        raise ValueError(kind)
""",
        },
    )
    assert table(codebase) == {}
    assert any("chosen() raises" in problem.message for problem in codebase.inventory.problems)


@pytest.mark.parametrize(
    "names",
    [
        '[".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted((ROOT / "parts").rglob("v*.py"))]',
        'json.loads((ROOT / "parts.json").read_text())["modules"]',
        'yaml.safe_load(open(os.path.join(os.path.dirname(__file__), "parts.yaml")))',
    ],
)
def test_modules_named_by_files_are_found(tmp_path: Path, names: str) -> None:
    files = {
        "main.py": f"""
            import importlib
            import inspect
            import json
            import os
            from pathlib import Path

            import yaml
            from fastapi import APIRouter, FastAPI

            ROOT = Path(__file__).parent
            app = FastAPI()
            for name in {names}:
                for _, value in inspect.getmembers(importlib.import_module(name)):
                    if isinstance(value, APIRouter):
                        app.include_router(value)
        """,
        "parts/__init__.py": "",
        "parts/v1.py": router("one", "first"),
        "parts/deep/__init__.py": "",
        "parts/deep/v2.py": router("two", "second"),
        "parts.json": '{"modules": ["parts.v1", "parts.deep.v2"]}',
        "parts.yaml": "- parts.v1\n- parts.deep.v2\n",
    }
    codebase = read(tmp_path, files)
    assert table(codebase) == running_table(tmp_path, "main:app") == {("GET", "/one"): 1, ("GET", "/two"): 1}


def test_without_the_data_files_what_is_known_anyway_is_served(tmp_path: Path) -> None:
    computes = "\n".join(f"        total = total + {number}" for number in range(60))
    files = {path: text for path, text in PLUGINS.items() if not path.endswith(".toml")}
    files["main.py"] = """
        from fastapi import FastAPI
        from loader import build
        from slow import weigh

        def create_app():
            app = FastAPI()
            @app.get("/health")
            def health(): ...
            weigh()
            app.include_router(build())
            return app

        app = create_app()
    """
    files["slow.py"] = f"def weigh():\n    total = 0\n    for each in range(1, 400):\n{computes}\n    return total\n"
    codebase = read(tmp_path, files)
    assert table(codebase) == {("GET", "/health"): 1}
    assert codebase.inventory.problems

"""The inventory that is kept between runs is the one that reading everything again gives."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.codebase.link import linking
from fastapi_expert.store import cache_of

from .projects import write

SHOP = {
    "pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['fastapi>=0.110']\n",
    "shop/__init__.py": "",
    "shop/main.py": """
        import json
        from pathlib import Path
        from fastapi import FastAPI
        from shop import books
        from shop.access import Guard
        from shop.plugins import PLUGINS

        app = FastAPI()
        app.add_middleware(Guard)
        app.include_router(books.router, prefix="/books")
        for name in json.loads((Path(__file__).parent / "paths.json").read_text()):
            app.add_api_route(f"/{name}", books.listed)
        for plugin in PLUGINS:
            app.include_router(plugin)
        """,
    "shop/plugins.py": "PLUGINS = []\n",
    "shop/paths.json": '["first", "second"]',
    "shop/settings.py": """
        from pydantic_settings import BaseSettings

        class Settings(BaseSettings):
            guarded: bool = False

        settings = Settings()
        """,
    "shop/access.py": """
        from fastapi import HTTPException, Request
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware
        from shop.settings import settings

        OPEN = ["/books"]

        class Guard(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next):
                if settings.guarded and request.url.path not in OPEN and "authorization" not in request.headers:
                    return JSONResponse({}, status_code=401)
                return await call_next(request)

        def person(request: Request):
            if "authorization" not in request.headers:
                raise HTTPException(401)
        """,
    "shop/books.py": """
        from fastapi import APIRouter, Depends
        from pydantic import BaseModel
        from shop.access import person

        router = APIRouter(tags=["books"])

        class Book(BaseModel):
            title: str

        @router.get("", response_model=list[Book])
        def listed(): ...

        @router.post("", dependencies=[Depends(person)], status_code=201)
        def made(book: Book): ...
        """,
    "tests/test_books.py": """
        def test_listed(client):
            client.get("/books")
        """,
}

CHANGES = [
    ("shop/access.py", "HTTPException(401)", "HTTPException(404)"),
    ("shop/access.py", "raise HTTPException", "return HTTPException"),
    ("shop/access.py", 'OPEN = ["/books"]', 'OPEN = ["/books", "/first"]'),
    ("shop/settings.py", "guarded: bool = False", "guarded: bool = True"),
    ("shop/books.py", "dependencies=[Depends(person)], ", ""),
    ("shop/books.py", "title: str", "title: str = 'untitled'"),
    ("shop/books.py", "class Book(BaseModel)", "class Book(dict)"),
    ("shop/main.py", 'prefix="/books"', 'prefix="/volumes"'),
    ("shop/main.py", "app.add_middleware(Guard)", "pass"),
    ("shop/paths.json", '"second"', '"second", "third"'),
    ("shop/plugins.py", "PLUGINS = []", "from shop.extra import router\nPLUGINS = [router]"),
    ("tests/test_books.py", 'client.get("/books")', 'client.post("/books")'),
    ("pyproject.toml", "fastapi>=0.110", "fastapi>=0.140"),
]
EXTRA = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/extra')\ndef extra(): ...\n"


def swapped(change: tuple[str, str, str]) -> Callable[[Path], None]:
    """Makes the change, or takes it back."""
    path, old, new = change

    def act(root: Path) -> None:
        text = (root / path).read_text()
        (root / path).write_text(text.replace(new, old, 1) if new and new in text else text.replace(old, new, 1))

    return act


def added_or_removed(root: Path) -> None:
    file = root / "shop/extra.py"
    file.unlink() if file.exists() else file.write_text(EXTRA)


def touched(root: Path) -> None:
    (root / "shop/access.py").touch()


@pytest.mark.parametrize("seed", range(4))
def test_after_any_edits_what_is_kept_is_what_reading_everything_again_gives(seed: int, tmp_path: Path) -> None:
    write(tmp_path, SHOP)
    chance = random.Random(seed)
    for _ in range(12):
        for act in chance.sample([*map(swapped, CHANGES), added_or_removed, touched], chance.randint(0, 2)):
            act(tmp_path)
        warm, again, cold = load(tmp_path), load(tmp_path), load(tmp_path, cache=False)
        assert warm.inventory == cold.inventory
        assert again.inventory == cold.inventory
        assert again.served == cold.served


def test_what_has_not_changed_is_not_linked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(write(tmp_path, SHOP)).inventory
    assert len(first.routes) == 4

    def linked_again(*_: object, **__: object) -> None:
        raise AssertionError("linked again")

    monkeypatch.setattr(linking, "link", linked_again)
    assert load(tmp_path).inventory == first
    (tmp_path / "shop/paths.json").write_text(json.dumps(["first"]))
    with pytest.raises(AssertionError, match="linked again"):
        _ = load(tmp_path).inventory


def test_a_data_file_that_was_asked_for_and_comes_later_is_seen(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import json
            from pathlib import Path
            from fastapi import FastAPI

            app = FastAPI()
            try:
                for name in json.loads((Path(__file__).parent / "paths.json").read_text()):
                    app.add_api_route(f"/{name}", dict)
            except FileNotFoundError:
                pass
            """
    }
    root = write(tmp_path, files)
    assert load(root).inventory == load(root, cache=False).inventory
    (root / "paths.json").write_text('["late"]')
    warm, cold = load(root).inventory, load(root, cache=False).inventory
    assert [route.path for route in warm.routes] == ["/late"]
    assert warm == cold


def test_what_is_no_python_is_among_what_is_kept(tmp_path: Path) -> None:
    root = write(tmp_path, {**SHOP, "shop/broken.py": "def broken(:\n"})
    cold, warm = load(root).inventory, load(root)
    assert any(one.path == "shop/broken.py" for one in cold.problems)
    assert warm.inventory == cold
    assert not warm.files.at_hand(
        {path: digest for path, (_, digest) in warm.scan.stamps.items()}
    )  # nothing is decoded


def test_what_is_damaged_is_read_again(tmp_path: Path) -> None:
    first = load(write(tmp_path, SHOP))
    assert first.inventory.routes
    cache = first.cache
    assert cache is not None
    kept = cache.get_blob("inventory")
    assert kept is not None
    cache.put_blob("inventory", kept[:-40] + b"0" * 40)
    assert load(tmp_path).inventory == first.inventory
    assert cache_of(tmp_path).is_dir()

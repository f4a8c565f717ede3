"""The inventory that is kept between runs is the one that reading everything again gives."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from edits import Editor

from fastapi_expert.codebase import Codebase, load
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


@pytest.mark.parametrize("seed", range(3))
def test_after_edits_as_people_make_them_the_inventory_is_a_fresh_one(shop: Path, seed: int) -> None:
    editor = Editor(shop, seed)
    done: list[str] = []
    followed = 0
    _ = load(shop).inventory
    for _ in range(15):
        done.append(editor.edit())
        warm, cold = load(shop), load(shop, cache=False)
        for part in ("components", "routes", "problems"):
            assert getattr(warm.inventory, part) == getattr(cold.inventory, part), f"{part} after {done}"
        assert warm.served == cold.served
        followed += "_linked" not in vars(warm)
    assert followed, "some edits are harmless"


BILLING = {
    "app/__init__.py": "",
    "app/main.py": """
        from fastapi import Depends, FastAPI, HTTPException, Request
        from app.billing import Invoice, charge, total

        app = FastAPI()

        def signed_in(request: Request):
            if not known(request):
                raise HTTPException(401)

        def known(request):
            return "authorization" in request.headers

        @app.get("/total", dependencies=[Depends(signed_in)])
        def read_total(): ...

        @app.post("/charge")
        def make_charge(invoice: Invoice):
            return charge(invoice)
        """,
    "app/billing.py": """
        from pydantic import BaseModel

        class Invoice(BaseModel):
            amount: int

        def charge(invoice):
            return total([invoice])

        def total(invoices):
            return sum(one.amount for one in invoices)

        class BillingService:
            def send(self, invoice: Invoice):
                return invoice
        """,
}


def edited(root: Path, path: str, old: str, new: str) -> tuple[Codebase, Codebase]:
    """The codebase after an edit, as it is followed and as it is read anew."""
    _ = load(root).inventory
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))
    return load(root), load(root, cache=False)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("app/billing.py", "return invoice\n", "return invoice.amount\n"),
        ("app/billing.py", "return invoice\n", "checked = total([invoice])\n        return checked\n"),
        (
            "app/billing.py",
            "class BillingService:",
            "def doubled(amount):\n    return 2 * amount\n\nclass BillingService:",
        ),
        ("app/billing.py", "def charge(invoice):", 'def charge(invoice):\n    """Take the money."""'),
    ],
)
def test_an_edit_that_nothing_hangs_on_is_followed_without_linking(
    tmp_path: Path, path: str, old: str, new: str
) -> None:
    warm, cold = edited(write(tmp_path, BILLING), path, old, new)
    assert warm.inventory == cold.inventory
    assert "_linked" not in vars(warm)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("app/main.py", 'return "authorization" in request.headers', "return True"),
        ("app/main.py", "raise HTTPException(401)", "pass"),
        ("app/main.py", "return charge(invoice)", "raise HTTPException(401)"),
        ("app/billing.py", "return total([invoice])", "raise PermissionError"),
        ("app/billing.py", "amount: int", "amount: int\n    currency: str"),
        ("app/billing.py", "from pydantic import BaseModel", "from pydantic import BaseModel\n\n"),
        ("app/billing.py", "return invoice\n", "return invoice +\n"),
    ],
)
def test_an_edit_that_something_hangs_on_is_seen(tmp_path: Path, path: str, old: str, new: str) -> None:
    warm, cold = edited(write(tmp_path, BILLING), path, old, new)
    assert warm.inventory == cold.inventory


GUARDED = {
    "app/__init__.py": "",
    "app/main.py": """
        from fastapi import FastAPI
        from app import orders

        app = FastAPI()
        app.include_router(orders.router)
        """,
    "app/access.py": """
        from fastapi import HTTPException, Request

        def signed_in(request: Request):
            if "authorization" not in request.headers:
                raise HTTPException(401)
        """,
    "app/orders.py": """
        from typing import Annotated
        from fastapi import APIRouter, Depends
        from app.access import signed_in

        Caller = Annotated[str, Depends(signed_in)]
        router = APIRouter(prefix="/orders", dependencies=[Depends(limited)])

        def described(order): return str(order)

        @router.get("/")
        def read_orders(who: Caller):
            return []

        @router.post("/")
        def make_order(
            order: dict,
            who=Depends(signed_in),
        ):
            return described(order)

        @router.get("/open")
        def read_open():
            return described({})
        """,
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from typing", "# what people order\nfrom typing"),
        ("Caller =", "import logging\n\nlog = logging\n\nCaller ="),
        ("def described", "def counted(orders):\n    return len(orders)\n\ndef described"),
        ("return []", "found = []\n    return found"),
        ("    order: dict,\n", "    order: dict,\n\n    # who asks for it\n"),
        ("    order: dict,\n    who", "    order: dict, who"),
        ("def described(order): return", "def described(order):\n    return"),
        ("# what", "\n# what"),
    ],
)
def test_routes_and_what_guards_them_move_with_their_lines(tmp_path: Path, old: str, new: str) -> None:
    files = dict(GUARDED)
    if old not in files["app/orders.py"]:
        files["app/orders.py"] = files["app/orders.py"].replace("from typing", f"{old} people order\nfrom typing")
    warm, cold = edited(write(tmp_path, files), "app/orders.py", old, new)
    assert warm.inventory == cold.inventory
    assert warm.served == cold.served


def test_lines_that_are_put_above_routes_are_followed_without_linking(tmp_path: Path) -> None:
    root = write(tmp_path, GUARDED)
    for old, new in (
        ("def described", "def counted(orders):\n    return len(orders)\n\ndef described"),
        ("from typing", "# what people order\n\nfrom typing"),
    ):
        warm, cold = edited(root, "app/orders.py", old, new)
        assert warm.inventory == cold.inventory
        assert "_linked" not in vars(warm)
    assert {one.protection for one in warm.inventory.routes} >= {"required"}


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

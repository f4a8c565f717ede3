"""A setting that decides, where an application is put together, who is let in: it is named, with how it ships."""

from pathlib import Path

import pytest

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.link import linking

from .projects import read

NAMES_AND_BRANCHES = """
    import os

    from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Security
    from fastapi.security import OAuth2PasswordBearer
    from pydantic_settings import BaseSettings
    from starlette.middleware.base import BaseHTTPMiddleware

    class Settings(BaseSettings):
        auth_enabled: bool = False

    settings = Settings()
    bearer = OAuth2PasswordBearer(tokenUrl="/token")

    def real(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)
        return "real"

    def fake():
        return "fake"

    app = FastAPI()
    r1 = APIRouter(dependencies=[Depends(real)] if settings.auth_enabled else [])

    @r1.get("/1")
    def one(): ...

    app.include_router(r1)
    r2 = APIRouter()

    @r2.get("/2")
    def two(): ...

    if settings.auth_enabled:
        app.include_router(r2, dependencies=[Depends(real)])
    else:
        app.include_router(r2)

    user = real if settings.auth_enabled else fake

    @app.get("/3", dependencies=[Depends(user)])
    def three(): ...

    if settings.auth_enabled:

        def person(request: Request):
            if "authorization" not in request.headers:
                raise HTTPException(401)
    else:

        def person():
            return None

    @app.get("/4", dependencies=[Depends(person)])
    def four(): ...

    def guards():
        return [Depends(real)] if settings.auth_enabled else []

    @app.get("/5", dependencies=guards())
    def five(): ...

    async def current(token: str = Depends(bearer) if settings.auth_enabled else ""):
        if not settings.auth_enabled:
            return "x"
        return token

    class RBAC:
        def __init__(self, role):
            self.role = role

        async def __call__(self, user=Security(current)):
            if not settings.auth_enabled:
                return user
            if self.role not in user:
                raise HTTPException(403)

    @app.get("/6", dependencies=[Depends(RBAC("a"))])
    def six(): ...

    deps = []
    if settings.auth_enabled:
        deps.append(Depends(real))

    @app.get("/7", dependencies=deps)
    def seven(): ...

    sub = FastAPI()

    class Gate(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            if "authorization" not in request.headers:
                raise HTTPException(401)
            return await call_next(request)

    if settings.auth_enabled:
        sub.add_middleware(Gate)

    @sub.get("/8")
    def eight(): ...

    app.mount("/sub", sub)

    if os.getenv("AUTH", "0") == "1":
        verify = real
    else:
        verify = fake

    @app.get("/9", dependencies=[Depends(verify)])
    def nine(): ...



    open_ = APIRouter()

    @open_.get("/open")
    def free(): ...

    app.include_router(open_)
"""

LISTS = """
    from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
    from pydantic_settings import BaseSettings

    class Settings(BaseSettings):
        mode: str = "open"
        closed: bool = False

    settings = Settings()

    def real(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)

    def chosen():
        if settings.mode == "open":
            return []
        return [Depends(real)]

    app = FastAPI(dependencies=[Depends(real)] if settings.closed else [])

    @app.get("/1")
    def one(): ...

    sub = FastAPI(dependencies=chosen())

    @sub.get("/2")
    def two(): ...

    app2 = FastAPI()
    r = APIRouter()

    @r.get("/3")
    def three(): ...

    app2.include_router(r, dependencies=chosen())
    r4 = APIRouter()

    @r4.get("/4")
    def four(): ...

    app2.include_router(r4, dependencies=[Depends(real)] if settings.mode != "open" else None)
    app2.mount("/sub", sub)
    kw = {"dependencies": [Depends(real)]} if settings.closed else {}
    r5 = APIRouter(**kw)

    @r5.get("/5")
    def five(): ...

    app2.include_router(r5)
"""


def said(root: Path, files: dict[str, str]) -> dict[str, tuple[str, str | None, bool | None]]:
    routes = read(root, files).inventory.routes
    return {one.path: (one.protection, one.when and one.when.setting, one.when and one.when.open) for one in routes}


def test_names_branches_calls_and_middleware_that_a_setting_decides(tmp_path: Path) -> None:
    by_setting = ("required", "Settings.auth_enabled", True)
    expected = {f"/{number}": by_setting for number in range(1, 8)}
    expected |= {"/sub/8": by_setting, "/9": ("required", "AUTH", True), "/open": ("none", None, None)}
    assert said(tmp_path, {"main.py": NAMES_AND_BRANCHES}) == expected


def test_what_is_closed_as_shipped_names_the_setting_that_opens_it(tmp_path: Path) -> None:
    shipped = NAMES_AND_BRANCHES.replace("auth_enabled: bool = False", "auth_enabled: bool = True")
    found = said(tmp_path, {"main.py": shipped})
    by_setting = ("required", "Settings.auth_enabled", False)
    assert {path: one for path, one in found.items() if one != by_setting} == {
        "/9": ("required", "AUTH", True),
        "/open": ("none", None, None),
    }


def test_lists_that_a_setting_decides_for_applications_routers_and_includes(tmp_path: Path) -> None:
    closed, mode = ("required", "Settings.closed", True), ("required", "Settings.mode", True)
    expected = {"/1": closed, "/sub/2": mode, "/3": mode, "/4": mode, "/5": closed}
    assert said(tmp_path, {"main.py": LISTS}) == expected


def test_a_middleware_of_another_application_protects_nothing(tmp_path: Path) -> None:
    source = """
    from fastapi import FastAPI, HTTPException
    from pydantic_settings import BaseSettings
    from starlette.middleware.base import BaseHTTPMiddleware

    class Settings(BaseSettings):
        closed: bool = False

    class Gate(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            if "authorization" not in request.headers:
                raise HTTPException(401)
            return await call_next(request)

    settings = Settings()
    app = FastAPI()
    inner = FastAPI()
    if settings.closed:
        inner.add_middleware(Gate)

    @app.get("/outer")
    def a(): ...

    @inner.get("/inner")
    def b(): ...

    app.mount("/in", inner)
    """
    assert said(tmp_path, {"main.py": source}) == {
        "/outer": ("none", None, None),
        "/in/inner": ("required", "Settings.closed", True),
    }


def test_what_decides_nothing_of_callers_is_not_linked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Interpreter] = []
    run_all = linking.run_all

    def counted(interp: Interpreter) -> None:
        runs.append(interp)
        run_all(interp)

    monkeypatch.setattr(linking, "run_all", counted)
    source = """
    from fastapi import FastAPI
    from pydantic_settings import BaseSettings

    class Settings(BaseSettings):
        docs: bool = False

    settings = Settings()
    app = FastAPI(docs_url="/docs" if settings.docs else None)

    @app.get("/")
    def a(): ...
    """
    assert said(tmp_path, {"main.py": source}) == {"/": ("none", None, None)}
    assert len(runs) == 1


def test_an_edit_of_what_a_setting_would_let_in_is_seen(tmp_path: Path) -> None:
    files = {"main.py": NAMES_AND_BRANCHES}
    assert said(tmp_path, files)["/3"][0] == "required"
    harmless = NAMES_AND_BRANCHES.replace('raise HTTPException(401)\n        return "real"', 'return "real"')
    assert harmless != NAMES_AND_BRANCHES
    assert said(tmp_path, {"main.py": harmless})["/3"] == ("none", None, None)

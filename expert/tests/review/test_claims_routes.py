"""What the rules about routes and the framework say happens, on the FastAPI of the lock file (0.165)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, Query
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from shapes import client

# -- FX114 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bounded", "status"), [(False, 200), (True, 422)])
def test_a_limit_without_a_bound_takes_any_number(bounded: bool, status: int) -> None:
    app = FastAPI()

    def free(limit: int = 20) -> int:
        return limit

    def held(limit: Annotated[int, Query(le=100)] = 20) -> int:
        return limit

    app.get("/rows")(held if bounded else free)
    assert client(app).get("/rows", params={"limit": 10**9}).status_code == status


# -- FX412 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("with_lifespan", "ran"), [(True, ["lifespan"]), (False, ["hook"])])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_start_up_hook_beside_a_lifespan_never_runs(with_lifespan: bool, ran: list[str]) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seen.append("lifespan")
        yield

    app = FastAPI(lifespan=lifespan) if with_lifespan else FastAPI()

    @app.on_event("startup")  # pyright: ignore[reportDeprecated]  # the rule is about those who use it
    def hook() -> None:
        seen.append("hook")

    with TestClient(app):
        assert seen == ran


# -- FX003: since 0.137 --------------------------------------------------------------------------------------


def test_walking_the_routes_of_an_application_no_longer_meets_those_of_its_routers() -> None:
    router = APIRouter()

    @router.get("/one")
    def one() -> None: ...

    app = FastAPI(openapi_url=None)

    @app.get("/two")
    def two() -> None: ...

    app.include_router(router)
    assert [route.path for route in app.routes if isinstance(route, APIRoute)] == ["/two"]
    assert client(app).get("/one").status_code == 200

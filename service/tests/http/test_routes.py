"""Routes looked up by their path are those that FastAPI would find, and nothing else is."""

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request

from app.http.routing import look_up_by_path, route_template


def application(*, looked_up: bool) -> FastAPI:
    """Routers in routers, whose routes are in each other's way."""
    app, outer, inner = FastAPI(), APIRouter(prefix="/outer"), APIRouter()

    @inner.get("/items/{item_id}")
    async def read(request: Request, item_id: int) -> list[object]:
        return ["read", item_id, route_template(request.scope)]

    @inner.get("/items/first")  # never reached by GET: what is above has it
    async def first() -> list[object]:
        return ["first"]

    @inner.put("/items/first")
    async def put_first(request: Request) -> list[object]:
        return ["put", route_template(request.scope)]

    @inner.get("/files/{path:path}")
    async def file(path: str) -> list[object]:
        return ["file", path]

    @outer.get("")
    async def root(request: Request) -> list[object]:
        return ["root", route_template(request.scope)]

    outer.include_router(inner, prefix="/inner")
    app.include_router(outer, prefix="/api")
    app.mount("/mounted", FastAPI())
    if looked_up:
        look_up_by_path(app)

    @app.get("/late")
    async def late() -> list[object]:
        return ["late"]

    return app


REQUESTS = [
    ("GET", "/api/outer"),
    ("GET", "/api/outer/"),
    ("POST", "/api/outer"),
    ("GET", "/api/outer/inner/items/7"),
    ("GET", "/api/outer/inner/items/seven"),
    ("GET", "/api/outer/inner/items/first"),
    ("PUT", "/api/outer/inner/items/first"),
    ("DELETE", "/api/outer/inner/items/7"),
    ("GET", "/api/outer/inner/items/7/"),
    ("GET", "/api/outer/inner/files/a/b%20c"),
    ("GET", "/api/outer/inner"),
    ("GET", "/mounted/nothing"),
    ("GET", "/openapi.json"),
    ("GET", "/late"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
@pytest.mark.parametrize("prefix", ["", "/blog"])
async def test_a_route_is_found_by_its_path_as_fastapi_finds_it(method: str, path: str, prefix: str):
    answers: list[object] = []
    for looked_up in (False, True):
        transport = httpx2.ASGITransport(application(looked_up=looked_up), root_path=prefix)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.request(method, prefix + path)
        answers.append((answer.status_code, answer.text, answer.headers.get("allow"), answer.headers.get("location")))
    assert answers[0] == answers[1]


async def test_the_document_does_not_know_how_routes_are_found():
    assert application(looked_up=True).openapi() == application(looked_up=False).openapi()

"""What the same server can do with less and less between it and the bytes.

Each floor answers the very bytes the service answers (`FLOOR_BODIES`, a directory of files), so sizes are equal.
"""

import os
from pathlib import Path
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

BODIES = {path.stem: path.read_bytes() for path in Path(os.environ["FLOOR_BODIES"]).glob("*.json")}
SECRET = os.environ["FLOOR_SECRET"]


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI and nothing else."""
    body = BODIES[scope["path"].rpartition("/")[2]]
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def prebuilt_bytes(request: Request) -> Response:
    return Response(BODIES[request.path_params["name"]], media_type="application/json")


starlette_bytes = Starlette(routes=[Route("/starlette/{name}", prebuilt_bytes)])

fastapi = FastAPI()
bearer = OAuth2PasswordBearer(tokenUrl="login")


class Health(BaseModel):
    status: str
    service: str
    version: str
    environment: str


@fastapi.get("/fastapi/health", response_model=Health)
async def health() -> Health:
    """A model of four fields, validated and serialised by FastAPI."""
    return Health(status="healthy", service="floor", version="1", environment="bench")


async def decoded(token: Annotated[str, Depends(bearer)]) -> dict[str, object]:
    return jwt.decode(token, SECRET, algorithms=["HS256"])


class Me(BaseModel):
    sub: str


@fastapi.get("/fastapi/me", response_model=Me)
async def me(claims: Annotated[dict[str, object], Depends(decoded)]) -> Me:
    """Decodes the token and believes it: no user is looked up, no revocation checked."""
    return Me(sub=str(claims["sub"]))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """All floors in one process; which one answers is the first segment of the path."""
    floor: ASGIApp = fastapi
    if scope["type"] == "http":
        floor = {"bare": bare, "starlette": starlette_bytes}.get(scope["path"].split("/", 2)[1], fastapi)
    await floor(scope, receive, send)

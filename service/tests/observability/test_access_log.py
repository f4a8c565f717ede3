"""One line for each request, in whatever form it is read."""

import asyncio
import io
import json

import pytest

from app.http.context import RequestContext
from app.observability.access_log import AccessLog


def line(path: str, *, as_json: bool, method: str = "GET", user_id: int | None = None) -> str:
    stream = io.StringIO()
    log = AccessLog(as_json=as_json, stream=stream)
    context = RequestContext(request_id="abc-1", client="2001:db8::1", method="GET", path=path, headers={})
    context.user_id = user_id

    async def write() -> None:
        log.write(context, method=method, status=200, seconds=0.00125)
        log.flush()

    asyncio.run(write())
    return stream.getvalue()


@pytest.mark.parametrize("path", ["/somewhere", '/a"b\\c', "/line\nbreak", "/é", "/\x00", "/,", "/\ud800", "/{}"])
def test_no_path_breaks_the_line(path: str):
    written = line(path, as_json=True, user_id=7)
    assert written.count("\n") == 1
    entry = json.loads(written)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "level": "info",
        "event": "request",
        "method": "GET",
        "path": path.encode("utf-8", "replace").decode(),
        "status": 200,
        "duration_ms": 1.25,
        "client": "2001:db8::1",
        "request_id": "abc-1",
        "user_id": 7,
    }
    assert line(path, as_json=False).count("\n") == 1


def test_a_strange_method_is_only_text():
    assert json.loads(line("/", as_json=True, method='G"E,T'))["method"] == 'G"E,T'
    assert "user_id" not in json.loads(line("/", as_json=True))

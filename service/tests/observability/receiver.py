"""A collector on this machine: takes OTLP traces and Sentry envelopes over HTTP, and decodes them."""

import gzip
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Span:
    trace: str
    id: str
    parent: str
    name: str
    service: str
    attributes: dict[str, Any]


class Receiver:
    """`spans` and `events` are what came in so far; `text` is all of it, undecoded, to be searched for secrets."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.events: list[dict[str, Any]] = []
        self.text = ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.text += body.decode("utf-8", "replace")
                if self.path == "/v1/traces":
                    receiver.spans += spans_of(body)
                else:
                    receiver.events += events_of(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def below(self, ancestor: Span) -> list[Span]:
        """The spans that descend from this one."""
        children = [span for span in self.spans if span.parent == ancestor.id]
        return children + [found for child in children for found in self.below(child)]


def spans_of(body: bytes) -> list[Span]:
    found: list[Span] = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = {item.key: item.value.string_value for item in resource.resource.attributes}["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                values = {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
                ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                found.append(Span(*ids, span.name, service, values))
    return found


def events_of(body: bytes) -> list[dict[str, Any]]:
    """The events of an envelope: a line of JSON for it, then for each item a header that says how long it is."""
    _, _, rest = body.partition(b"\n")
    found: list[dict[str, Any]] = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        length = header.get("length", len(rest))
        if header["type"] == "event":
            found.append(json.loads(rest[:length]))
        rest = rest[length:].lstrip(b"\n")
    return found

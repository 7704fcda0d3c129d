"""A server of the two protocols that keeps what it acknowledged and can be told to misbehave."""

import base64
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Capture:
    """Listens on a free port of 127.0.0.1. `answers` are statuses for the next requests, 200 after them; 0 hangs up."""

    def __init__(self) -> None:
        self.segment: list[dict[str, Any]] = []
        self.sensors: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.sent_at: list[str] = []
        self.sizes: list[tuple[int, int]] = []
        self.ports: set[int] = set()
        self.answers: list[int] = []
        self.lock = threading.Lock()
        capture = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with capture.lock:
                    capture.ports.add(self.client_address[1])
                    status = capture.answers.pop(0) if capture.answers else 200
                    if status == 200:
                        capture.take(self.path, self.headers["Authorization"], body)
                if status == 0:
                    self.close_connection = True
                    return
                answer = b'{"success":true}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                if status == 429:
                    self.send_header("Retry-After", "3")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def take(self, path: str, authorization: str | None, body: bytes) -> None:
        """Keep one request's events."""
        parts = urlsplit(path)
        if parts.path == "/v1/batch":
            assert authorization is not None
            self.keys.add("segment " + base64.b64decode(authorization.removeprefix("Basic ")).decode())
            parsed = json.loads(body)
            self.sent_at.append(parsed["sentAt"])
            events, into = parsed["batch"], self.segment
        else:
            assert parts.path == "/sa"
            query = parse_qs(parts.query)
            assert query["project"] == ["default"]
            self.keys.add("sensors " + query["token"][0])
            form = parse_qs(body.decode())
            assert form["gzip"] == ["1"]
            events, into = json.loads(gzip.decompress(base64.b64decode(form["data_list"][0]))), self.sensors
        self.sizes.append((len(events), len(body)))
        into.extend(events)

    def __enter__(self) -> "Capture":
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

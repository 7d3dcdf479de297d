"""A proxy between a client and an object store that does what networks do on bad days."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("cut", "lost", "500", "503", "lost500", "half", "slow")
"""Cut before it is passed on, passed on and the answer lost, 500, 503, passed on and 500, the
answer cut in its middle, a second late."""
BODIES = {
    "500": b"<Error><Code>InternalError</Code><Message>We failed.</Message></Error>",
    "503": b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>",
}


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that are killed reset connections."""


class FaultyProxy:
    """Passes requests on to a server on loopback; ``decide(method, path)`` names a fault, or ""."""

    def __init__(
        self, port: int, decide: Callable[[str, str], str] = lambda m, p: "", at: int = 0
    ) -> None:
        """``port`` of the server; ``at``: the own port, 0 for a free one."""
        self.decide = decide
        self.latency = 0.0
        self.counts: Counter[str] = Counter()
        self.requests: list[str] = []
        self._upstream = port
        self._server = _Server(("127.0.0.1", at), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def handle_any(self) -> None:
                try:
                    proxy.serve(self)
                except (OSError, http.client.HTTPException):
                    self.close_connection = True

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815

        return Handler

    def serve(self, asked: BaseHTTPRequestHandler) -> None:
        """Pass a request on, or not."""
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        fault = self.decide(asked.command, asked.path)
        self.requests.append(f"{asked.command} {asked.path}")
        if fault:
            self.counts[fault] += 1
        if self.latency:
            time.sleep(self.latency)
        if fault == "slow":
            time.sleep(1.0)
        if fault == "hang":
            time.sleep(600.0)
        if fault == "cut":
            asked.close_connection = True
            return
        if fault in BODIES:
            self._answer(asked, int(fault), {}, BODIES[fault])
            return
        connection = http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=60)
        try:
            headers = dict(asked.headers.items())
            connection.request(asked.command, asked.path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            length = answer.headers.get("Content-Length")
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _OWN}
        finally:
            connection.close()
        if fault == "lost":
            asked.close_connection = True
        elif fault == "lost500":
            self._answer(asked, 500, {}, BODIES["500"])
        elif fault == "half" and data:
            self._answer(asked, answer.status, kept, data[: len(data) // 2], len(data))
            asked.close_connection = True
        else:
            whole = int(length) if asked.command == "HEAD" and length else len(data)
            self._answer(asked, answer.status, kept, data, whole)

    def _answer(
        self,
        asked: BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        data: bytes,
        length: int | None = None,
    ) -> None:
        asked.send_response_only(status)
        for name, value in headers.items():
            asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(data) if length is None else length))
        asked.end_headers()
        if asked.command != "HEAD":
            asked.wfile.write(data)
            asked.wfile.flush()


_OWN = ("content-length", "transfer-encoding", "connection")


def at_random(rate: float, seed: int, kinds: tuple[str, ...] = FAULTS) -> Callable[[str, str], str]:
    """Return a ``decide`` that fails so large a share of the requests, each kind as often."""
    dice = random.Random(seed)
    return lambda method, path: dice.choice(kinds) if dice.random() < rate else ""

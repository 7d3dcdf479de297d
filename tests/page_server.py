"""``seqcoder-ray serve``'s application over real HTTP, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.reading.serve.app import make_app


@contextmanager
def served(archive: Archive, **options: Any) -> Iterator[int]:
    """Serve an archive with options of ``make_app`` on loopback; gives the port."""
    app = make_app(archive, threads=1, **options)
    config = uvicorn.Config(app, port=0, log_level="error", ws="none")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([socket],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield socket.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        socket.close()

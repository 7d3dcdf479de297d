"""``seqcoder-ray serve``: the command's signature and the server's start."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

import errno
import os
import socket
from typing import Annotated

import typer

from seqcoder.cli.signals import exit_code
from seqcoder.errors import InputError, UsageError


def serve(
    archive: Annotated[str, typer.Argument(metavar="ARCHIVE", help="Archive: folder or URL.")],
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; the default is this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8765,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="Name that requests may use besides loopback."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option("--allow-origin", help="Site whose scripts may read here (CORS), or '*'."),
    ] = None,
    token: Annotated[
        str,
        typer.Option(
            "--token", envvar="SEQCODER_TOKEN", help="What requests must bear. Default: nothing."
        ),
    ] = "",
    threads: Annotated[
        int, typer.Option("--threads", "-T", min=0, help="Cores for decoding, 0: all.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No remarks.")] = False,
) -> None:
    """Serve an archive: web pages to browse, and GA4GH refget sequences and collections.

    Read-only. Whoever reaches the address, and has the token if one is set, reads
    the archive. By default that is this machine; from elsewhere use `ssh -L
    8765:localhost:8765 HOST`.

    Example:

        seqcoder-ray serve archive --port 8000
    """
    from seqcoder_jobs.archive.archive import Archive
    from seqcoder_jobs.cli.console import note

    try:
        import uvicorn

        from seqcoder_jobs.reading.serve.app import make_app
        from seqcoder_jobs.reading.serve.guard import is_loopback
    except ModuleNotFoundError as error:
        raise UsageError(
            f"serve needs {error.name}, which is not installed; pip install 'seqcoder[serve]'"
        ) from None
    hosts = [host, *(allow_host or ())]
    app = make_app(Archive(archive), hosts, threads, token=token, origins=allow_origin or ())
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False
    )
    listening = bound_socket(host, port)
    bound = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    if not is_loopback(host) and not token:
        note("anyone who reaches this address can read the archive", quiet)
    print(f"http://{shown}:{bound}/", flush=True)
    note("Ctrl-C ends it", quiet)
    try:
        with listening:
            uvicorn.Server(config).run([listening])
    except KeyboardInterrupt:  # by any signal that ends a run, when the requests are answered
        note("stopped", quiet)
        raise typer.Exit(exit_code()) from None


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens here at an address; raises InputError where that cannot be."""
    place = f"{host} port {port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family)
    except OSError as error:
        raise InputError(f"{place}: {error.strerror}; {_HOSTS}") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)  # before the address is told: who comes at once waits
    except OSError as error:
        bound.close()
        remedy = _REMEDIES.get(error.errno or 0, _HOSTS)
        raise InputError(f"{place}: {os.strerror(error.errno or 0)}; {remedy}") from None
    return bound


_HOSTS = "--host is an address or name of this machine: leave it out, or 0.0.0.0 for all it has"
_REMEDIES = {
    errno.EADDRINUSE: "choose another --port, 0 for any that is free",
    errno.EACCES: "choose a --port from 1024 on",
}

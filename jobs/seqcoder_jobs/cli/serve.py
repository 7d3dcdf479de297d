"""``seqcoder-ray serve``: the command's signature and the server's start."""

# No ``from __future__ import annotations``: typer would compile every annotation as it starts.

from typing import Annotated

import typer

from seqcoder.cli.signals import exit_code
from seqcoder.errors import UsageError


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
    from seqcoder_jobs.cli.listening import bound_socket

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

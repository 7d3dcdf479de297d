"""A socket to serve on, and what to do where there is none."""

from __future__ import annotations

import errno
import os
import socket

from seqcoder.errors import InputError

_HOSTS = "--host is an address or name of this machine: leave it out, or 0.0.0.0 for all it has"
_REMEDIES = {
    errno.EADDRINUSE: "choose another --port, 0 for any that is free",
    errno.EACCES: "choose a --port from 1024 on",
}


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

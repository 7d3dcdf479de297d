"""Whether a cluster answers at an address, asked within bounds; Ray would ask for minutes."""

from __future__ import annotations

import contextlib
import os
import socket

KNOCK_SECONDS = 10.0
# What every gRPC connection begins with: HTTP/2's greeting and an empty SETTINGS frame, which the
# other side answers by one of its own (RFC 9113, sections 3.4 and 4.1).
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_HEAD, _SETTINGS = 9, 4


def check_answers(address: str) -> None:
    """See that something like Ray answers at an address as ``--address`` takes it.

    Raises:
        OSError: nothing does, or not in time. ValueError: that is no address.
    """
    if address == "auto":
        return
    host, port = _host_and_port(address)
    with socket.create_connection((host, port), KNOCK_SECONDS) as connection:
        if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
            return  # it speaks to holders of a certificate only
        connection.sendall(_GREETING)
        answer = b""
        while len(answer) < _HEAD:
            try:
                more = connection.recv(_HEAD - len(answer))
            except TimeoutError:
                raise TimeoutError(
                    f"something listens there but does not answer within {KNOCK_SECONDS:.0f} s"
                ) from None
            if not more:
                break
            answer += more
    if len(answer) < _HEAD or answer[3] != _SETTINGS:
        raise ConnectionError("what answers there is not Ray")


def is_on_loopback(address: str) -> bool:
    """Tell whether the cluster at ``host:port`` listens on loopback only.

    Ray takes a loopback address for the outer one.
    """
    from ray._private import services

    if address == "auto" or "://" in address:
        return False
    host, port = _host_and_port(address)
    if host not in ("localhost", "127.0.0.1", "::1"):
        return False
    with contextlib.suppress(OSError):
        socket.create_connection((services.get_node_ip_address(), port), 1.0).close()
        return False
    return True


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition("://")[2].rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit():
        raise ValueError("an address is HOST:PORT, ray://HOST:PORT or auto")
    return host, int(port)

"""What a page served on loopback must refuse: other sites' scripts, by way of the user's browser.

A site can have its name resolve to 127.0.0.1 (DNS rebinding); the Host header gives it away.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def host_of(header: str) -> str:
    """Return the host of a Host header, without port and brackets, in lower case."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Middleware: known hosts only, nothing that writes, the same security headers everywhere."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = (), token: str = "") -> None:
        """``hosts``: names besides loopback that requests may be addressed to.

        ``token``: what requests must bear, as a bearer token or a password of any user.
        """
        self.app = app
        self._token = token.encode()
        self.hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope)
        await (refused or self.app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        posted = scope["method"] == "POST" and scope["path"].startswith("/comparison/")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not posted:
            text = f"{scope['method']}: this server is read-only\n"
            return PlainTextResponse(text, 405, {"allow": "GET, HEAD"})
        given = Headers(scope=scope).getlist("host")
        host = host_of(given[0]) if len(given) == 1 else ""
        if not is_loopback(host) and host not in self.hosts:
            text = f"host {host!r} is not served here; start with --allow-host to add a name\n"
            return PlainTextResponse(text, 400)
        # By OPTIONS a browser asks, without the token, whether a site's script may send it.
        bears = scope["method"] == "OPTIONS" or self._borne(Headers(scope=scope))
        if self._token and not bears:
            text = "this archive is read with a token: Authorization: Bearer TOKEN\n"
            return PlainTextResponse(text, 401, {"www-authenticate": 'Basic realm="seqcoder"'})
        return None

    def _borne(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").strip().partition(" ")
        value = given.strip().encode()
        if kind.lower() == "basic":  # what a browser asks its user for
            try:
                value = base64.b64decode(value, validate=True).partition(b":")[2]
            except ValueError:
                return False
        return kind.lower() in ("bearer", "basic") and hmac.compare_digest(value, self._token)


def disposition(name: str) -> str:
    """Return a Content-Disposition header that saves a file under ``name``, without its folders.

    The plain form has letters, digits, dot, hyphen and underscore only (RFC 6266, RFC 8187).
    """
    last = name.rpartition("/")[2].lstrip(".") or "genome"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in last)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(last, safe='')}"

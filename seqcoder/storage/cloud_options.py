"""Options of object stores, from the URL, the environment and the files that others' tools read."""

from __future__ import annotations

import configparser
import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seqcoder.errors import UsageError

_CONNECT_SECONDS = 10.0
_REQUEST_SECONDS = 60.0
_S3 = ("s3", "s3a")


def store_options(scheme: str, given: dict[str, str]) -> dict[str, str]:
    """Return the options of a store as obstore names them; those ``given`` come first.

    ``endpoint`` and ``anonymous`` are understood for all of them. Beyond what obstore reads itself:
    the profile in ``~/.aws``, and ``STORAGE_EMULATOR_HOST``, Google's name for an endpoint.
    """
    options = {key.lower(): value for key, value in given.items()}
    if options.pop("anonymous", "").lower() in ("1", "true", "yes"):
        options["skip_signature"] = "true"
    if "endpoint_override" in options:  # as pyarrow calls it
        options.setdefault("endpoint", options.pop("endpoint_override"))
    protocol = options.pop("scheme", "https")
    if "endpoint" in options and "://" not in options["endpoint"]:
        options["endpoint"] = f"{protocol}://{options['endpoint']}"
    if scheme in _S3:
        for key, value in _aws_profile().items():
            options.setdefault(key, value)
    if scheme == "gs":
        emulator = options.pop("endpoint", "") or os.environ.get("STORAGE_EMULATOR_HOST", "")
        if emulator:
            url = emulator if "://" in emulator else f"http://{emulator}"
            account = {"gcs_base_url": url, "disable_oauth": True, "client_email": ""}
            key = json.dumps({**account, "private_key": "", "private_key_id": ""})
            options.setdefault("service_account_key", key)
    return options


def client_settings(
    options: dict[str, str], seconds: float
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings of the HTTP client, and the options that are left for the store.

    Raises UsageError: an endpoint is no URL, or an option is not one of a store.
    """
    rest = dict(options)
    request = min(_REQUEST_SECONDS, seconds)
    client: dict[str, Any] = {
        "connect_timeout": timedelta(seconds=min(_CONNECT_SECONDS, seconds)),
        "timeout": timedelta(seconds=request),
    }
    endpoints = [rest.get("endpoint", ""), rest.get("service_account_key", "")]
    for name in _ENDPOINTS:
        if os.environ.get(name) == "":  # as if it were not set
            del os.environ[name]
        endpoints.append(os.environ.get(name, ""))
        check_endpoint(name, endpoints[-1])
    check_endpoint("endpoint", endpoints[0])
    for option in rest:
        if _OF_CLIENTS.fullmatch(option):
            raise UsageError(f"a store has no option {option}")
    if rest.pop("allow_http", "") or any("http://" in endpoint for endpoint in endpoints):
        client["allow_http"] = True
    return client, rest


def check_endpoint(name: str, endpoint: str) -> None:
    """Raise UsageError where an endpoint is given that is no URL of a server."""
    if not endpoint:
        return
    if "://" not in endpoint:
        raise UsageError(f"{name}: {endpoint!r} has no scheme; http://{endpoint} or https://...")
    try:
        parts = urlsplit(endpoint)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"{name}: {endpoint!r} is no URL of a server, as http://host:9000 is")


_OF_CLIENTS = re.compile(
    r"http[12]_\w+|pool_\w+|proxy_\w+|default_\w+|\w*timeout|user_agent|randomize_addresses|"
    r"allow_invalid_certificates|root_certificates"
)
"""What obstore knows of HTTP clients, and takes for options of a store in vain."""
_ENDPOINTS = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_ENDPOINT",
)


def _aws_profile() -> dict[str, str]:
    """Return keys, region and endpoint of the profile in ``~/.aws``, where no variable has them."""
    if "AWS_ACCESS_KEY_ID" in os.environ or "AWS_WEB_IDENTITY_TOKEN_FILE" in os.environ:
        return {}
    home = Path.home() / ".aws"
    credentials = os.environ.get("AWS_SHARED_CREDENTIALS_FILE", str(home / "credentials"))
    config = os.environ.get("AWS_CONFIG_FILE", str(home / "config"))
    profile = os.environ.get("AWS_PROFILE", "default")
    files = configparser.RawConfigParser()
    try:
        files.read([config, credentials])
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for section in (f"profile {profile}", profile):
        if files.has_section(section):
            found |= dict(files.items(section))
    names = {
        "aws_access_key_id": "access_key_id",
        "aws_secret_access_key": "secret_access_key",
        "aws_session_token": "session_token",
        "region": "region",
        "endpoint_url": "endpoint",
    }
    wanted = {mine: found[theirs] for theirs, mine in names.items() if theirs in found}
    check_endpoint(f"{config}: endpoint_url", wanted.get("endpoint", ""))
    if any(name in os.environ for name in ("AWS_REGION", "AWS_DEFAULT_REGION")):
        wanted.pop("region", None)
    if any(name in os.environ for name in _ENDPOINTS):
        wanted.pop("endpoint", None)
    return wanted

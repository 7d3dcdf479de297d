"""What an object store means by an error: a reason in words, and whether asking again may help."""

from __future__ import annotations

import re

_REASONS = {
    "NoSuchBucket": "no such bucket; make it first, or mend the name",
    "ContainerNotFound": "no such container; make it first, or mend the name",
    "AccessDenied": "access denied; these keys (or none) may not do that here",
    "InvalidAccessKeyId": "the store does not know this access key",
    "SignatureDoesNotMatch": "the secret key does not fit the access key",
    "AuthenticationFailed": "the store does not accept this key",
    "AuthorizationFailure": "access denied; this key may not do that here",
    "AuthorizationPermissionMismatch": "access denied; this role may not do that here",
    "ExpiredToken": "the session token has expired; get a new one",
    "RequestTimeTooSkewed": "this machine's clock is off by more than the store allows; set it",
    "SlowDown": "the store asks to slow down (throttling)",
    "PermanentRedirect": "the bucket is in another region; set AWS_REGION to its own",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_REGION to its own",
    "QuotaExceeded": "the quota is used up",
}
_STATUS = {
    "400": "the store refuses the request",
    "401": "the store wants keys, or other ones",
    "403": "access denied; these keys (or none) may not do that here",
    "404": "not found",
    "405": "the store does not know this kind of request",
    "429": "the store asks to slow down (throttling)",
    "500": "the store fails (500)",
    "502": "the store fails (502)",
    "503": "the store is not available or asks to slow down (503)",
    "504": "the store does not answer in time (504)",
    "507": "no space left",
}
_FINAL = re.compile(
    r"status code: (400|401|403|405|301|307|507)|NoSuchBucket|ContainerNotFound"
    r"|bucket does not exist|notFound.*bucket"
)
_PASSING = re.compile(r"RequestTimeout|SlowDown|RequestTimeTooSlow|BadDigest|IncompleteBody")
_PASSING_KINDS = (
    "FileNotFoundError",
    "GenericError",
    "JoinError",
    "OSError",
    "TimeoutError",
    "ConnectionError",
)


def _text(error: BaseException) -> str:
    return str(error).partition("Debug source")[0]


def is_final(error: BaseException | None) -> bool:
    """Whether the same request would end the same way again."""
    if error is None:
        return True
    text = _text(error)
    if _PASSING.search(text):
        return False
    return type(error).__name__ not in _PASSING_KINDS or bool(_FINAL.search(text))


def reason(error: BaseException) -> str:
    """Return why a request failed, as one line."""
    text = _text(error)
    code = re.search(r"<Code>(\w+)</Code>", text)
    message = re.search(r"<Message>([^<]*?)(\n|</Message>)", text)
    retries = re.search(r"after (\d+) retries", text)
    tried = f" (tried {1 + int(retries[1])} times)" if retries and retries[1] != "0" else ""
    if code and code[1] in _REASONS:
        return _REASONS[code[1]] + tried
    status = re.search(r"status code: (\d{3})", text)
    if status:
        said = f": {message[1].strip()}" if message else ""
        return _STATUS.get(status[1], f"HTTP status {status[1]}") + said + tried
    whole = str(error)
    if "bucket does not exist" in text:
        return _REASONS["NoSuchBucket"]
    odd = re.search(r'invalid path: .*?Path "(.*?)"(?:: | contained)', text, re.DOTALL)
    if odd:
        return (
            f'holds the key "{odd[1]}", which no path can have: a part is empty, "." or "..", or '
            "has a control character; copy it to another key, or name the files beside it"
        )
    for mark, said in _CONNECTION:
        if mark in whole:
            return said + tried
    line = re.sub(r"^Generic \w+ error: ", "", " ".join(text.split())) or type(error).__name__
    return line[:300]


_CONNECTION = (
    ("dns error", "no such host; is the endpoint right?"),
    ("Connection refused", "nothing answers there (connection refused); is the endpoint right?"),
    ("TimedOut", "no answer in time"),
    ("operation timed out", "no answer in time"),
    ("Connection reset", "the connection was cut"),
    ("IncompleteMessage", "the connection was cut"),
    ("unexpected EOF", "the connection was cut"),
    ("end of file before message length", "the connection was cut"),
    ("169.254.169.254", "no keys found (environment, ~/.aws, role of the machine)"),
    ("metadata.google.internal", "no keys found (GOOGLE_APPLICATION_CREDENTIALS, role)"),
    ("request or response body error", "the connection was cut"),
    ("error sending request", "the connection failed or was cut"),
    ("certificate", "its certificate is not trusted"),
)

"""What an object store means by an error: a reason in words, and whether asking again may help."""

from __future__ import annotations

import difflib
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
_NO_KEYS = "169.254.169.254|metadata.google.internal"
_FINAL = re.compile(
    r"status code: (400|401|403|405|301|307|507)|NoSuchBucket|ContainerNotFound"
    rf"|bucket does not exist|notFound.*bucket|{_NO_KEYS}"
)
_FINAL_CONNECTION = re.compile(r"InvalidCertificate|InvalidContentType")
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
    if type(error).__name__ not in _PASSING_KINDS:
        return True
    return bool(_FINAL.search(text) or _FINAL_CONNECTION.search(str(error)))


def reason(error: BaseException) -> str:
    """Return why a request failed, as one line."""
    text = _text(error)
    code = re.search(r"<Code>(\w+)</Code>", text)
    message = re.search(r"<Message>([^<]*?)(\n|</Message>)", text)
    if code and code[1] in _REASONS:
        return _REASONS[code[1]]
    if re.search(_NO_KEYS, text):
        return _NO_KEYS_REASON
    status = re.search(r"status code: (\d{3})", text)
    if status:
        said = f": {message[1].strip()}" if message else ""
        return _STATUS.get(status[1], f"HTTP status {status[1]}") + said
    whole = str(error)
    if "Missing SecretAccessKey" in text or "Missing AccessKeyId" in text:
        return (
            "half of the keys is missing: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together"
        )
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
            asked = re.search(r"Error performing \w+ https?://([^/\s]+)", text)
            return said.format(at=asked[1] if asked else "the endpoint")
    option = re.search(r"Configuration key: '(\w+)' is not valid", text)
    if option:
        near = difflib.get_close_matches(option[1], _OPTIONS, 1)
        meant = f"did you mean {near[0]}?" if near else f"usual ones are {', '.join(_OPTIONS)}"
        return f"has no option {option[1]}; {meant}"
    line = re.sub(r"^Generic \w+ error: ", "", " ".join(text.split())) or type(error).__name__
    return line[:300]


_NO_KEYS_REASON = (
    "no keys found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
    "(GOOGLE_APPLICATION_CREDENTIALS on Google) or give the machine a role; "
    "?anonymous=true reads a public bucket"
)
_OPTIONS = (
    "region",
    "endpoint",
    "anonymous",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "account_name",
    "account_key",
    "sas_token",
)
_CONNECTION = (
    ("dns error", "there is no host {at}; is the endpoint right?"),
    ("Connection refused", "{at} refuses connections; is the endpoint right, does the store run?"),
    ("TimedOut", "{at} does not answer in time; is the endpoint right, is it reached from here?"),
    ("timed out", "{at} does not answer in time; is the endpoint right, is it reached from here?"),
    ("Connection reset", "{at} cut the connection"),
    ("IncompleteMessage", "{at} cut the connection"),
    ("unexpected EOF", "{at} cut the connection"),
    ("end of file before message length", "{at} cut the connection"),
    ("InvalidContentType", "{at} does not speak TLS; its endpoint begins with http://"),
    ("InvalidCertificate", "the certificate of {at} is not trusted"),
    ("request or response body error", "{at} cut the connection"),
    ("error sending request", "the connection to {at} failed or was cut"),
)

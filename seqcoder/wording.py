"""Words that users see."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Controls of 7 and 8 bits but TAB and LF, bytes that are not UTF-8, and what turns directions.
_COMMANDS = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\udc80-\udcff"
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)

_SECRET = re.compile(
    r"([?&][\w-]*(?:secret|token|password|signature|credential|key|sig)[\w-]*=)[^&\s\"']*", re.I
)


def count_of(number: int, noun: str) -> str:
    """Return a number and what it counts: ``1 genome``, ``12 genomes``.

    >>> count_of(1, "genome"), count_of(2, "genome")
    ('1 genome', '2 genomes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str], most: int) -> str:
    """Return names in a row, the first ``most`` of them.

    >>> listed(["a", "b", "c"], 2)
    'a, b, ...'
    """
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])


def shown(text: str) -> str:
    r"""Return a text as a terminal may have it: ``\x1b`` for ESC.

    >>> shown("a\x1b[31m\tb")
    'a\\x1b[31m\tb'
    """
    return _COMMANDS.sub(_spelt, text)


def without_secrets(text: str) -> str:
    """Return a text without the keys that URLs in it hold.

    >>> without_secrets("s3://b/a?region=x&secret_access_key=k denied")
    's3://b/a?region=x&secret_access_key=... denied'
    """
    return _SECRET.sub(r"\1...", text)


def _spelt(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

"""Names of files and records as text that anything holds: one spelling, which can be undone.

Control characters, line ends of any kind, backslashes and bytes that are not UTF-8 become ``%``
and two hexadecimal digits a byte; so does a ``%`` that would be taken for one of these.
"""

from __future__ import annotations

import os
import re

# Control characters, which would break listings and reach terminals, line ends of any kind, and
# lone surrogates, which stand for bytes of a file name that are not UTF-8.
ODD = re.compile("[\\x00-\\x1f\\\\\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
"""What is spelt, a character at a time."""
_BYTE = "[01][0-9A-F]|25|5C|7F|[89A-F][0-9A-F]"  # all that the bytes of ODD and % can be
_TO_SPELL = re.compile(f"{ODD.pattern}|%(?={_BYTE})")
_SPELT = re.compile(f"(?:%(?:{_BYTE}))+")


def spell(text: str) -> str:
    """Return a name as text without odd characters; ``unspell`` gives the name back."""
    return _TO_SPELL.sub(_spelt, text)


def _spelt(match: re.Match[str]) -> str:
    character = match[0]
    # Python has a byte that is not UTF-8 as a surrogate of this range; others are what they are.
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", errors))


def unspell(text: str) -> str:
    """Return the name that is spelt so, bytes that are not UTF-8 as surrogates; any text is one."""
    return _SPELT.sub(lambda match: _bytes(match[0]).decode("utf-8", "surrogateescape"), text)


def file_path(name: str) -> str:
    """Return the path of the file that has this name in a container.

    It is the name itself where that is not how ``spell`` writes a path below a folder.
    """
    path = unspell(name)
    plain = spell(path) == name and "\0" not in path
    return path if plain and os.sep == "/" else name


def checksum_line(sha256: str, name: str) -> str:
    r"""Return the line for ``sha256sum -c``, which has ``\n`` for a line feed in a name."""
    path = file_path(name)
    escaped = path.replace("\\", r"\\").replace("\n", r"\n").replace("\r", r"\r")
    return f"{'' if escaped == path else chr(92)}{sha256}  {escaped}"


def _bytes(spelt: str) -> bytes:
    return bytes.fromhex(spelt.replace("%", ""))

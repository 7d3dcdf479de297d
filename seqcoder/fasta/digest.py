"""GA4GH refget digests of sequences and of collections of sequences (genomes).

Refget Sequences v2 (``SQ.``) and Refget Sequence Collections v1.0.0,
https://ga4gh.github.io/refget/: sha512t24u is the base64url form of the first 24 bytes of
SHA-512. A sequence is digested without anything but letters, in upper case.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Sequence
from typing import Any

from seqcoder.fasta.model import ParsedFasta
from seqcoder.fasta.rendering import render_residues

_NO_LETTERS = bytes(byte for byte in range(256) if not 65 <= byte <= 90)


def sha512t24u(data: bytes | memoryview) -> str:
    """GA4GH's digest of ``data``: base64url of the first 24 bytes of SHA-512, 32 characters."""
    return base64.urlsafe_b64encode(hashlib.sha512(data).digest()[:24]).decode("ascii")


def refget(residues: bytes) -> str:
    """Refget digest of a sequence in any case, with or without gaps: ``SQ.`` and 32 characters."""
    return "SQ." + sha512t24u(letters_of(residues))


def refget_bytes(digest: str) -> bytes:
    """Return the 24 bytes of an ``SQ.`` digest; :func:`refget_text` is the inverse."""
    return base64.urlsafe_b64decode(digest.removeprefix("SQ."))


def refget_text(digest: bytes) -> str:
    """Return the ``SQ.`` form of 24 digest bytes."""
    return "SQ." + base64.urlsafe_b64encode(digest).decode("ascii")


def letters_of(residues: bytes) -> bytes:
    """Return what is digested of residues: letters only, in upper case."""
    return residues.upper().translate(None, _NO_LETTERS)


def md5(residues: bytes) -> str:
    """MD5 of a sequence, digested as by :func:`refget`, hex: the digest of CRAM's M5."""
    return hashlib.md5(letters_of(residues), usedforsecurity=False).hexdigest()


def record_digests(parsed: ParsedFasta) -> list[tuple[str, str]]:
    """Refget digests (``SQ.``) and MD5 (hex) of all records of a parsed file, in order."""
    side, starts = parsed.side, parsed.table.starts.tolist()
    text = memoryview(render_residues(side, 0, starts[-1], parsed.bases, case=False))
    # Exceptions are in upper case already; only those that are no letters have to go.
    odd = bool(side.exceptions.values.tobytes().strip(bytes(range(65, 91))))
    digests = []
    for start, stop in itertools.pairwise(starts):
        part: bytes | memoryview = text[start:stop]
        if odd:
            part = bytes(part).translate(None, _NO_LETTERS)
        fingerprint = hashlib.md5(part, usedforsecurity=False).hexdigest()
        digests.append(("SQ." + sha512t24u(part), fingerprint))
    return digests


def canonical_json(value: object) -> bytes:
    """RFC 8785 form of strings, and of lists and dicts of them (keys ASCII); no floats.

    A surrogate escape in a string, which stands for a byte that is not UTF-8, becomes that
    byte, so that names that are no text have a digest too.
    """
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape")


def seqcol_level2(
    names: Sequence[str], lengths: Sequence[int], refgets: Sequence[str]
) -> dict[str, list[Any]]:
    """Return a collection's attributes, the recommended ancillary ones among them."""
    return {
        "lengths": list(lengths),
        "names": list(names),
        "sequences": list(refgets),
        "sorted_sequences": sorted(refgets),
        "name_length_pairs": [
            {"length": length, "name": name} for name, length in zip(names, lengths, strict=True)
        ],
    }


def seqcol_level1(
    names: Sequence[str], lengths: Sequence[int], refgets: Sequence[str]
) -> dict[str, str]:
    """Return the digests of a collection's attributes, and of its pairs in any order."""
    level2 = seqcol_level2(names, lengths, refgets)
    level1 = {key: sha512t24u(canonical_json(value)) for key, value in level2.items()}
    pairs = sorted(sha512t24u(canonical_json(pair)) for pair in level2["name_length_pairs"])
    return level1 | {"sorted_name_length_pairs": sha512t24u(canonical_json(pairs))}


def seqcol_digest(names: Sequence[str], lengths: Sequence[int], refgets: Sequence[str]) -> str:
    """Return the digest of a collection (level 0).

    Of the attributes only names and sequences are *inherent* in the approved specification
    (``seqcol_minimal_v1.0.0.json``): a sequence digest implies the length. ``lengths`` is
    taken for the sake of a complete call and does not enter the digest.
    """
    inherent = {"names": list(names), "sequences": list(refgets)}
    level1 = {key: sha512t24u(canonical_json(value)) for key, value in inherent.items()}
    return sha512t24u(canonical_json(level1))

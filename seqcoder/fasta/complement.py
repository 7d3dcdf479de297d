"""The reverse complement of residues, as samtools and seqtk have it."""

from __future__ import annotations

_DNA = b"ACGTUMRWSYKVHDBNacgtumrwsykvhdbn"
_OTHER = b"TGCAAKYWSRMBDHVNtgcaakywsrmbdhvn"
_TO_DNA = bytes.maketrans(_DNA, _OTHER)
_TO_RNA = bytes.maketrans(_DNA, _OTHER.replace(b"T", b"U").replace(b"t", b"u"))


def reverse_complement(residues: bytes, rna: bool = False) -> bytes:
    """Return the other strand, read in its direction: case kept, IUPAC codes complemented.

    Gaps and what is no letter of a base stay. With ``rna`` A is paired with U.

    >>> reverse_complement(b"AACgRN-")
    b'-NYcGTT'
    """
    return residues.translate(_TO_RNA if rna else _TO_DNA)[::-1]

"""FASTA files taken apart into record table, side streams and bases, and put together again.

>>> parsed = parse(b">x y\\nACGTN\\nAC\\n")
>>> parsed.table.names, parsed.table.lengths.tolist(), parsed.bases.tolist()
([b'x'], [7], [0, 1, 2, 3, 0, 1])
>>> render(parsed)
b'>x y\\nACGTN\\nAC\\n'
"""

from seqcoder.fasta.complement import reverse_complement
from seqcoder.fasta.decompression import (
    DEFAULT_MAX_BYTES,
    InputBytes,
    decompress,
    is_container,
    open_bytes,
    sniff,
)
from seqcoder.fasta.kinds import is_tar, what_it_is
from seqcoder.fasta.model import (
    NotFasta,
    ParsedFasta,
    Record,
    RecordTable,
    Runs,
    SideStreams,
    base_starts,
)
from seqcoder.fasta.parsing import parse
from seqcoder.fasta.rendering import (
    bases_to_letters,
    render,
    render_region,
    render_residues,
    residue_to_base_range,
    wrap,
)
from seqcoder.fasta.side import pack_record_table, pack_side, unpack_record_table, unpack_side

__all__ = [
    "DEFAULT_MAX_BYTES",
    "InputBytes",
    "NotFasta",
    "ParsedFasta",
    "Record",
    "RecordTable",
    "Runs",
    "SideStreams",
    "base_starts",
    "bases_to_letters",
    "decompress",
    "is_container",
    "is_tar",
    "open_bytes",
    "pack_record_table",
    "pack_side",
    "parse",
    "render",
    "render_region",
    "render_residues",
    "residue_to_base_range",
    "reverse_complement",
    "sniff",
    "unpack_record_table",
    "unpack_side",
    "what_it_is",
    "wrap",
]

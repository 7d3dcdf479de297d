"""Made the dictionary of side frames (seqcoder/container/side.zdict). Run once a format version.

python tests/golden/side_dictionary.py ../shared/data/train ../shared/data/train_more

The folders hold genomes (``*.fa.zst``), of which the header lines are taken.
"""

from __future__ import annotations

import random
import sys
from hashlib import sha256
from pathlib import Path

import zstandard

from seqcoder import fasta
from seqcoder.container.frames import DICTIONARY
from seqcoder.storage.varint import put_bytes

_BYTES = 1024
_MOST_RECORDS = 40


def side(headers: list[bytes], width: int) -> bytes:
    """The side streams of a file with these headers, its records a few lines each."""
    chance = random.Random(len(headers))
    text = bytearray()
    for header in headers:
        length = chance.randint(1, 6) * width + chance.randint(1, width)
        lines = [b"A" * min(width, length - at) for at in range(0, length, width)]
        text += b">" + header + b"\n" + b"\n".join(lines) + b"\n"
    parsed = fasta.parse(bytes(text))
    assert isinstance(parsed, fasta.ParsedFasta)
    out = bytearray()
    put_bytes(out, fasta.pack_record_table(parsed.table))
    return bytes(out) + fasta.pack_side(parsed)


def main(folders: list[str]) -> None:
    """Train on whole files and on single records, each genome counting the same."""
    samples = []
    chance = random.Random(1)
    for path in sorted(path for folder in folders for path in Path(folder).glob("*.fa.zst")):
        data = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(path.open("rb"))
        headers = [line[1:] for line in data.read().split(b"\n") if line.startswith(b">")]
        samples.append(side(headers[:_MOST_RECORDS], 60))
        for header in chance.sample(headers, min(2, len(headers))):
            samples += [side([header], width) for width in (60, 70, 80)]
    trained = zstandard.train_dictionary(_BYTES, samples, level=19, k=100, d=6).as_bytes()
    DICTIONARY.write_bytes(trained)
    print(len(samples), len(trained), sha256(trained).hexdigest())


if __name__ == "__main__":
    main(sys.argv[1:])

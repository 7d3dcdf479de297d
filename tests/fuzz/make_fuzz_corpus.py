"""Makes the seeds of the fuzz corpus, small and all invented.

python tests/fuzz/make_fuzz_corpus.py
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import zstandard

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import fuzz_targets as targets  # noqa: E402

import seqcoder  # noqa: E402
from genomes import fasta_bytes, letters, random_bases  # noqa: E402
from seqcoder import Settings, coder, fasta  # noqa: E402
from seqcoder.container.reader import ContainerReader  # noqa: E402
from seqcoder.latent import pack_latents  # noqa: E402
from seqcoder.pangenome.plain_walk import write_plain  # noqa: E402
from seqcoder.storage.range_source import RangeSource  # noqa: E402
from seqcoder.storage.varint import put_bytes, put_varint  # noqa: E402

TEXT = letters(random_bases(240, seed=5))
FILES = {
    "plain": fasta_bytes(("c1 x", TEXT), ("c2 y", TEXT[:100])),
    "odd": b"; x\r\n>c_9 len=8\r\nACGTN\r\nNac\r\n>c_10 len=4\r\nA-GT",
    "ragged": b">x y\nACG\nACGTACGT\n\nA\n>z\nACGTAC\nACGTAC\nACG\n>w\n\n\nAC\n",
    "rna": b">r\nACGUACGUUT\n",
    "lower": fasta_bytes(("soft", TEXT[:60] + TEXT[60:90].lower() + b"NNNnnnRY")),
    "bare": b"ACGTACGTAA\nACGTA\n",
    "spaces": b"> lead name rest\nAC GT\n>\nACGT\n>\tx\nA\tC\n>a\x0bb\xff\nACGT\n",
    "protein": b">p\nMKVLITGAGSGIGLELVRQ\n",
    "empty": b"",
    "mark": b"\xef\xbb\xbf>c1\nACGT\n\xef\xbb\xbf\xef\xbb\xbf>c2\r\nACGTA\xef\xbb\xbf\n",
    "mark_alone": b"\xef\xbb\xbf",
    "marked_comment": b"\xef\xbb\xbf; lab\n>c\nACGT\n",
    "marked_bare": b"\xef\xbb\xbfACGTACGT\nACG",
    "separators": ">a\u2028b \x85\x1c\nACGT\n>#c\x0bd\nAC\x0cGT\n".encode(),
    "latin_1": b">\xd7 \xa0 x\nACGT\n>\\xd7\nACGT\n",
    "utf_16": ">a\nACGT\n".encode("utf-16"),
}


def _side(data: bytes) -> bytes:
    parsed = fasta.parse(data)
    assert isinstance(parsed, fasta.ParsedFasta)
    out = bytearray()
    put_varint(out, len(data))
    put_bytes(out, fasta.pack_record_table(parsed.table))
    return bytes(out + fasta.pack_side(parsed))


def _chunks() -> Iterator[bytes]:
    bases = np.concatenate([random_bases(200, seed=6)] * 2)
    n = len(bases) - 1
    for coding in range(4):
        payload = coder.encode(bases, coding)
        for more in (0, 64 + 9):
            yield bytes((n & 255, coding << 6 | n >> 8, more, 0)) + payload
        if coding < 2:
            continue
        model = targets._model()
        for latents in (np.zeros(17, np.int8), np.arange(17, dtype=np.int8) % 7):
            packed = pack_latents(latents)
            payload = coder.encode(bases, coding, model.classes(latents, 400), model.library)
            yield (
                bytes((n & 255, coding << 6 | n >> 8, 128 + 64 + 9, len(packed))) + packed + payload
            )


def _relatives() -> dict[str, bytes]:
    rng = np.random.default_rng(8)
    bases, files = random_bases(1500, seed=7), {}
    for i in range(4):
        files[f"g{i}.fa"] = b">x\n" + letters(bases) + b"\n"
        bases = np.concatenate(
            [bases[:400], bases[400:900][::-1] ^ 3, random_bases(40, i), bases[900:]]
        )
        bases[rng.integers(0, len(bases), 15)] ^= 1
    return files


def _walks() -> Iterator[bytes]:
    packed = seqcoder.compress_bytes(_relatives(), settings=Settings(level=1))
    with seqcoder.open(packed, threads=1) as opened:
        out = bytearray()
        put_varint(out, opened.reader.index.n_bases)
        for genome in opened.values():
            put_varint(out, genome.row.n_bases)
            put_bytes(out, genome.walk_data)
            yield bytes(out)
        out = bytearray()
        put_varint(out, opened.reader.index.n_bases)
        for genome in opened.values():
            put_varint(out, genome.row.n_bases)
            put_bytes(out, write_plain(genome.walk))
        yield bytes(out)


def _containers() -> Iterator[bytes]:
    with targets.without_checksums():
        for files in (
            {"a.fa": FILES["plain"]},
            {f"d/{name}.fa": data for name, data in FILES.items()},
            _relatives(),
        ):
            yield seqcoder.compress_bytes(files, settings=Settings(level=1, chunk_bases=1024))
        yield seqcoder.compress_bytes(
            {"a.fa": FILES["plain"]}, settings=Settings(level=2, model=None)
        )
    yield seqcoder.compress_bytes({"a.fa": FILES["plain"]}, settings=Settings(level=1))


def main() -> None:
    """Write the seeds."""
    plain = FILES["plain"]
    packers = (partial(gzip.compress, mtime=0), bz2.compress, lzma.compress, zstandard.compress)
    seeds = {
        "fasta_file": list(FILES.values()),
        "compressed": [
            *(pack(plain) + tail for pack in packers for tail in (b"", pack(b"x"), b"\0", b"junk")),
            *(pack(b"") for pack in packers),
            *(pack(plain)[:cut] for pack in packers for cut in (0, 9, -1)),
        ],
        "side": [
            _side(data)
            for data in FILES.values()
            if isinstance(fasta.parse(data), fasta.ParsedFasta)
        ],
        "chunk": list(_chunks()),
        "walk": list(_walks()),
        "container": list(_containers()),
    }
    for target, all_seeds in seeds.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(all_seeds):
            targets.TARGETS[target](seed)
            (folder / f"seed{number:02d}").write_bytes(seed)
        print(target, len(all_seeds), sum(map(len, all_seeds)))
    reader = ContainerReader(RangeSource(seeds["container"][-1]))
    assert reader.index.genomes


if __name__ == "__main__":
    main()

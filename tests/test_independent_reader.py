"""Two readers, one of them written from the documents alone, agree on every container."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import independent_reader
import seqcoder
from appended import append
from fasta_strategies import fasta_files
from genomes import fasta_bytes, letters, random_bases, real_file, small_genome
from independent_fasta import RefusedError
from seqcoder import Settings, coder
from seqcoder.container.reader import ContainerReader
from seqcoder.pangenome import Walk
from seqcoder.pangenome.plain_walk import write_plain
from seqcoder.storage.range_source import RangeSource

COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh")
"""Inputs that begin so are decompressed, or refused."""

SEQUENCE = letters(random_bases(9_000, seed=3))
CORPUS = {
    "plain.fa": fasta_bytes(("one", SEQUENCE), width=70),
    "records.fa": small_genome(20_000, seed=4, records=3),
    "deep/er/crlf.fna": fasta_bytes(("a b", SEQUENCE[:500]), ("c", b"acgtN"), line_end=b"\r\n"),
    "mixed_ends.fa": b">x\r\nACGT\nACGT\r\nAC\n",
    "ragged.fa": b">x y\nACG\nACGTACGT\n\nA\n>z\nACGTAC\nACGTAC\nACG\n>w\n\n\nAC\n",
    "lower.fa": fasta_bytes(("soft", SEQUENCE[:300] + SEQUENCE[300:700].lower())),
    "n.fa": fasta_bytes(("n", b"N" * 90 + SEQUENCE[:200] + b"n" * 7 + b"N"), ("all", b"N" * 500)),
    "iupac.fa": fasta_bytes(("i", b"RYKMSWBDHVNrykmswbdhvn" + SEQUENCE[:100] + b"XACGT")),
    "gaps.fa": fasta_bytes(("g", b"--AC-GT*" + SEQUENCE), ("h", SEQUENCE.lower() + b".-" * 9)),
    "rna.fa": fasta_bytes(("r", SEQUENCE[:400].replace(b"T", b"U") + b"T")),
    "protein.faa": fasta_bytes(("p", b"MKVLITGAGSGIGLELVRQFLELGHRVVATDRDPERLAE" * 4)),
    "empty.fa": b"",
    "only_header.fa": b">nothing at all\n",
    "twice.fa": fasta_bytes(("same", b"ACGT"), ("same", b"ACGA"), ("same", b"")),
    "blank.fa": b">x\nACGT\n\n\n>y\n\n>z\nACGT\n\n",
    "no_newline.fa": b">x\nACGT\nAC",
    "preamble.fa": b"; lab 3\r\n>ctg_9 len=8\r\nACGTN\r\nNac\r\n>ctg_10 len=4\r\nA-GT",
    "headerless.txt": b"ACGTACGTAA\nACGTA\n",
    "spaces.fa": b"> lead name rest\nAC GT\n>\nACGT\n>\tx\nA\tC\n>a\x0bb\xff\nACGT\n",
    "tiny.fa": b"".join(b">read_%05d/1 l=%d\nACGT\n" % (i, i % 7) for i in range(2500)),
    "marked.fa": b"\xef\xbb\xbf>x\r\nACGT\r\n\xef\xbb\xbf\xef\xbb\xbf>y\nAC\n",
    "marked_bare.fa": b"\xef\xbb\xbfACGTACGTAC\nAC\n",
    "names.fa": b">a_099 9\nAAA\n>a_100 3\nAAC\n>a_356\nAAG\n>a_0356 2\nAC\n>b1c2\nA\n",
}


def pack(files: dict[str, bytes], chosen: Settings | None = None) -> bytes:
    return seqcoder.compress_bytes(files, settings=chosen or Settings())


def decode(
    payload: bytes,
    n: int,
    coding: int,
    model: bytes,
    latents: bytes,
    leader: independent_reader.Leader | None = None,
) -> np.ndarray:
    """Decode a residual, which the documents leave to the coder."""
    assert coding != coder.TWO_BIT, "two bits per base need nobody's help"
    after = None
    classes = library = None
    if model:
        from seqcoder.latent import load_model, unpack_latents

        known = load_model("prokaryote-2", model.hex())
        classes = known.classes(unpack_latents(latents, n), n)
        library = known.library
    if leader is not None:
        uses, before, its = leader
        led = None
        if model:
            led = np.zeros(len(before), np.uint8)
            if its:
                led = known.classes(unpack_latents(its, len(before)), len(before))
        state = coder.learn(before, coding, led, library) if uses & 1 else None
        genes = coder.index_genes(before, led) if uses & 2 and led is not None else None
        after = coder.Leader(state, genes)
    return coder.decode(payload, n, coding, classes, None, library, after)


def agree(data: bytes, files: dict[str, bytes]) -> None:
    assert independent_reader.read_container(data, decode) == files
    assert independent_reader.read_without_index(data, decode) == files
    with seqcoder.open(data) as container:
        assert {name: genome.read() for name, genome in container.items()} == files
        assert independent_reader.list_records(data) == [
            (genome.name, record.name.encode("utf-8", "surrogateescape").decode("latin-1"), n)
            for genome in container.values()
            for record in genome
            for n in (len(record),)
        ]


@pytest.fixture(scope="module")
def packed() -> bytes:
    return pack(CORPUS, Settings(level=2, chunk_bases=4096))


def test_the_corpus_at_level_2(packed: bytes) -> None:
    agree(packed, CORPUS)


@pytest.mark.parametrize("level", [1, 3])
def test_other_levels(level: int) -> None:
    files = {name: CORPUS[name] for name in ("plain.fa", "gaps.fa")}
    agree(pack(files, Settings(level=level)), files)


def test_containers_without_bases() -> None:
    for files in ({"empty.fa": b""}, {"x.fa": b">x\n"}, {"n.fa": b">n\nNNNN\n"}):
        agree(pack(files), files)


def test_two_bits_need_no_callback() -> None:
    bases = random_bases(20_002, seed=9)
    files = {"random.fa": fasta_bytes(("r", letters(bases)))}

    def refuse(*_: object) -> np.ndarray:
        raise AssertionError("the callback was asked for a two-bit chunk")

    data = pack(files, Settings(level=2, chunk_bases=4096))
    codings = [chunk.row.coding for chunk in ContainerReader(RangeSource(data)).index.chunks]
    assert codings == [coder.TWO_BIT] * 5
    assert independent_reader.read_container(data, refuse) == files


def test_appends_and_a_torn_one(packed: bytes) -> None:
    more = {"more.fa": small_genome(5000, seed=8), "none.fa": b">none\n", "z.faa": b">z\nMKVL\n"}
    most = {"most.fa": small_genome(3000, seed=9)}
    once = append(packed, pack(more, Settings(group=False)))
    agree(once, CORPUS | more)
    twice = append(once, pack(most, Settings(group=False)))
    agree(twice, CORPUS | more | most)
    torn = twice[:-1]
    assert independent_reader.read_container(torn, decode) == CORPUS | more
    with seqcoder.open(torn) as container:
        assert set(container) == set(CORPUS | more)


def test_every_flipped_bit_is_refused(packed: bytes) -> None:
    """Anywhere, by way of the index and without it."""
    refused = (RefusedError, ValueError, zstandard.ZstdError)
    rng = np.random.default_rng(1)
    for at in rng.integers(0, len(packed), 80).tolist():
        damaged = bytearray(packed)
        damaged[at] ^= 1 << int(rng.integers(8))
        with pytest.raises(refused):
            independent_reader.read_container(bytes(damaged), decode)
        with pytest.raises(refused):
            independent_reader.read_without_index(bytes(damaged), decode)


def relatives(n: int, length: int, seed: int) -> dict[str, bytes]:
    """Genomes that are the one before with all that happens to genomes: each a relative walk."""
    rng = np.random.default_rng(seed)
    bases, files = random_bases(length, seed), {}
    for i in range(n):
        files[f"g{seed}_{i}.fa"] = fasta_bytes((f"g{i}", letters(bases)))
        a, b, c, d = np.sort(rng.integers(0, len(bases), 4))
        new = random_bases(int(rng.integers(20, 400)), seed=seed + i)
        turned = bases[b:c][::-1] ^ 3
        repeat = bases[: length // 8] if i % 2 else bases[:0]
        bases = np.concatenate([bases[:a], new, bases[a:b], turned, repeat, bases[d:]])
        at = rng.integers(0, len(bases), int(rng.integers(1, 1 + len(bases) // 20)))
        bases[at] ^= rng.integers(1, 4, len(at)).astype(np.uint8)
        if i % 3 == 2:
            bases = bases[::-1] ^ 3
    return files


@pytest.mark.parametrize("seed", range(6))
def test_groups_of_relatives(seed: int) -> None:
    """Relative walks: parents, forerunners, sites, copies of the genome itself, both strands."""
    files = relatives(6, 5000, seed)
    if seed % 2:  # a stored file counts among those that a parent is back by
        files = dict(list(files.items())[:2]) | {"p.faa": CORPUS["protein.faa"]} | files
    data = pack(files, Settings(level=1))
    rows = [genome.row for genome in ContainerReader(RangeSource(data)).index.genomes]
    assert sum(row.base_start is None for row in rows) >= 4
    agree(data, files)


def test_relatives_appended(tmp_path: Path) -> None:
    files = relatives(6, 4000, 11)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths, out = [tmp_path / name for name in files], tmp_path / "x.sqc"
    seqcoder.compress(paths[:2], out, settings=Settings(level=1))
    seqcoder.append(paths[2:4], out, settings=Settings(level=1))
    seqcoder.append(paths[4:], out, settings=Settings(level=1))
    agree(out.read_bytes(), files)


def test_twenty_genomes_have_many_forerunners() -> None:
    agree(pack(files := relatives(20, 1500, 12), Settings(level=1)), files)


@pytest.mark.real
def test_real_relatives() -> None:
    """A genome, and what a strain of it might be, at the size of real ones (three megabases)."""
    data = real_file("dev/genomes/Listeria_monocytogenes.fa.zst")
    rng = np.random.default_rng(1)
    strain = bytearray(data)
    for at in rng.integers(1000, len(data) - 1000, 3000).tolist():
        if strain[at] in b"ACGT":
            strain[at] = b"ACGT"[rng.integers(4)]
    del strain[500_000:500_810]  # ten lines
    files = {"one.fa": data, "two.fa": bytes(strain)}
    packed = pack(files, Settings(level=1))
    assert len(packed) < 0.27 * len(data)
    agree(packed, files)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_walk(data: st.DataObject) -> None:
    space = random_bases(500, seed=2)
    intervals = data.draw(
        st.lists(st.tuples(st.integers(0, 400), st.integers(1, 100), st.booleans()), max_size=9)
    )
    starts, lengths, reverse = np.array(intervals, np.int64).reshape(-1, 3).T
    n = int(lengths.sum())
    at = sorted(data.draw(st.sets(st.integers(0, n - 1), max_size=9))) if n else []
    differences = data.draw(st.lists(st.integers(1, 3), min_size=len(at), max_size=len(at)))
    walk = Walk(
        starts,
        lengths,
        reverse.astype(np.bool_),
        np.array(at, np.int64),
        np.array(differences, np.uint8),
    )
    expected = walk.apply(lambda start, stop: space[start:stop])
    found = independent_reader.follow_walk(write_plain(walk), n, space)
    assert found.tobytes() == expected.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(fasta_files(), min_size=1, max_size=3), st.integers(1, 2))
def test_any_fasta(contents: list[bytes], level: int) -> None:
    files = {f"{i}.fa": data for i, data in enumerate(contents)}
    agree(pack(files, Settings(level=level, chunk_bases=1024)), files)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300).filter(lambda data: not data.startswith(COMPRESSED)))
def test_any_bytes(data: bytes) -> None:
    agree(pack({"x": data}, Settings(level=1)), {"x": data})

"""Each chunk is decoded once for all the genomes that need it, as far as that is known before."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import seqcoder
from genomes import coding_genome, fasta_bytes, letters, random_bases
from seqcoder import Settings
from seqcoder.latent import library, model
from seqcoder.reading.base_decoder import BaseDecoder


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Strains: each the one before with substitutions and 700 bases of its own."""
    bases, found = random_bases(20_000, seed=1), {}
    rng = np.random.default_rng(2)
    for i in range(8):
        found[f"{i}.fa"] = fasta_bytes((f"g{i}", letters(bases)))
        bases = np.concatenate([bases, random_bases(700, seed=10 + i)])
        bases[rng.integers(0, len(bases), 30)] ^= 1
    return found


@pytest.fixture(scope="module")
def packed(files: dict[str, bytes]) -> bytes:
    data = seqcoder.compress_bytes(files, settings=Settings(level=1, chunk_bases=8192))
    with seqcoder.open(data) as container:
        assert 3 <= len(container.reader.index.chunks) <= 6
        walks = [genome.row.base_start is None for genome in container.values()]
        assert sum(walks) >= 6, "few genomes share chunks"
    return data


def test_reading_all_decodes_all_once(packed: bytes, files: dict[str, bytes]) -> None:
    for threads in (1, 3):
        with seqcoder.open(packed, threads=threads) as container:
            container.expect()
            for name in reversed(list(files)):
                assert container[name].read() == files[name]
            assert container.decoder.bases_decoded == container.reader.index.n_bases


def test_many_readers_at_a_time(packed: bytes, files: dict[str, bytes]) -> None:
    with seqcoder.open(packed, threads=2) as container, ThreadPoolExecutor(4) as pool:
        container.expect()
        assert list(pool.map(lambda name: container[name].read(), files)) == list(files.values())
        assert container.decoder.bases_decoded == container.reader.index.n_bases


def test_commands_that_read_all(
    packed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[BaseDecoder] = []

    class Seen(BaseDecoder):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            made.append(self)

    monkeypatch.setattr("seqcoder.reading.base_decoder.BaseDecoder", Seen)
    (tmp_path / "x.sqc").write_bytes(packed)
    seqcoder.decompress(tmp_path / "x.sqc", tmp_path / "out")
    assert seqcoder.verify(tmp_path / "x.sqc", full=True).intact
    n_bases = seqcoder.open(packed).reader.index.n_bases
    assert [decoder.bases_decoded for decoder in made] == [n_bases, n_bases]


def test_reading_some_decodes_what_they_need(packed: bytes, files: dict[str, bytes]) -> None:
    some = ["0.fa", "2.fa", "3.fa"]
    with seqcoder.open(packed) as container:
        container.expect(some)
        needed = np.zeros(container.reader.index.n_bases, np.bool_)
        for name in some:
            for start, stop in container[name].walk.spans().tolist():
                for entry in container.reader.index.chunks_over(start, stop):
                    needed[entry.first_base : min(stop, entry.stop_base)] = True
            assert container[name].read() == files[name]
        assert container.decoder.bases_decoded == needed.sum() < len(needed)


def test_one_genome_decodes_no_more_than_it_needs(packed: bytes) -> None:
    with seqcoder.open(packed) as container:
        container["0.fa"].read()
        assert container.decoder.bases_decoded == 20_000


def test_unexpected_genomes_cost_a_second_time_at_most(
    packed: bytes, files: dict[str, bytes]
) -> None:
    with seqcoder.open(packed) as container:
        for name, data in files.items():
            assert container[name].read() == data
        n_bases = container.reader.index.n_bases
        assert n_bases < container.decoder.bases_decoded < 2 * n_bases


def test_a_library_is_built_once_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    file = coding_genome(12_000)
    data = seqcoder.compress_bytes({"a.fa": file}, settings=Settings(level=2, chunk_bases=4096))
    begun, built, original = threading.Event(), [], library.library_over

    def slowly(text: NDArray[np.uint8], counts: NDArray[np.uint32]) -> library.Library:
        begun.set()
        time.sleep(0.1)
        built.append(threading.current_thread())
        return original(text, counts)

    with seqcoder.open(data, threads=3) as container:
        assert sum(bool(entry.row.model) for entry in container.reader.index.chunks) >= 2
        model._library.cache_clear()
        monkeypatch.setattr(library, "library_over", slowly)
        container.decoder.prepare()
        assert begun.wait(30)
        assert container["a.fa"].read() == file
        assert len(built) == 1
        assert built[0] is not threading.current_thread()


def test_what_is_kept_is_bounded(packed: bytes, files: dict[str, bytes]) -> None:
    with seqcoder.reading.reader.Container(packed, cache_bytes=9000) as container:
        container.expect()
        for name, data in files.items():
            assert container[name].read() == data
            assert sum(map(len, container.decoder._cache.values())) <= 9000
        container.forget()
        assert not container.decoder._cache

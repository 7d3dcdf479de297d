from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import goldens
import reference
from generated import genome, noise, proteins, random_bases

from seqcoder import coder, core
from seqcoder.coder import levels
from seqcoder.errors import IntegrityError, UsageError

CODINGS = (coder.TWO_BIT, 1, 2, 3)
PINNED = json.loads((Path(__file__).parent / "goldens.json").read_text())


def _shape(kind: str, n: int, seed: int) -> np.ndarray:
    bases = random_bases(n, f"{kind}{seed}").copy()
    if kind == "one letter":
        bases[:] = seed % 4
    elif kind == "period":
        bases = np.resize(bases[: 1 + seed % 40], n)
    elif kind == "repeat":
        bases[n // 2 : n // 2 * 2] = bases[: n // 2]
    elif kind == "inverted":
        bases[n - n // 2 :] = 3 - bases[: n // 2][::-1]
    return bases


_QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("coding", CODINGS)
@_QUICK
@given(
    kind=st.sampled_from(["random", "one letter", "period", "repeat", "inverted"]),
    n=st.integers(0, 3000),
    seed=st.integers(0, 99),
    classed=st.booleans(),
)
def test_round_trip(coding: int, kind: str, n: int, seed: int, classed: bool) -> None:
    bases = _shape(kind, n, seed)
    classes = noise(n, f"c{seed}") & np.uint8(15) if classed else None
    before = bases.copy()
    payload = coder.encode(bases, coding, classes)
    assert np.array_equal(bases, before)
    assert np.array_equal(coder.decode(payload, n, coding, classes), bases)
    stop = n * (seed % 7) // 6
    assert np.array_equal(coder.decode(memoryview(payload), n, coding, classes, stop), bases[:stop])


@pytest.mark.parametrize("coding", CODINGS)
def test_every_short_length(coding: int) -> None:
    for n in (*range(7), 24, 31, 32, 33, 40, 41):
        bases = random_bases(n, f"short{n}")
        assert np.array_equal(coder.decode(coder.encode(bases, coding), n, coding), bases)


def test_payloads_are_pinned() -> None:
    assert goldens.digests() == PINNED


@pytest.mark.parametrize("variant", ["portable", "v3"])
def test_both_builds_give_the_same_payloads(variant: str) -> None:
    if variant == "v3" and not core.supports_v3():
        pytest.skip("this processor does not run v3")
    env = {**os.environ, "SEQCODER_CPU": variant}
    script = str(Path(goldens.__file__))
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, check=True)
    assert json.loads(done.stdout) == PINNED


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("classed", [False, True])
def test_plain_python_agrees(number: int, classed: bool) -> None:
    bases, classes = genome()
    chosen = classes if classed else None
    level = levels.LEVELS[number]
    expected = reference.encode(bases, number, chosen)
    assert coder.encode(bases, level.coding, chosen) == expected


@pytest.mark.parametrize("number", [2, 3])
def test_plain_python_agrees_with_a_library(number: int) -> None:
    bases, classes = genome(8000)
    library = proteins(bases)
    level = levels.LEVELS[number]
    expected = reference.encode(bases, number, classes, library)
    assert coder.encode(bases, level.coding, classes, library) == expected
    assert len(expected) < 0.95 * len(coder.encode(bases, level.coding, classes))
    back = coder.decode(expected, len(bases), level.coding, classes, 5000, library)
    assert np.array_equal(back, bases[:5000])


def test_plain_python_reads_level_1() -> None:
    bases, _ = genome()
    payload = coder.encode(bases, 1)
    assert len(payload) < len(bases) // 4 - 200
    assert reference.decode_copies(payload, len(bases)) == bases.tolist()


@pytest.mark.parametrize("coding", CODINGS)
def test_damage_never_crashes(coding: int) -> None:
    bases, classes = genome(6000)
    payload = coder.encode(bases, coding, classes)
    luck = noise(400, "damage").astype(int)
    changed = 0
    for t in range(60):
        bad = bytearray(payload)
        for q in range(1 + t % 4):
            where = (luck[t] * 251 + luck[t + 100] * 7 + q * 977) % len(bad)
            bad[where if t % 2 else where % 64] ^= 1 + luck[t + 200] % 255
        if t % 5 == 0:
            bad = bad[: len(bad) * (luck[t] % 9) // 9]
        if t % 7 == 0:
            bad += bytes(noise(50, f"tail{t}"))
        try:
            got = coder.decode(bytes(bad), len(bases), coding, classes)
        except IntegrityError:
            changed += 1
            continue
        assert got.shape == bases.shape
        assert got.max() <= 3
        changed += not np.array_equal(got, bases)
    assert changed > 20
    for junk in (b"", b"\x00", b"\xff" * 40, bytes(noise(500, "junk"))):
        try:
            assert len(coder.decode(junk, 3000, coding)) == 3000
        except IntegrityError:
            assert coding < 2


def test_wrong_classes_give_other_bases_not_a_crash() -> None:
    bases, classes = genome(6000)
    payload = coder.encode(bases, 2, classes)
    assert not np.array_equal(coder.decode(payload, 6000, 2, classes ^ 1), bases)
    assert len(coder.decode(payload, 6000, 2)) == 6000


def test_refusals() -> None:
    bases = random_bases(100)
    with pytest.raises(IntegrityError, match="coding id 77"):
        coder.encode(bases, 77)
    with pytest.raises(IntegrityError, match="coding id 77"):
        coder.decode(b"1234", 100, 77)
    with pytest.raises(UsageError, match="classes"):
        coder.encode(bases, 2, np.zeros(99, np.uint8))
    with pytest.raises(IntegrityError, match="2-bit"):
        coder.decode(b"12", 100, coder.TWO_BIT)


def test_random_bases_cost_two_bits() -> None:
    bases = random_bases(1_000_000)
    for coding in (2, 3):
        assert len(coder.encode(bases, coding)) * 8 <= 2.001 * len(bases) + 8 * 64
    assert len(coder.encode(bases, 1)) <= len(bases) // 4 + 2


def test_classes_pay() -> None:
    bases, classes = genome(200_000)
    for coding in (2, 3):
        assert len(coder.encode(bases, coding, classes)) < 0.985 * len(coder.encode(bases, coding))


def test_threads_do_not_share_state() -> None:
    inputs = [genome(8000, f"thread{t}") for t in range(4)]
    alone = [coder.encode(b, 2, c) for b, c in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda x: coder.encode(x[0], 2, x[1]), inputs * 2))
    assert together == alone * 2


def test_memory_is_as_stated() -> None:
    n = 1 << 22
    assert coder.memory_bytes(2, n) <= 150 << 20
    assert coder.memory_bytes(3, n) <= 600 << 20


def test_a_decoder_goes_on() -> None:
    bases, classes = genome(9000)
    library = proteins(bases)
    for number, level in levels.LEVELS.items():
        if not level.mixes:
            continue
        payload = coder.encode(bases, level.coding, classes, library)
        decoder = coder.Decoder(payload, len(bases), level, classes, library)
        back = np.empty(len(bases), np.uint8)
        for stop in (0, 1, 31, 33, 4000, 4000, 9000):
            decoder.read(back[decoder.done : stop])
            assert decoder.done == stop
        assert np.array_equal(back, bases), number
        with pytest.raises(ValueError, match="more than are left"):
            decoder.read(back[:1])


@pytest.mark.parametrize("coding", CODINGS)
def test_costs_add_up(coding: int) -> None:
    bases, classes = genome(5000)
    payload = coder.encode(bases, coding, classes)
    back, bits = coder.costs(payload, len(bases), coding, 24, classes)
    assert np.array_equal(back, bases)
    assert len(bits) == 209
    assert bits.sum() <= 8 * len(payload) <= bits.sum() + 8 * 12


def test_wrong_sizes_are_refused() -> None:
    bases = random_bases(100)
    with pytest.raises(ValueError, match="level"):
        core.encode_mixing(1, bases, None, None)
    with pytest.raises(ValueError, match="classes"):
        core.encode_mixing(2, bases, np.zeros(101, np.uint8), None)
    with pytest.raises(ValueError, match="counts"):
        core.Library(bases, np.zeros(5, np.uint32))
    with pytest.raises(ValueError, match="too many"):
        core.MixingDecoder(2, bases, 1 << 31, None, None)
    with pytest.raises(TypeError):
        core.encode_mixing(2, bases.astype(np.int64), None, None)


def test_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from study_coder import main

    bases, _ = genome(6000)
    fasta = tmp_path / "x.fa"
    fasta.write_text(">x\n" + "".join("ACGT"[b] for b in bases) + "\n")
    assert main([str(fasta), "--levels", "1,2"]) == 0
    rows = [row.split("\t") for row in capsys.readouterr().out.splitlines()]
    assert [row[1:3] for row in rows[1:]] == [
        ["1", "nothing"],
        ["2", "nothing"],
        ["2", "classes"],
        ["2", "library"],
    ]

"""The core's letters and lines, on both builds, against plain Python."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_builds import BUILDS

both = pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
quick = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.lists(
    st.one_of(
        st.binary(max_size=3),
        st.text("ACGT", max_size=90).map(str.encode),
        st.text("acgtACGUuNn \0\r\n", max_size=20).map(str.encode),
    ),
    max_size=12,
).map(b"".join)


@both
@quick
@given(texts, st.booleans())
def test_bases_are_taken(build: ModuleType, text: bytes, rna: bool) -> None:
    letters = b"ACGU" if rna else b"ACGT"
    out = np.full(len(text), 9, np.uint8)
    n, lower = build.take_bases(np.frombuffer(text, np.uint8), rna, out)
    taken = [
        byte for byte in text if bytes([byte]).upper() in (letters[i : i + 1] for i in range(4))
    ]
    assert out[:n].tolist() == [letters.index(bytes([byte]).upper()) for byte in taken]
    assert lower == any(byte & 32 for byte in taken)
    assert build.write_letters(out[:n], rna) == bytes(taken).upper()


@both
def test_every_byte_is_a_base_or_none(build: ModuleType) -> None:
    for byte in range(256):
        out = np.empty(40, np.uint8)
        n, _ = build.take_bases(np.full(40, byte, np.uint8), False, out)
        assert n == (40 if byte in b"ACGTacgt" else 0)


@both
@quick
@given(texts, st.integers(1, 100))
def test_lines(build: ModuleType, text: bytes, width: int) -> None:
    array = np.frombuffer(text, np.uint8)
    assert build.find_line_ends(array).tolist() == [i for i, c in enumerate(text) if c == 10]
    assert build.drop_carriage_returns(array) == text.replace(b"\r\n", b"\n")
    assert build.add_carriage_returns(array) == text.replace(b"\n", b"\r\n")
    lines = [text[at : at + width] + b"\n" for at in range(0, len(text), width)]
    assert build.wrap_lines(array, width) == b"".join(lines)

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent / "coder"))

import reference_library

from seqcoder import core
from seqcoder.latent import library
from seqcoder.latent.library import trace
from seqcoder.latent.types import latents_to_classes, mirror

CODON_OF = {int(a): c for c, a in enumerate(library.RESIDUE_OF)}


def gene_of(residues: NDArray[np.uint8]) -> NDArray[np.uint8]:
    codons = np.array([CODON_OF[int(a)] for a in residues])
    return (
        np.stack([codons >> 4, (codons >> 2) & 3, codons & 3], axis=1).reshape(-1).astype(np.uint8)
    )


@pytest.fixture(scope="module")
def protein() -> NDArray[np.uint8]:
    return np.random.default_rng(11).integers(1, 21, 200).astype(np.uint8)


@pytest.fixture(scope="module")
def known(protein: NDArray[np.uint8]) -> library.Library:
    other = np.random.default_rng(12).integers(1, 21, 500).astype(np.uint8)
    gap = np.array([library.GAP], np.uint8)
    return library.build_library(np.concatenate([other, gap, protein, gap, other[::-1]]))


def said(context: int) -> int:
    """The residue a first context number names."""
    return (context - 1) // 21 % 21


@pytest.mark.parametrize("strand", [0, 1])
def test_a_known_protein_is_followed_on_either_strand(
    protein: NDArray[np.uint8], known: library.Library, strand: int
) -> None:
    bases = gene_of(protein)
    classes = np.tile(np.array([1, 2, 3], np.uint8), protein.size)
    expected = np.repeat(protein, 3)
    if strand:
        bases, classes, expected = (3 - bases[::-1]), mirror(classes), expected[::-1]
    contexts, confidence = trace(bases, classes, known)
    quiet = 3 * library.SEED
    assert (contexts[0, :quiet] == 0).all()
    assert (contexts[0, quiet:] > 0).all()
    assert [said(int(c)) for c in contexts[0, quiet:]] == expected[quiet:].tolist()
    assert confidence[-1] == library.CONFIDENCES - 1


def test_substitutions_are_survived(protein: NDArray[np.uint8], known: library.Library) -> None:
    changed = protein.copy()
    changed[40::9] = changed[40::9] % 20 + 1
    classes = np.tile(np.array([1, 2, 3], np.uint8), protein.size)
    contexts, _ = trace(gene_of(changed), classes, known)
    assert (contexts[0, 3 * library.SEED :] > 0).mean() > 0.98


def test_nothing_is_said_between_genes(protein: NDArray[np.uint8], known: library.Library) -> None:
    bases = gene_of(protein)
    contexts, confidence = trace(bases, np.zeros(bases.size, np.uint8), known)
    assert not contexts.any()
    assert not confidence.any()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(0, 600))
def test_only_earlier_bases_are_read(
    protein: NDArray[np.uint8], known: library.Library, seed: int, cut: int
) -> None:
    rng = np.random.default_rng(seed)
    bases = gene_of(protein)
    if rng.integers(2):
        bases = 3 - bases[::-1]
    latents = np.repeat(rng.integers(-128, 128, 9), 3).astype(np.int8)
    if rng.integers(2):
        latents[:] = rng.integers(0, 7)
    classes = latents_to_classes(latents, bases.size)
    other = bases.copy()
    other[cut:] = rng.integers(0, 4, bases.size - cut)
    a, b = trace(bases, classes, known), trace(other, classes, known)
    assert np.array_equal(a[0][:, : cut + 1], b[0][:, : cut + 1])
    assert np.array_equal(a[1][: cut + 1], b[1][: cut + 1])
    assert int(a[0].max()) < library.CONTEXTS
    assert int(a[1].max()) < library.CONFIDENCES


def test_residues_stay_where_they_are(protein: NDArray[np.uint8]) -> None:
    for n in (0, 1, 31, 300):
        residues = np.resize(np.append(protein, [77, library.GAP]), n).astype(np.uint8)
        text = np.full(core.LIBRARY_FRONT + n + core.LIBRARY_BACK, 99, np.uint8)
        text[core.LIBRARY_FRONT : core.LIBRARY_FRONT + n] = residues
        there = library.library_over(text, np.zeros(2 * library.CONTEXTS, np.uint32))
        assert n == 0 or np.shares_memory(there.residues, text)
        del text
        copied = library.build_library(residues)
        assert np.array_equal(there.residues, copied.residues)
        bases = gene_of(protein)
        classes = np.tile(np.array([1, 2, 3], np.uint8), protein.size)
        one, other = trace(bases, classes, there), trace(bases, classes, copied)
        assert all(map(np.array_equal, one, other))
    with pytest.raises(ValueError, match="margins"):
        core.library_over(np.zeros(47, np.uint8), None)
    with pytest.raises(ValueError, match="counts"):
        core.library_over(np.zeros(48, np.uint8), np.zeros(5, np.uint32))


def test_any_residues_make_a_safe_library() -> None:
    rng = np.random.default_rng(4)
    residues = rng.integers(0, 256, 5000).astype(np.uint8)
    odd = library.build_library(residues)
    capped = library.build_library(np.minimum(residues, library.GAP))
    assert odd.index.memory == capped.index.memory
    nothing = library.empty_library()
    bases = rng.integers(0, 4, 3000).astype(np.uint8)
    classes = latents_to_classes(np.ones(125, np.int8), 3000)
    assert not trace(bases, classes, nothing)[0].any()
    assert not trace(bases, classes, odd)[0].any()


@pytest.mark.parametrize("strand", [0, 1])
def test_plain_python_agrees(
    protein: NDArray[np.uint8], known: library.Library, strand: int
) -> None:
    rng = np.random.default_rng(5)
    changed = protein.copy()
    changed[30::7] = rng.integers(1, 21, changed[30::7].size)
    bases = np.concatenate([gene_of(changed), gene_of(protein[::-1]), gene_of(protein)])
    bases[700::211] = rng.integers(0, 4, bases[700::211].size)
    classes = np.tile(np.array([1, 2, 3], np.uint8), bases.size // 3)
    classes[900:1000] = rng.integers(0, 16, 100)
    if strand:
        bases, classes = 3 - bases[::-1], mirror(np.minimum(classes, 6))
    gap = np.array([library.GAP], np.uint8)
    relatives = library.build_library(np.concatenate([known.residues, gap, changed, gap, protein]))
    expected = reference_library.trace(bases, classes, relatives)
    found = trace(bases, classes, relatives)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])
    assert (found[0] > 0).any(axis=1).all()


@pytest.mark.parametrize("scale", [1, 5])
def test_every_build_indexes_as_plain_python(core_build: ModuleType, scale: int) -> None:
    """Proteins, gaps, codes beyond residues, crowded slots; in a small and a larger index."""
    rng = np.random.default_rng(6)
    genes = rng.integers(0, 21, 400).astype(np.uint8)
    parts = [np.tile(genes[:14], 20), genes]
    for _ in range(12 * scale):
        copy = genes.copy()
        at = rng.random(copy.size) < 0.2
        copy[at] = rng.choice([*range(32), 31, 31], int(at.sum()))
        parts.append(copy[rng.integers(50) : rng.integers(300, 400)])
    parts.append(rng.integers(0, 256, 4000 * scale).astype(np.uint8))
    residues = np.concatenate(parts)
    read = np.concatenate([genes, np.tile(genes[:14], 3)])
    bases = gene_of(read)
    classes = np.tile(np.array([1, 2, 3], np.uint8), read.size)
    index = core_build.Library(residues, None)
    for strand in (0, 1):
        if strand:
            bases, classes = 3 - bases[::-1], mirror(classes)
        contexts = np.zeros((2, bases.size), np.uint16)
        confidence = np.zeros(bases.size, np.uint8)
        core_build.trace_library(index, bases.copy(), classes.copy(), contexts, confidence)
        known = library.Library(np.zeros(0, np.uint32), index)
        expected = reference_library.trace(bases, classes, known)
        assert np.array_equal(contexts, expected[0])
        assert np.array_equal(confidence, expected[1])
        assert contexts.any(axis=1).all()

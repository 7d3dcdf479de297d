"""The native core's functions, with what each takes and gives.

Arrays are contiguous; a wrong dtype or number of dimensions is a TypeError, a wrong size a
ValueError. All release the interpreter's lock while they work.
"""

import numpy as np
from numpy.typing import NDArray

VARIANT: str

def supports_v3() -> bool:
    """Whether this processor runs the ``v3`` build."""

def keep_freed_memory() -> None:
    """Let this process keep up to 64 MB that it has freed, for what it asks for next.

    Pieces of up to 16 MB are kept. Does nothing where the C library is not glibc.
    """

# Letters and lines.

def find_line_ends(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the places of all line feeds."""

def drop_carriage_returns(text: NDArray[np.uint8]) -> bytes:
    """Return ``text`` with each CR LF a LF."""

def add_carriage_returns(text: NDArray[np.uint8]) -> bytes:
    """Return ``text`` with each LF a CR LF."""

def take_bases(text: NDArray[np.uint8], rna: bool, out: NDArray[np.uint8]) -> tuple[int, bool]:
    """Take the bases out of ``text``: A, C, G and T, or U where ``rna``, in either case.

    Args:
        text: uint8, shape ``(n,)``.
        rna: U is a base, T is none.
        out: uint8, shape ``(n,)`` or longer: first the bases, 0..3, then anything.

    Returns:
        How many bases there are, and whether any is in lower case.
    """

def write_letters(bases: NDArray[np.uint8], rna: bool) -> bytes:
    """Write bases (uint8, 0..3) as the letters ACGT, or ACGU."""

def wrap_lines(residues: NDArray[np.uint8], width: int) -> bytes:
    """Break residues into lines of ``width``, at least 1, each ended by a line feed."""

# The search for walks. A text is uint8: 0..3, or 4..7, which equal no base and no complement.

SEED_LENGTH: int
SEED_STEP: int
"""Every so many bases of base space a seed is indexed."""
SPARSE_STEP: int
"""The same of the parents of a genome, and of itself."""

def insert_seeds(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    step: int,
    table: NDArray[np.uint32],
    over: bool,
) -> None:
    """Enter the seeds of ``text[start:stop]`` at multiples of ``step`` into an index.

    Args:
        text: uint8, shape ``(n,)``, ``n`` below 2^32 - 8.
        start: first base.
        stop: end of the last base.
        step: bases from one seed to the next, a multiple of SEED_STEP.
        table: uint32, shape ``(2**bits,)``, written; 0 where there is no seed.
        over: over what is there; else into free slots only.
    """

def find_segments(
    text: NDArray[np.uint8],
    edges: NDArray[np.int64],
    end: int,
    known: NDArray[np.uint32],
    parents: NDArray[np.uint32],
) -> NDArray[np.int64]:
    """Find the gap-free alignments of a genome, ``text[edges[-1]:end]``, to all before and itself.

    Args:
        text: uint8, shape ``(n,)``.
        edges: int64, shape ``(s + 1,)``, rising from 0: ``text[edges[i]:edges[i + 1]]`` is space i.
        end: end of the genome.
        known: index of space 0.
        parents: index of the other spaces, where the genome is entered as it goes by.

    Returns:
        int64, shape ``(k, 6)``, in no order: begin and end in the text, sign and offset of the
        source (that of ``text[t]`` is ``text[sign * t + offset]``, complemented where sign is -1),
        mismatches, and a flag that means nothing.
    """

def choose_path(
    text: NDArray[np.uint8],
    begin: int,
    end: int,
    segments: NDArray[np.int64],
    novel_base: int,
    new_item: int,
) -> tuple[NDArray[np.int64], int]:
    """Choose along which of ``segments``, sorted by begin, ``text[begin:end]`` is read.

    Costs are in 1/256 bit.

    Returns:
        int64, shape ``(p, 2)``: segment (-1: novel) and where it is entered; what the path costs.
    """

def extend_alignment(
    text: NDArray[np.uint8], at: int, back: bool, sign: int, offset: int, n: int
) -> tuple[int, int, int]:
    """Follow a diagonal for at most ``n`` bases: length, score, mismatches of the best stretch."""

def compare_alignment(
    text: NDArray[np.uint8], at: int, sign: int, offset: int, n: int
) -> tuple[int, int, int]:
    """Compare ``text[at:at + n]`` with its source.

    Returns:
        How many match in a row from the first on, from the last downwards; how many differ.
    """

def segment_rates(length: int, bad: int) -> tuple[int, int]:
    """Return what a match and a mismatch cost, in 1/256 bit, with ``bad`` mismatches."""

# Walks. Pieces are int64, shape ``(k, 4)``: end in the genome, start in base space, length,
# reverse; substitutions int64, shape ``(m, 2)``: position, difference 1..3.

def follow_walk(
    pieces: NDArray[np.int64],
    substitutions: NDArray[np.int64],
    text: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> None:
    """Write the genome of a walk over ``text``, its base space, to ``out``, other memory."""

def apply_walk(
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    reverse: NDArray[np.bool_],
    positions: NDArray[np.int64],
    differences: NDArray[np.uint8],
    range_starts: NDArray[np.int64],
    ranges: list[NDArray[np.uint8]],
    out: NDArray[np.uint8],
) -> None:
    """Write the genome of a walk, column by column, over the parts of base space that are at hand.

    Args:
        starts: first place in base space of each interval.
        lengths: of each interval; all are ``out``.
        reverse: whether it is turned round.
        positions: of the substitutions, in the genome.
        differences: of each.
        range_starts: first place of each range, rising.
        ranges: the bases; every interval lies in one.
        out: uint8, written.

    Raises:
        ValueError: an interval or a substitution does not lie inside.
    """

_Walks = list[tuple[NDArray[np.int64], NDArray[np.int64]]]

class Alleles:
    """What forerunners substitute, counted: for the genomes of one base space, one by one.

    A genome that has all the forerunners of the one before has only its own others counted.
    Calls that share one must not run at the same time.
    """

    def __init__(self) -> None:
        """Count nothing yet."""

    @property
    def nbytes(self) -> int:
        """Bytes it takes: at most 2.3 for each base of a genome's range of base space."""

def write_relative_walk(
    items: NDArray[np.int64],
    bases: NDArray[np.uint8],
    text: NDArray[np.uint8],
    novel_start: int,
    parents: _Walks,
    forerunners: _Walks,
    ordinals: NDArray[np.int64],
    alleles: Alleles,
) -> tuple[NDArray[np.uint8], int, int, NDArray[np.int64], NDArray[np.int64]]:
    """Write the walk of ``bases`` along items (docs/pangenome.md, form 2).

    Args:
        items: int64, shape ``(n, 4)``: space, reverse, source, length.
        bases: the genome, uint8, 0..3.
        text: base space, the genome's novel bases included.
        novel_start: where these begin.
        parents: pieces and substitutions of each.
        forerunners: the parents and theirs, in order.
        ordinals: int64, a number of its own for each forerunner, rising: the walk of that number
            is the same in all calls with one ``alleles``.
        alleles: those of an earlier genome of this base space, or new; changed.

    Returns:
        What stands behind the head; plain and changed substitutions (counts); pieces and
        substitutions of the walk.

    Raises:
        ValueError: the items are not a walk of so many bases, or a relative is none.
    """

WALK_BAD_ITEM: int
WALK_BAD_SUBSTITUTION: int
WALK_BAD_SITES: int
WALK_TOO_LARGE: int

def read_relative_walk(
    payload: NDArray[np.uint8],
    counts: tuple[int, int, int],
    n_bases: int,
    space: int,
    novel_start: int,
    parents: _Walks,
    forerunners: _Walks,
    ordinals: NDArray[np.int64],
    most_pieces: int,
    most_range: int,
    alleles: Alleles,
) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Read what `write_relative_walk` wrote; ``payload`` may be anything.

    Args:
        payload: uint8, shape ``(n,)``.
        counts: items, plain and changed substitutions, each at most ``n_bases``.
        n_bases: length of the genome.
        space: size of base space.
        novel_start: at most ``space``.
        parents: as above.
        forerunners: as above.
        ordinals: as above.
        most_pieces: more pieces, or substitutions that come along, are refused.
        most_range: a longer range of base space, from the genome's first base to its last, is too.
        alleles: as above.

    Returns:
        0 or one of the four above; pieces and substitutions.
    """

# Sketches. Those of n genomes are hashes (uint64, rising and distinct within each), edges (int64,
# shape ``(n + 1,)``) and the most hashes of a genome: what has fewer is complete.

SKETCH_LENGTH: int
INDEXED_HASHES: int
"""Of each leader the index of `assign_groups` holds so many."""

def sketch_hashes(bases: NDArray[np.uint8], limit: int) -> NDArray[np.uint64]:
    """Return the hashes below ``limit`` of the canonical 21-mers of ``bases``, in their order."""

def residue_hashes(residues: NDArray[np.uint8], length: int, limit: int) -> NDArray[np.uint64]:
    """Return the hashes below ``limit`` of stretches of residues, in their order.

    Args:
        residues: uint8, as of `translate_genes`: 31 (or more) ends a protein.
        length: residues of a stretch, 1 to 16; those much alike count as one.
        limit: hashes are uniform below 2^64.
    """

def count_shared(one: NDArray[np.uint64], two: NDArray[np.uint64]) -> int:
    """Count the values that two rising arrays share."""

def jaccard(
    hashes: NDArray[np.uint64], edges: NDArray[np.int64], size: int, one: int, two: int
) -> float:
    """Return the Jaccard index of two genomes' sketches."""

def jaccards(
    hashes: NDArray[np.uint64],
    edges: NDArray[np.int64],
    size: int,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write the Jaccard indices of ``rows`` and at most 64 ``columns`` to ``out``."""

def assign_groups(
    hashes: NDArray[np.uint64],
    edges: NDArray[np.int64],
    size: int,
    order: NDArray[np.int64],
    given: NDArray[np.int64],
    related: float,
    fresh: int,
) -> NDArray[np.int64]:
    """Return a group for every genome, int64, taken in ``order``; see ``pangenome.leaders``.

    Args:
        hashes: as above.
        edges: as above, of fewer than 2^32 / 250 genomes.
        size: as above.
        order: int64: genomes in the order in which they are taken.
        given: int64, shape ``(n,)``: the group a genome is known to be in, or -1.
        related: least Jaccard index with a group's leader.
        fresh: number of the first new group.
    """

# Codings without models.

def find_repeats(
    bases: NDArray[np.uint8], bits: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Find the repeats of at least 32 bases that are told in less than they are long.

    Args:
        bases: uint8, 0..3, shape ``(n,)``, ``n`` below 2^31.
        bits: the index has 2^bits slots of 4 bytes; a quarter as many as bases serve well.

    Returns:
        Tokens (docs/coder.md), and the bases that are in no repeat.
    """

def copy_repeats(
    tokens: NDArray[np.uint8], packed: NDArray[np.uint8], bases: NDArray[np.uint8]
) -> bool:
    """Fill ``bases`` by tokens and packed literals; False where these, any bytes, do not do."""

def pack_bases(bases: NDArray[np.uint8], packed: NDArray[np.uint8]) -> None:
    """Pack bases, four in a byte, the first in the highest bits.

    Args:
        bases: uint8, 0..3, shape ``(n,)``.
        packed: uint8, shape ``((n + 3) // 4,)``, written.
    """

def unpack_bases(packed: NDArray[np.uint8], bases: NDArray[np.uint8]) -> None:
    """Unpack the first ``n`` bases.

    Args:
        packed: uint8, shape ``((n + 3) // 4,)`` or longer.
        bases: uint8, shape ``(n,)``, written.
    """

def decode_classes(latents: NDArray[np.int8], classes: NDArray[np.uint8]) -> None:
    """Classes of ``n`` bases from their latents.

    Args:
        latents: int8, any values (they count modulo 7 as unsigned bytes), shape ``(w,)``; missing
            ones count as 0, surplus ones are ignored.
        classes: uint8, shape ``(n,)``, written: 0..6.
    """

def open_frame_types(bases: NDArray[np.uint8], types: NDArray[np.uint8]) -> None:
    """Types of the windows inside the longest open reading frames, 0 elsewhere.

    Args:
        bases: uint8, 0..3, shape ``(n,)``, below 2**30.
        types: uint8, shape ``((n + 23) // 24,)``, written.
    """

def count_words(
    bases: NDArray[np.uint8], types: NDArray[np.uint8], counts: NDArray[np.uint32]
) -> None:
    """Count words of six bases by the class of their last base, and their reverse complements.

    Args:
        bases: uint8, 0..3, shape ``(n,)``, below 2**30.
        types: uint8, shape ``((n + 23) // 24,)``; one of 7 or more is unknown, not counted.
        counts: uint32, shape ``(4096, 8)``, by word (first base highest) and class, written.
    """

def word_costs(counts: NDArray[np.uint32], prior: int, costs: NDArray[np.uint16]) -> None:
    """Code lengths of the last base of every word.

    Args:
        counts: uint32, shape ``(4096, 8)``, as of `count_words`.
        prior: Counts by which every order is smoothed towards the next lower one, 1 to 255.
        costs: uint16, in 1/256 bit, at most 8191, shape ``(4096, 8)``, written.
    """

def cheapest_types(
    bases: NDArray[np.uint8],
    costs: NDArray[np.uint16],
    into_gene: int,
    into_other: int,
    types: NDArray[np.uint8],
) -> None:
    """Types of windows that cost least: code lengths and changes of type.

    Args:
        bases: uint8, 0..3, shape ``(n,)``.
        costs: uint16, in 1/256 bit, at most 8191, shape ``(4096, 8)``.
        into_gene: What a change to types 1..6 costs in 1/256 bit, 0 to 2**24.
        into_other: What a change to type 0 costs.
        types: uint8, shape ``((n + 23) // 24,)``, written.
    """

def cheapest_path(
    window_costs: NDArray[np.int32], into_gene: int, into_other: int, types: NDArray[np.uint8]
) -> None:
    """Types that cost least where every window's costs are given.

    Args:
        window_costs: int32, 0 to 2**24 in 1/256 bit, shape ``(w, 8)``; the last column is unused.
        into_gene: What a change to types 1..6 costs, 0 to 2**24.
        into_other: What a change to type 0 costs.
        types: uint8, shape ``(w,)``, written.

    Raises:
        ValueError: a cost is out of range.
    """

def pack_types(types: NDArray[np.uint8]) -> bytes:
    """Entropy code types of windows, (w,) uint8; ValueError if one is 7 or more."""

def unpack_types(data: NDArray[np.uint8], types: NDArray[np.uint8]) -> bool:
    """Write the types that `pack_types` gave the bytes ``data`` for; False if it gave no such.

    Args:
        data: uint8, shape ``(size,)``, anything.
        types: uint8, shape ``(w,)``, written: below 7 up to where damage shows.
    """

def run_layer(
    input: NDArray[np.int8],
    weights: NDArray[np.int8],
    bias: NDArray[np.int32],
    shifts: NDArray[np.uint8],
    residual: NDArray[np.int8] | None,
    output: NDArray[np.int8],
    *,
    kernel: int,
    stride: int,
    dilation: int,
    padding: int,
    depthwise: bool,
    relu: bool,
) -> None:
    """One layer of the encoder network: sums of products, a bias, a shift to the right, a clamp.

    Output p sees inputs p * stride - padding + k * dilation, zeros where there are none.

    Args:
        input: int8, shape ``(length, inputs)``.
        weights: int8, of (kernel, inputs, outputs) or, depthwise, (kernel, outputs), flat.
        bias: int32, of magnitude below 2**24, shape ``(outputs,)``.
        shifts: uint8, below 24, shape ``(outputs,)``.
        residual: int8, shape as ``output``, added after the shift.
        output: int8, shape ``(length // stride, outputs)``, written: -127..127, with ``relu``
            0..127.
        kernel: At most 64 places along the sequence.
        stride: 1 or more.
        dilation: At most 64.
        padding: At most 4096.
        depthwise: Every channel by itself.
        relu: See ``output``.
    """

class Library:
    """Residues of known proteins and an index of their seeds; never changes once made."""

    def __init__(self, residues: NDArray[np.uint8], counts: NDArray[np.uint32] | None) -> None:
        """Index residues (0.05 s for ten million).

        Args:
            residues: uint8, any values (above 31: 31, a gap), shape ``(m,)``, m below 2^28 - 2.
            counts: uint32, shape ``(2 * 65536,)``: what the two tables of contexts begin with, four
                counts of 8 bits, A in the lowest; None: zeros. Copied.
        """

    @property
    def memory(self) -> int:
        """Bytes it takes."""

    @property
    def residues(self) -> NDArray[np.uint8]:
        """The residues, at most 31, shape ``(m,)``: what it has itself, read-only."""

LIBRARY_FRONT: int
LIBRARY_BACK: int
"""Residues of margin that a text of `library_over` has before and behind."""

def library_over(text: NDArray[np.uint8], counts: NDArray[np.uint32] | None) -> Library:
    """Return a library of residues that are not copied.

    Args:
        text: uint8, shape ``(LIBRARY_FRONT + m + LIBRARY_BACK,)``: residues between margins, m
            below 2^28 - 2. The margins are written to, and what is above 31 becomes 31; it is kept
            alive, and is not to be changed any more.
        counts: as of `Library`.

    Raises:
        ValueError: a size is wrong.
    """

def trace_library(
    library: Library,
    bases: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    contexts: NDArray[np.uint16],
    confidence: NDArray[np.uint8],
) -> None:
    """Say what a library knows of every base of a sequence, from the bases before it.

    Args:
        library: the library.
        bases: uint8, 0..3, shape ``(n,)``.
        classes: uint8, 0..15, shape ``(n,)``.
        contexts: uint16, shape ``(2, n)``, written: two context numbers, 0 for none.
        confidence: uint8, shape ``(n,)``, written: 0..8.
    """

class MixingState:
    """What a coder has learnt from a chunk; never changes. Coders that go on from it copy it."""

    @property
    def bases(self) -> int:
        """Bases of the chunk."""

def learn_mixing(
    level: int,
    bases: NDArray[np.uint8],
    classes: NDArray[np.uint8] | None,
    library: Library | None,
) -> MixingState:
    """Return the state that coding a chunk leaves; arguments as of ``encode_mixing``."""

def encode_mixing(
    level: int,
    bases: NDArray[np.uint8],
    classes: NDArray[np.uint8] | None,
    library: Library | None,
    leader: MixingState | None = None,
    genes: Library | None = None,
) -> bytes:
    """Code a chunk by mixing.

    Args:
        level: 2 or 3.
        bases: uint8, the low two bits count, shape ``(n,)``, n below 2^31 with the leader's.
        classes: uint8, the low four bits count, shape ``(m,)`` with m at most n (0 behind it).
        library: what is read along the classes.
        leader: a state to go on from, of the same level and library, with classes if this chunk
            has some.
        genes: read beside the library.

    Raises:
        ValueError: the leader is another level's or library's, or there are genes alone.
    """

def mixing_memory(level: int, bases: int) -> int:
    """Bytes a coder or decoder of a chunk takes for tables and buffers, at the most."""

class MixingDecoder:
    """Decodes a chunk from its start and goes on from where it stopped.

    Any bytes are a payload of any number of bases. Threads may share it: one at a time works.
    """

    def __init__(
        self,
        level: int,
        payload: NDArray[np.uint8],
        n: int,
        classes: NDArray[np.uint8] | None,
        library: Library | None,
        leader: MixingState | None = None,
        genes: Library | None = None,
    ) -> None:
        """Set up the tables; payload, classes and leader (as in ``encode_mixing``) are copied."""

    def read(self, bases: NDArray[np.uint8]) -> None:
        """Decode as many more bases as ``bases`` (uint8, written) has room for."""

    def read_costs(self, bases: NDArray[np.uint8], step: int, bits: NDArray[np.float64]) -> None:
        """Decode as ``read`` does; say what each ``step`` of the bases took.

        Args:
            bases: uint8, shape ``(k,)``, written.
            step: bases counted together; at least 1.
            bits: float64, shape ``((k + step - 1) // step,)``, written.
        """

    @property
    def done(self) -> int:
        """Bases decoded so far."""

    def take_state(self) -> MixingState:
        """Return the state once all is read; nothing more can be read then.

        Raises ValueError where bases are left, or it was taken already.
        """

# Training: the proteins of a corpus, and which of them a library keeps.

CREDIT_BLOCK: int
"""So many residues of a library earn together."""
CREDIT_GRADES: int
"""Grades of how well an alignment has agreed: twice the agreements among the last 16 residues,
and 1 if the latest one agreed."""

def translate_genes(
    bases: NDArray[np.uint8], classes: NDArray[np.uint8], shortest: int
) -> NDArray[np.uint8]:
    """Translate the genes of a genome.

    Args:
        bases: uint8, the low two bits count, shape ``(n,)``.
        classes: uint8, shape ``(n,)``: a gene is a run of 1 2 3, or on the other strand of 6 5 4.
        shortest: codons, 1 or more; shorter genes are left out.

    Returns:
        uint8, shape ``(m,)``: residues, each protein ended by 31.
    """

def credit_blocks(
    library: NDArray[np.uint8],
    library_owners: NDArray[np.int32],
    worth: NDArray[np.uint8],
    proteins: NDArray[np.uint8],
    protein_owners: NDArray[np.int32],
    near: NDArray[np.bool_],
    gains: NDArray[np.float32],
    every: int,
    turn: int,
    credit: NDArray[np.float32],
    foretold: NDArray[np.uint64],
) -> int:
    """Read proteins along a library, one alignment at a time; say what each block earned.

    Args:
        library: uint8, residues, 31 after each protein, shape ``(m,)``, m at most 2^31.
        library_owners: int32, the genome each is from, shape ``(m,)``.
        worth: uint8, shape ``(m // 16 + 1,)``: of places that agree alike, those of the block worth
            most are followed.
        proteins: uint8, what is read, shape ``(n,)``, as the library; all of a protein are of the
            genome that its first residue is of.
        protein_owners: int32, shape ``(n,)``.
        near: bool, shape ``(g, g)``: ``near[a, b]``, genome b must not profit from genome a.
        gains: float32, shape ``(g, CREDIT_GRADES, 2)``: what a residue of genome g that an
            alignment of a grade foretells earns if it is another one, and if it is that one.
        every: of the proteins, numbered from 1,
        turn: those are read whose number leaves ``turn`` when divided by ``every``.
        credit: float32, shape ``(m // 16 + 1,)``, added to.
        foretold: uint64, shape ``(CREDIT_GRADES, 2)``, added to: residues by the same.

    Returns:
        Residues read.
    """

"""What is compressed: a file, or several files together, in a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqcoder import fasta
from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, UsageError
from seqcoder.fasta.rendering import bases_to_letters
from seqcoder.storage.devices import check_ends
from seqcoder.writing.genome_source import strip_compression


@dataclass(frozen=True)
class Case:
    """Input files (one, or several that are compressed together) under a name."""

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class LaidOut:
    """A case laid out in a folder: the files for us, ``input.fa`` and ``input.seq`` for others.

    ``input.fa`` is all files one after the other; ``bases`` counts A, C, G and T. Without
    bases there is no ``input.seq``.
    """

    name: str
    folder: Path
    names: tuple[str, ...]
    input_bytes: int
    bases: int


def make_cases(files: Sequence[Path], together: bool) -> list[Case]:
    """Return a case for each file, or one of them all; raises UsageError."""
    if not files:
        raise UsageError("no files named; give FASTA files to measure with")
    names = [strip_compression(file.name) for file in files]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise UsageError(f"two inputs are called {double!r}; rename one")
    if together and len(files) > 1:
        return [Case(f"{len(files)} files", tuple(files))]
    return [Case(Path(name).stem, (file,)) for name, file in zip(names, files, strict=True)]


def place(case: Case, folder: Path) -> LaidOut:
    """Write the inputs of a case, decompressed, into a folder; raises InputError."""
    names: list[str] = []
    size = bases = 0
    with (folder / "input.fa").open("wb") as whole, (folder / "input.seq").open("wb") as sequence:
        for number, file in enumerate(case.files):
            try:
                check_ends(file.stat(), str(file))
                stored = file.read_bytes()
            except OSError as error:
                raise InputError(f"{file}: {system_reason(error)}") from None
            data = fasta.decompress(stored, str(file)).data
            parsed = fasta.parse(data)
            if not isinstance(parsed, fasta.NotFasta):
                sequence.write(bases_to_letters(parsed.bases))
                bases += len(parsed.bases)
            whole.write(data)
            size += len(data)
            if len(case.files) == 1:
                names.append("input.fa")
            else:
                name = f"files/{number}/{strip_compression(file.name)}"
                (folder / name).parent.mkdir(parents=True)
                (folder / name).write_bytes(data)
                names.append(name)
    if not bases:
        (folder / "input.seq").unlink()
    return LaidOut(case.name, folder, tuple(names), size, bases)


def residues(data: bytes) -> bytes:
    """Return the residues of FASTA text in upper case, without headers and line ends."""
    lines = (line for line in data.splitlines() if not line.startswith(b">"))
    return b"".join(lines).upper()

"""A container of a plan: what it goes on after, and what is done once it is written."""

from __future__ import annotations

import glob
from pathlib import Path

from seqcoder.container.parity import is_available, parity_path, write_parity
from seqcoder.writing.appending import Append, Reference, read_basis, read_reference
from seqcoder.writing.plan import ContainerPlan


def before_it(container: ContainerPlan, folder: Path) -> tuple[Append | None, Reference | None]:
    """Return what a container in ``folder`` is appended to, or the reference that it extends.

    What is not there, since all its inputs failed, is done without.

    Raises IntegrityError where it is damaged.
    """
    path = folder / container.file
    if container.part and path.exists():
        # What a coordinator appended that was lost before it could tell is made again.
        basis = read_basis(path, [genome.name for genome in container.genomes])
        return Append(basis, container.relatives), None
    reference = folder / container.reference
    if container.reference and reference.exists():
        return None, read_reference(reference, path, container.relatives or None)
    return None, None


def protect(reference: Path) -> None:
    """Write the parity file of a reference, which many containers need, if pyeclib is there."""
    for left in reference.parent.glob(f".{glob.escape(parity_path(reference).name)}.*.partial"):
        left.unlink(missing_ok=True)  # of one who was killed here
    if is_available():
        write_parity(reference, force=True)

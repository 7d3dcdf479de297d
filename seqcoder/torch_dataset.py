"""Bases for PyTorch straight from containers: A, C, G, T as 0..3, decoded as needed.

>>> from torch.utils.data import DataLoader
>>> dataset = WindowDataset("archive/", window=512, seed=1)      # doctest: +SKIP
>>> for batch in DataLoader(dataset, batch_size=64, num_workers=4):   # doctest: +SKIP
...     batch.shape                                              # uint8[64, 512]

What is read is base space: what relatives share is in it once, and N, gaps and other letters
are not. Neither class holds an open file: every worker process opens its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from seqcoder.errors import InputError, UsageError
from seqcoder.reading.opening import open
from seqcoder.reading.reader import Container
from seqcoder.storage.url import is_url

try:
    import torch
    from torch.utils.data import Dataset, IterableDataset, get_worker_info
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "seqcoder.torch_dataset needs torch; pip install 'seqcoder[model]'", name=error.name
    ) from None

Sources = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


class ChunkDataset(Dataset[torch.Tensor]):
    """The chunks of containers in order: item ``i`` is a uint8 tensor, as long as the chunk.

    Deterministic, and the same in any process. Of a lossless archive's chunks most have a few
    million bases; for batches of equal length see :class:`WindowDataset`.
    """

    def __init__(self, sources: Sources) -> None:
        """``sources``: containers, URLs of containers, or archive folders; one or several.

        Raises:
            InputError: there is no container.
        """
        self.paths = tuple(_containers(sources))
        self._places: list[tuple[int, int]] = []
        for number, path in enumerate(self.paths):
            with open(path) as container:
                chunks = len(container.reader.index.chunks)
            self._places += [(number, chunk) for chunk in range(chunks)]
        self._open: dict[int, Container] = {}
        self._process = os.getpid()

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, item: int) -> torch.Tensor:
        number, chunk = self._places[item]
        if self._process != os.getpid():
            self._open, self._process = {}, os.getpid()  # a forked worker shares no file position
        if number not in self._open:
            self._open[number] = open(self.paths[number], threads=1)
        container = self._open[number]
        entry = container.reader.index.chunks[chunk]
        # A copy: what the decoder keeps is not to be changed by anyone.
        return torch.from_numpy(container.decoder.chunk(entry).copy())

    def __getstate__(self) -> dict[str, object]:
        return vars(self) | {"_open": {}}

    def close(self) -> None:
        """Close what this process has open."""
        while self._open:
            self._open.popitem()[1].close()


class WindowDataset(IterableDataset[torch.Tensor]):
    """Windows of one length out of all chunks, each chunk decoded once an epoch.

    In order without ``seed``; with it, chunks and the windows of a chunk are shuffled, anew in
    every epoch (``set_epoch``), the same for the same seed. DataLoader workers share the chunks
    out among themselves: each window comes once, whatever their number.
    """

    def __init__(
        self, sources: Sources, window: int, *, stride: int | None = None, seed: int | None = None
    ) -> None:
        """``stride``: bases from one window to the next, default ``window``.

        What is left at the end of a chunk, shorter than a window, is left out.

        Raises:
            InputError: there is no container. UsageError: a window or stride below 1.
        """
        if window < 1 or (stride is not None and stride < 1):
            raise UsageError("window and stride are numbers of bases, 1 at least")
        self.chunks = ChunkDataset(sources)
        self.window = window
        self.stride = stride or window
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; before the DataLoader is iterated."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[torch.Tensor]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        try:
            for chunk in self._shuffled(len(self.chunks))[first::step].tolist():
                bases = self.chunks[chunk]
                starts = np.arange(0, len(bases) - self.window + 1, self.stride)
                for start in starts[self._shuffled(len(starts), chunk)].tolist():
                    yield bases[start : start + self.window]
        finally:
            self.chunks.close()

    def _shuffled(self, count: int, *salt: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        if self.seed is None:
            return np.arange(count)
        return np.random.default_rng([self.seed, self.epoch, *salt]).permutation(count)


def _containers(sources: Sources) -> Iterator[str]:
    """Yield the containers that ``sources`` stand for."""
    given = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    for source in [os.fspath(item) for item in given]:
        folder = Path(source) / "containers"
        if is_url(source) or not Path(source).is_dir():
            yield source
        elif found := sorted(folder.glob("*.sqc")) or sorted(Path(source).glob("*.sqc")):
            yield from map(str, found)
        else:
            raise InputError(f"{source}: neither an archive nor a folder of containers (.sqc)")

"""Loading a model beside other work, for whoever has yet to find out which bases it wants."""

from __future__ import annotations

import threading
from contextlib import suppress

from seqcoder.errors import ModelError
from seqcoder.settings import DEFAULT_MODEL


def load_ahead(digest: str) -> None:
    """Load the model of a SHA-256 (hex, or its beginning) and its library in a thread.

    Who needs it then finds it loaded, or waits. What is wrong with it is said to them.
    """
    with suppress(RuntimeError):  # no thread to be had
        threading.Thread(target=_load, args=(digest,)).start()


def _load(digest: str) -> None:
    with suppress(ModelError, MemoryError):
        from seqcoder.latent import load_model

        _ = load_model(DEFAULT_MODEL, digest).library

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from synthetic import synthetic_genome

settings.register_profile("latent", deadline=None)
settings.load_profile("latent")


@pytest.fixture(scope="session")
def genome() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return synthetic_genome(1, 120)

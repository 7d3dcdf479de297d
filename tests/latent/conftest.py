from __future__ import annotations

from importlib import import_module
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from synthetic import synthetic_genome

from seqcoder import core

settings.register_profile(
    "latent", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("latent")


@pytest.fixture(scope="session")
def genome() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return synthetic_genome(1, 120)


@pytest.fixture(params=["portable", "v3"])
def core_build(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Everything runs on this build of the core."""
    if request.param == "v3" and not core.supports_v3():
        pytest.skip("this processor has no AVX2")
    build = import_module(f"seqcoder.core._{request.param}")
    for name in vars(build):
        if not name.startswith("_"):
            monkeypatch.setattr(core, name, getattr(build, name))
    return build

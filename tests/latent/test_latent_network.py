from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_reference import reference_scores
from numpy.typing import NDArray

from seqcoder import core
from seqcoder.errors import ModelError
from seqcoder.latent import load_model
from seqcoder.latent.choice import NETWORK_BELOW, best_types, choose_latents, load_network
from seqcoder.latent.network import BOUND, Layer, Network, make_network, network_arrays

Genome = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def drawn(seed: int, n: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8)


def made(seed: int, largest: int = 127) -> Network:
    """A network of odd channel counts, all kinds of layers, weights up to ``largest``."""
    rng = np.random.default_rng(seed)

    def layer(kernel: int, inputs: int, outputs: int, **options: int) -> Layer:
        shape = (kernel, inputs, outputs) if inputs else (kernel, outputs)
        low = int(rng.integers(3, 12))
        return Layer(
            rng.integers(-largest, largest + 1, shape).astype(np.int8),
            rng.integers(-(1 << 15), 1 << 15, outputs).astype(np.int32),
            rng.integers(low, low + 3, outputs).astype(np.uint8),
            relu=bool(rng.integers(2)),
            **options,
        )

    return Network(
        (
            layer(9, 4, 5, stride=3, padding=3),
            layer(4, 5, 17, stride=2, padding=1),
            layer(3, 17, 9, stride=2, padding=0),
            layer(5, 9, 23, stride=2, padding=4),
            layer(9, 0, 23, dilation=2, padding=8),
            layer(1, 23, 31),
            layer(1, 31, 23, residual=3),
            layer(3, 23, 7, padding=1),
        ),
        40,
    )


@given(st.integers(0, 2**32), st.integers(0, 700))
@settings(max_examples=30)
def test_scores_are_the_references(core_build: ModuleType, seed: int, n: int) -> None:
    network, bases = made(seed), drawn(seed, n)
    assert np.array_equal(network.scores(bases), reference_scores(network, bases))


def test_the_shipped_network_is_the_references(core_build: ModuleType, genome: Genome) -> None:
    network = load_network(load_model().file)
    bases = genome[0][:2500]
    assert np.array_equal(network.scores(bases), reference_scores(network, bases))


def test_the_shipped_network_knows_genes(core_build: ModuleType, genome: Genome) -> None:
    bases, truth = genome[0][:48_000], genome[1][:48_000]
    network = load_network(load_model().file)
    model = load_model()
    types = best_types(network.scores(bases), network.unit)
    assert (model.classes(types.view(np.int8), bases.size) == truth).mean() > 0.6


def test_torch_gives_the_same_scores(genome: Genome) -> None:
    pytest.importorskip("torch")
    from seqcoder.latent.device import DeviceNetwork

    for network in (load_network(load_model().file), *map(made, range(4))):
        device = DeviceNetwork(network, "cpu")
        for bases in (genome[0][:30_001], drawn(3, 5000), drawn(4, 1), np.zeros(0, np.uint8)):
            assert np.array_equal(device.scores(bases), network.scores(bases))


def test_float32_holds_the_largest_sums() -> None:
    pytest.importorskip("torch")
    from seqcoder.latent.device import DeviceNetwork

    first = Layer(
        np.full((3, 4, 8), 127, np.int8), np.zeros(8, np.int32), np.zeros(8, np.uint8), stride=3
    )
    wide = np.full((64, 8, 16), 127, np.int8)
    wide[::2, :, ::2] = -127
    sum_ = 127 * 127 * 64 * 8
    second = Layer(
        wide,
        np.full(16, BOUND - 1 - sum_, np.int32),
        np.arange(16, dtype=np.uint8),
        stride=2,
        padding=31,
    )
    down = [
        Layer(np.ones((1, 16, 16), np.int8), np.zeros(16, np.int32), np.zeros(16, np.uint8), 2)
        for _ in range(2)
    ]
    last = Layer(np.ones((1, 16, 7), np.int8), np.zeros(7, np.int32), np.zeros(7, np.uint8))
    network = Network((first, second, *down, last), 1)
    assert network.layers[1].largest_sum() == BOUND - 1
    bases = np.zeros(600, np.uint8)
    expected = reference_scores(network, bases)
    assert np.array_equal(network.scores(bases), expected)
    assert np.array_equal(DeviceNetwork(network, "cpu").scores(bases), expected)


def test_a_device_that_computes_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from seqcoder.latent import device

    exact = device._convolve
    monkeypatch.setattr(
        device,
        "_convolve",
        lambda x, layer, w: exact(x, layer, w.to(torch.bfloat16).float() * 1.01),
    )
    with pytest.raises(ModelError, match="not exact"):
        device.DeviceNetwork(made(1), "cpu")


def test_latents_are_the_same_by_torch(genome: Genome, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from seqcoder.latent import device

    real = device.DeviceNetwork
    monkeypatch.setattr(device, "DeviceNetwork", lambda network, _: real(network, "cpu"))
    file = load_model().file
    bases = genome[0]
    assert bases.size < NETWORK_BELOW
    there = choose_latents(file, bases, device="cuda")
    assert np.array_equal(there, choose_latents(file, bases))


def test_stage_one_on_a_cpu_needs_no_torch() -> None:
    code = (
        "import sys, numpy as np; from seqcoder.latent import load_model, pack_latents\n"
        "bases = np.random.default_rng(1).integers(0, 4, 9000).astype(np.uint8)\n"
        "pack_latents(load_model().encode(bases))\n"
        "assert not {'torch', 'ray'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_networks_come_back_from_their_arrays() -> None:
    network = made(5)
    again = make_network(*network_arrays(network))
    bases = drawn(6, 900)
    assert again.unit == network.unit
    assert np.array_equal(again.scores(bases), network.scores(bases))


def test_networks_that_could_leave_the_bound_are_refused() -> None:
    layers = made(1).layers
    most = BOUND - 127 * int(np.abs(layers[1].weights.astype(int)).sum(axis=(0, 1)).max())
    bias = np.full(17, most, np.int32)
    for change, problem in (
        ({"bias": bias}, "2\\*\\*24"),
        ({"weights": np.full_like(layers[1].weights, -128)}, "-128"),
        ({"shifts": np.full(17, 24, np.uint8)}, "shift"),
        ({"residual": 1}, "adds"),
        ({"residual": 9}, "adds"),
        ({"stride": 1}, "seven scores"),
        ({"weights": layers[1].weights[:, :4]}, "does not fit"),
        ({"bias": bias[1:]}, "biases"),
    ):
        changed = (layers[0], replace(layers[1], **change), *layers[2:])
        with pytest.raises(ModelError, match=problem):
            Network(changed, 1)
    with pytest.raises(ModelError, match="unit"):
        Network(layers, 0)
    shape, arrays = network_arrays(made(1))
    with pytest.raises(ModelError, match="cannot be read"):
        make_network(shape, {k: v for k, v in arrays.items() if k != "03/bias"})


def test_layers_of_wrong_sizes_are_refused(core_build: ModuleType) -> None:
    def run(
        weights: int = 12, bias: int = 1, shift: int = 0, length: int = 6, **given: int
    ) -> None:
        core.run_layer(
            np.zeros((6, 4), np.int8), np.zeros(weights, np.int8), np.full(3, bias, np.int32),
            np.full(3, shift, np.uint8), None, np.empty((length, 3), np.int8),
            **{"kernel": 1, "stride": 1, "dilation": 1, "padding": 0, "depthwise": False,
               "relu": False, **given},
        )  # fmt: skip

    run()
    for wrong in (
        {"weights": 11}, {"bias": BOUND}, {"shift": 24}, {"length": 5}, {"stride": 0},
        {"depthwise": True}, {"kernel": 65, "weights": 780}, {"padding": 5000},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"."):
            run(**wrong)

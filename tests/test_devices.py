"""The device is chosen once, and MLX is made fast on it."""

import os
import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest

from killah import devices


@pytest.fixture
def fresh():
    """`prepare` as in a new process."""
    devices.prepare.cache_clear()
    yield
    devices.prepare.cache_clear()
    mx.disable_compile()


def test_metal_keeps_int4_and_wires_the_models_memory(fresh, monkeypatch):
    limits = []
    monkeypatch.setattr(mx.metal, "is_available", lambda: True)
    monkeypatch.setattr(mx, "device_info", lambda: {"max_recommended_working_set_size": 12e9})
    monkeypatch.setattr(mx, "set_wired_limit", limits.append)
    device = devices.prepare()
    assert (device.kind, device.quantised_matmul) == ("metal", True)
    assert limits == [12_000_000_000]


@pytest.mark.skipif(sys.platform != "linux", reason="the macOS wheel of MLX uses Accelerate")
def test_a_fast_blas_is_in_the_process_before_mlx():
    code = (
        "import killah.gemma\n"
        "from killah.devices import prepare\n"
        "from pathlib import Path\n"
        "blas = Path(prepare().blas).resolve()\n"
        "assert str(blas) in Path('/proc/self/maps').read_text(), blas\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="the macOS wheel of MLX uses Accelerate")
def test_its_threads_sleep_when_there_is_nothing_to_do():
    """After a product OpenBLAS's threads would turn for 30 ms: three quarters of what dictation costs."""
    code = (
        "import killah.gemma, os\n"
        "assert os.environ['OPENBLAS_THREAD_TIMEOUT'] == '18'  # is read when the library is loaded\n"
    )
    environment = {
        k: v for k, v in os.environ.items() if k not in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    }
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_matrix_products_are_right_with_it():
    a, b = (np.random.default_rng(seed).normal(size=(300, 300)).astype(np.float32) for seed in (0, 1))
    assert np.abs(np.array(mx.array(a) @ mx.array(b)) - a @ b).max() < 1e-3


def test_a_chosen_blas_that_is_not_there_is_passed_over(monkeypatch):
    monkeypatch.setenv("KILLAH_BLAS", "/no/such/library.so")
    assert devices._preload_blas() is None

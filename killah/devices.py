"""Decides once what to compute on, and makes MLX fast there.

On a CPU the Linux wheel of MLX calls a reference BLAS of 6 GFLOP/s. Loading a fast `sgemm_` into the
process before MLX is imported replaces it: OpenBLAS where the system has it (30 times faster), else the
one inside torch (15 times). `import_mlx` is therefore the only door to MLX at start-up.
"""

import ctypes
import importlib.util
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Device:
    """Where tensors live. `blas` names the library doing float32 matrix products on a CPU."""

    kind: Literal["metal", "cuda", "cpu"]
    blas: str | None

    @property
    def quantised_matmul(self) -> bool:
        """Whether INT4 weights are best kept INT4 (a CPU multiplies them 10 to 100 times slower)."""
        return self.kind != "cpu"

    @property
    def prefill_chunk(self) -> int:
        """Positions read at a time. A CPU gains from what short chunks need not attend to."""
        return 128 if self.kind == "cpu" else 512


@cache
def prepare() -> Device:
    """Preload BLAS, import MLX, choose the device. The first call must precede any import of MLX."""
    blas = None
    if sys.platform == "linux" and "mlx.core" not in sys.modules:
        blas = _preload_blas()
    import mlx.core as mx

    if mx.metal.is_available():
        # Keeps the weights of a large model from being paged out between two keystrokes (macOS 15).
        mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))
        return Device("metal", None)
    if mx.default_device() == mx.gpu:
        return Device("cuda", None)
    # Compiled kernels on a CPU call g++ at run time: a fresh machine may have none, and small models
    # gain nothing.
    mx.disable_compile()
    return Device("cpu", blas)


def _preload_blas() -> str | None:
    # OpenBLAS's threads wait 2^26 turns for more work, 30 ms of a core after every product: of dictation that
    # was three quarters of the cost. 2^18 turns bridge the gaps inside a forward pass.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "18")
    for path in _blas_candidates():
        try:
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return str(path)
    return None


def _blas_candidates() -> list[Path]:
    if chosen := os.environ.get("KILLAH_BLAS"):
        return [Path(chosen)]
    found = [
        path
        for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
        for name in ("openblas-pthread/libopenblas.so.0", "libopenblas.so.0")
        if (path := Path(folder) / name).exists()
    ]
    torch = importlib.util.find_spec("torch")
    if torch is not None and torch.origin:
        found.append(Path(torch.origin).parent / "lib" / "libtorch_cpu.so")
    return found

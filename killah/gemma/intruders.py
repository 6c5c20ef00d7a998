"""Intruder dimensions: directions a LoRA puts among a layer's strongest that the base has nowhere.

Shuttleworth et al. 2024 (arXiv 2410.21228): among the `top` left singular vectors u_j of W + dW, those with
max_i |u_j . u_i| < threshold over all left singular vectors u_i of W. Models that grow many of them forget
more of what they knew. Everything here runs on the CPU, in numpy: a GPU has no eigenvalues in MLX.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import mlx.core as mx
import numpy as np
from threadpoolctl import ThreadpoolController

THRESHOLD = 0.6
TOP = 10

_BLOCK = 8  # directions beyond `top` that the search for the strongest carries along
_SMALL = 1024  # shorter side of matrices that one thread takes apart fastest
_POWERS = 10  # products with the matrix in that search


@dataclass(frozen=True)
class Basis:
    """All left singular vectors of a weight W (out, in), so that it is taken apart only once.

    They are `columns` (out, out) where out <= in, else W @ `columns` (in, rank) with unit columns.
    """

    weight: np.ndarray
    columns: np.ndarray

    def nearest(self, vectors: np.ndarray) -> np.ndarray:
        """Unit vectors (out, count) -> largest |cosine| with any left singular vector of W, (count,)."""
        wide = self.weight.shape[0] <= self.weight.shape[1]
        return np.abs(self.columns.T @ (vectors if wide else self.weight.T @ vectors)).max(axis=0, initial=0)


def basis(base_weight: mx.array) -> Basis:
    """Take a weight (out, in) apart, by the eigenvectors of its smaller Gram matrix in float64."""
    weight = _numbers(base_weight)
    exact = weight.astype(np.float64)
    wide = weight.shape[0] <= weight.shape[1]
    with _calm(weight):
        energy, vectors = np.linalg.eigh(exact @ exact.T if wide else exact.T @ exact)
    if wide:
        return Basis(weight, vectors.astype(np.float32))
    kept = energy > 1e-12 * max(energy[-1], np.finfo(np.float64).tiny)  # what W maps to nothing has no image
    return Basis(weight, (vectors[:, kept] / np.sqrt(energy[kept])).astype(np.float32))


def count(
    base_weight: mx.array | Basis, delta: mx.array, *, threshold: float = THRESHOLD, top: int = TOP
) -> int:
    """Intruder dimensions of W + delta, both (out, in), among its `top` strongest.

    Give `basis(W)` instead of W where a layer is measured again and again: the rest takes milliseconds.
    """
    base = base_weight if isinstance(base_weight, Basis) else basis(base_weight)
    with _calm(base.weight):
        strongest = _strongest(base.weight + _numbers(delta), top)
        return int((base.nearest(strongest) < threshold).sum())


def measure(
    base_weights: Mapping[str, mx.array | Basis],
    tensors: Mapping[str, mx.array],
    scale: float,
    *,
    threshold: float = THRESHOLD,
    top: int = TOP,
) -> dict[str, int]:
    """Intruder dimensions of every module of a LoRA, by module name.

    `base_weights` holds the module's weight (out, in), dense, or its `basis`; `tensors` its `.lora_a`
    (in, rank) and `.lora_b` (rank, out), whose product is scaled by `scale`.
    """
    found: dict[str, int] = {}
    for name, a in tensors.items():
        module, _, half = name.rpartition(".")
        if half == "lora_a":
            delta = low_rank(a, tensors[f"{module}.lora_b"], scale)
            found[module] = count(base_weights[module], delta, threshold=threshold, top=top)
    return found


def low_rank(a: mx.array, b: mx.array, scale: float) -> mx.array:
    """What a LoRA adds to a weight: a (in, rank), b (rank, out) -> (out, in), float32."""
    return scale * (b.astype(mx.float32).T @ a.astype(mx.float32).T)


def _strongest(matrix: np.ndarray, top: int) -> np.ndarray:
    """The first left singular vectors of a matrix (out, in), (out, top), by block Krylov iteration.

    Musco and Musco 2015 (arXiv 1504.05477), algorithm 2; every block is made orthogonal to those before it.
    """
    width = top + _BLOCK
    if min(matrix.shape) <= _POWERS * width:
        return np.linalg.svd(matrix, full_matrices=False)[0][:, :top]
    block = matrix @ np.random.default_rng(0).standard_normal((matrix.shape[1], width)).astype(np.float32)
    space = np.empty((matrix.shape[0], 0), np.float32)
    for _ in range(_POWERS):
        for _ in range(2):  # once leaves rounding errors along the strongest directions
            block -= space @ (space.T @ block)
            block = np.linalg.qr(block)[0]
        space = np.concatenate([space, block], axis=1)
        block = matrix @ (matrix.T @ block)
    left = np.linalg.svd(space.T @ matrix, full_matrices=False)[0]
    return space @ left[:, :top]


def _calm(matrix: np.ndarray) -> contextlib.AbstractContextManager[object]:
    """One thread for matrices whose thousands of tiny steps several would spend waiting for each other.

    Beside a training run on the same cores that waiting makes a second into a minute. MLX's own library is
    left alone: it may be computing.
    """
    return _numpy_blas().limit(limits=1) if min(matrix.shape) <= _SMALL else contextlib.nullcontext()


@cache
def _numpy_blas() -> ThreadpoolController:
    found = ThreadpoolController()
    own = [each.filepath for each in found.lib_controllers if "numpy" in each.filepath]
    return found.select(filepath=own)


def _numbers(values: mx.array) -> np.ndarray:
    return np.array(values.astype(mx.float32))

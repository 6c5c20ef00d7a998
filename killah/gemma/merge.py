"""How the deltas of several LoRAs become one, a linear layer at a time.

A LoRA's delta is `a @ b`, a (in, rank), b (rank, out); its scale and weight are taken to be inside `b`.
"""

from collections.abc import Sequence

import numpy as np


def pico(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> list[np.ndarray]:
    """`b` of each LoRA, calibrated so that directions of the output that all of them share count once.

    Pico (arXiv 2604.16826): with [B1 ... BT] = U S V^T over all T adapters, s_j = S_j^2 / sum S^2 and
    a_j = 1 / (1 + (T - 1) s_j), each B becomes (I + U diag(a - 1) U^T) B, and the merged delta is scaled to
    the mean Frobenius norm of the T deltas. Here B's rows are ours transposed, and all is done in the small
    space of the ranks: U diag(a) U^T B = B V diag(a) V^T, V from the eigenvectors of the Gram matrix of `b`.
    """
    rows = np.concatenate([each.astype(np.float64) for each in b])  # (all ranks, out)
    columns = np.concatenate([each.astype(np.float64) for each in a], axis=1)  # (in, all ranks)
    gram_b, gram_a = rows @ rows.T, columns.T @ columns
    energy, vectors = np.linalg.eigh(gram_b)
    energy = np.maximum(energy, 0.0)
    if energy.sum() == 0:
        return [each.astype(np.float32) for each in b]
    shrink = 1.0 / (1.0 + (len(b) - 1) * energy / energy.sum())
    calibrate = (vectors * shrink) @ vectors.T
    ends = np.cumsum([len(each) for each in b])
    parts = [slice(end - len(each), end) for end, each in zip(ends, b, strict=True)]
    norms = [np.sqrt(np.sum(gram_a[p, p] * gram_b[p, p])) for p in parts]
    merged = np.sqrt(np.sum(gram_a * (calibrate @ gram_b @ calibrate.T)))
    calibrated = calibrate @ rows * (np.mean(norms) / merged if merged > 0 else 1.0)
    return [calibrated[p].astype(np.float32) for p in parts]


def softmax(scores: np.ndarray) -> np.ndarray:
    """Weights (..., adapters) that sum to one: LoRA-Soups' CAT (arXiv 2410.13025), learned a layer."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)

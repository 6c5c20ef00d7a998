"""A persona as one vector: what the owner's passages say and how, those that suit the present text most.

    a_i = softmax_i(s_m · q·m_i),  b_i = softmax_i(s_s · q·m_i)
    persona = [√d · Σ a_i m_i / ‖Σ a_i m_i‖ ; 2 · Σ b_i t_i]

m_i (d,) and q are unit embeddings of the passages and of the text before the caret, t_i the passages' style
vectors. PPlug (Liu et al. 2025, arXiv 2409.11901) attends so without a temperature, which over cosines is
nearly the mean; the sharpness s of either part is learned with the projector that reads the vector. Both
parts are brought to about one a number: the projector's LayerNorm sees them together.
"""

import numpy as np

STYLE_SCALE = 2.0  # a mean of standardised features is about 0.5
UNIFORM = (-np.inf, -np.inf)  # logarithms of a sharpness of zero: every passage alike


def persona_vector(
    query: np.ndarray | None,
    vectors: np.ndarray,
    styles: np.ndarray,
    sharpness: tuple[float, float] | np.ndarray = UNIFORM,
) -> np.ndarray:
    """The persona (d + s,) of passages with unit `vectors` (n, d) and `styles` (n, s), all float32.

    `query` (d,) is the present text's embedding, None where there is no text yet: all passages count alike.
    `sharpness` (2,) holds the natural logarithms of s_m and s_s.
    """
    weights = attention(query, vectors, sharpness)
    meaning = weights[0] @ vectors
    meaning *= np.sqrt(len(meaning)) / max(float(np.linalg.norm(meaning)), 1e-6)
    return np.concatenate([meaning, STYLE_SCALE * (weights[1] @ styles)]).astype(np.float32)


def attention(
    query: np.ndarray | None, vectors: np.ndarray, sharpness: tuple[float, float] | np.ndarray
) -> np.ndarray:
    """Weights (2, n) of the passages, for their meaning and their style; each row sums to one."""
    scores = np.zeros(len(vectors)) if query is None else vectors @ query
    logits = np.exp(np.asarray(sharpness, np.float64))[:, None] * scores
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)

"""What an audio projector reads: frames, each with the letters that a CTC head hears in it.

A letter counts by how far its log probability lies above `FLOOR`, so that doubtful letters are told too.
Posteriors join an encoder and a language model better than frames alone (LegoSLM, Ma et al. 2025, arXiv
2505.11352).
"""

import numpy as np

FLOOR = -5.0  # nats


def features(frames: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
    """Frames (frames, width) and log_probs (frames, letters) -> (frames, width + letters) float32."""
    return np.concatenate([frames, np.maximum(log_probs - FLOOR, 0.0)], axis=1).astype(np.float32)


def stacked(found: np.ndarray, stack: int, silence: np.ndarray) -> np.ndarray:
    """Features (frames, width), `stack` side by side: (tokens, stack * width), filled up with `silence`."""
    missing = -len(found) % stack
    whole = np.concatenate([found, np.broadcast_to(silence, (missing, len(silence)))]) if missing else found
    return whole.reshape(-1, stack * found.shape[1])


def fitted(sound: np.ndarray, per_token: int, extra: int) -> np.ndarray:
    """Samples (samples,) with as much silence behind them as makes whole tokens, at least one.

    A token is `per_token` samples; any number of them needs `extra` more, the last frame's overhang.
    """
    tokens = max(1, -(-(len(sound) - extra) // per_token))
    return np.pad(sound, (0, max(0, tokens * per_token + extra - len(sound)))).astype(np.float32)

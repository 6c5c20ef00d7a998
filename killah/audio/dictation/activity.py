"""Voice activity: how probably each window of 32 ms holds speech, by the Silero model in onnxruntime.

The model is recurrent: every window sees a state and the 64 samples before it. Odd lengths are carried over,
so the probabilities are the same however the stream is cut.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from killah import paths
from killah.audio import RATE
from killah.errors import KillahError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WINDOW = 512  # samples that one probability stands for
SECONDS = WINDOW / RATE
_CONTEXT = 64  # samples before a window that the model sees with it


class VoiceActivity:
    """A stream of samples in, a stream of probabilities out."""

    def __init__(self) -> None:
        self._session = _session()
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._heard = np.zeros(_CONTEXT, np.float32)

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Probabilities of speech (windows,) of the windows that `samples` (samples,) complete."""
        heard = np.concatenate([self._heard, samples.astype(np.float32, copy=False)])
        count = (len(heard) - _CONTEXT) // WINDOW
        self._heard = heard[count * WINDOW :]
        return np.array([self._window(heard[at * WINDOW :]) for at in range(count)], np.float32)

    def _window(self, heard: np.ndarray) -> float:
        inputs = {"input": heard[None, : _CONTEXT + WINDOW], "state": self._state, "sr": np.array(RATE)}
        probability, self._state = self._session.run(None, inputs)
        return float(np.asarray(probability).item())


@cache
def _session() -> "InferenceSession":
    import onnxruntime

    path = paths.shipped("models") / "silero-vad" / "model.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common public class
        raise KillahError(
            f"The voice activity model {path} cannot be read.", "Install Killah again."
        ) from error

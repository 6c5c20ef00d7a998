"""Recordings of training rows as a speech encoder hears them: `recordings.npy` and `recordings.json`.

The array holds the frames (frames, width) float16 of all recordings, one after another; the JSON object
`encoder`, the name of the encoder, `seconds_per_frame`, and `lengths`, how many frames each recording has. A
row names its recording by number. Number 0 is silence.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from killah.adapters import catalog, package
from killah.errors import KillahError
from killah.gemma.base import Base
from killah.gemma.projector import Projector
from killah.training.data import Batch, Row

FRAMES, ABOUT = "recordings.npy", "recordings.json"


def write(
    folder: Path, encoder: str, seconds_per_frame: float, recordings: Iterable[np.ndarray], width: int
) -> None:
    """Write the frames (frames, width) of every recording, silence first; none need be in memory together."""
    lengths = []
    raw = folder / "recordings.raw"
    with raw.open("wb") as file:
        for frames in recordings:
            file.write(frames.astype(np.float16).tobytes())
            lengths.append(len(frames))
    whole = np.lib.format.open_memmap(folder / FRAMES, "w+", np.float16, (sum(lengths), width))
    whole[:] = np.memmap(raw, np.float16, "r", shape=whole.shape)
    whole.flush()
    raw.unlink()
    about = {"encoder": encoder, "seconds_per_frame": seconds_per_frame, "lengths": lengths}
    (folder / ABOUT).write_text(json.dumps(about))


@dataclass(frozen=True)
class Recordings:
    """What the two files hold."""

    encoder: str
    seconds_per_frame: float
    frames: np.ndarray  # (frames, width) float16, on disk
    starts: np.ndarray  # (recordings + 1,)

    @classmethod
    def read(cls, folder: Path) -> "Recordings":
        """Open them. Raises `KillahError` where they are missing or do not fit together."""
        try:
            about = json.loads((folder / ABOUT).read_text("utf-8"))
            frames = np.load(folder / FRAMES, mmap_mode="r", allow_pickle=False)
            starts = np.cumsum([0, *about["lengths"]])
            if frames.ndim != 2 or starts[-1] != len(frames):
                raise ValueError("the lengths are not those of the frames")
            return cls(about["encoder"], float(about["seconds_per_frame"]), frames, starts)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KillahError(
                f"Cannot read the recordings in {folder}.", f"It should hold {FRAMES} and {ABOUT}."
            ) from error

    @property
    def width(self) -> int:
        """Numbers a frame."""
        return self.frames.shape[1]

    def check(self, rows: Iterable[Row]) -> None:
        """Raise `KillahError` for a row whose recording is not here."""
        for row in rows:
            if not 0 <= row.recording < len(self.starts) - 1:
                raise KillahError(f"There is no recording {row.recording}.", "Every row names its recording.")

    def soft_tokens(self, projector: Projector, batch: Batch) -> mx.array:
        """Soft tokens (rows, n, hidden) for the rows of a batch, from as many frames each as it reads."""
        stack = projector.norm_in.weight.shape[0] // self.width
        return projector(mx.array(self.stacked(batch, stack)))[:, :, 0]

    def stacked(self, batch: Batch, stack: int) -> np.ndarray:
        """Frames of a batch's recordings, `stack` side by side: (rows, longest, stack * width) float32.

        Shorter ones have silence before them, as a recording that began earlier would.
        """
        heard = [self.frames[self.starts[n] : self.starts[n + 1]] for n in batch.recordings]
        longest = -(-max(map(len, heard)) // stack) * stack
        silence = np.asarray(self.frames[self.starts[0] : self.starts[1]], np.float32).mean(axis=0)
        rows = np.broadcast_to(silence, (len(heard), longest, self.width)).copy()
        for row, frames in zip(rows, heard, strict=True):
            row[longest - len(frames) :] = frames
        return rows.reshape(len(heard), longest // stack, stack * self.width)


def load_projector(name: str, base: Base) -> Projector:
    """An installed audio projector, frozen. Raises `KillahError` where there is none for this base."""
    adapter = package.read(catalog.find(name, base.manifest.name), base.manifest)
    assert adapter.card.input_width is not None
    projector = Projector(adapter.card.input_width, base.model.config.hidden_size)
    projector.update(tree_unflatten(list(adapter.tensors.items())))
    projector.freeze()
    projector.eval()
    return projector

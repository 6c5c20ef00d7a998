"""Recordings of training rows as a speech encoder hears them: `recordings.npy` and `recordings.json`.

The array holds the features (frames, width) float16 of all recordings, one after another
(`killah.audio.features`); the JSON object `encoder`, the name of the encoder, `seconds_per_frame`, and
`lengths`, how many frames each recording has. A row names its recording by number. Number 0 is silence.

    {"recording": 3, "text": "when he returned", "ends": [0.4, 0.6, 1.2], "emotion": "calm"}

`ends` are the seconds at which each word has ended: the words are learned behind the chunk of speech they end
in, and `<sil>`, nothing more for now, behind them. Without `ends` the text follows the whole recording.
`emotion`, which may be left out, is learned as a word at the end.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from killah.audio import features
from killah.errors import KillahError
from killah.gemma import hearing
from killah.gemma.base import Base
from killah.gemma.gemma3 import Gemma3
from killah.gemma.projector import Projector
from killah.gemma.tokenizer import Tokenizer
from killah.training import data
from killah.training.data import Batch, Piece, Row

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

    def rows(self, path: Path, tokenizer: Tokenizer, max_length: int, stack: int) -> list[Row]:
        """Rows of a file, a place for every soft token in them; what is longer than `max_length` is left out.

        Raises `KillahError` that names the first bad line, or a recording that is not here.
        """
        lay = partial(self._laid, tokenizer=tokenizer, stack=stack)
        found = [row for row in data.parsed(path, lay) if len(row.ids) <= max_length]
        if not found:
            raise KillahError(f"Every row of {path} is too long.", "Raise max_seq_length.")
        return found

    def _laid(self, value: dict[str, Any], tokenizer: Tokenizer, stack: int) -> Row:
        number = int(value.get("recording", -1))
        if not 0 <= number < len(self.starts) - 1:
            raise KillahError(f"There is no recording {number}.", "Every row names its recording.")
        if "text" not in value:
            return self._before(data.encode(value, tokenizer, max_length=1 << 30), stack)
        frames = int(self.starts[number + 1] - self.starts[number])
        pieces = list(_pieces(value, tokenizer, -(-frames // stack), stack * self.seconds_per_frame))
        ids = [tokenizer.bos, *(i for piece, _ in pieces for i in piece)]
        learned = [False, *(learn for piece, learn in pieces for _ in piece)]
        row = Row(np.array(ids, np.int32), np.array(learned), recording=number)
        return replace(row, persona=value.get("persona", ""), query=int(value.get("query", -1)))

    def _before(self, row: Row, stack: int) -> Row:
        """A row of another form, its recording before the rest."""
        tokens = -(-int(self.starts[row.recording + 1] - self.starts[row.recording]) // stack)
        ids = np.insert(row.ids, 1, np.full(tokens, hearing.SOFT))
        return replace(row, ids=ids, learned=np.insert(row.learned, 1, np.zeros(tokens, bool)))

    def embed(self, ids: mx.array, model: Gemma3, projector: Projector, batch: Batch) -> mx.array:
        """Ids (rows, length) of a batch -> (rows, length, hidden), soft tokens in their places."""
        stack = projector.norm_in.weight.shape[0] // self.width
        soft = projector(mx.array(self.stacked(batch, stack)))[:, 0]
        return hearing.spliced(np.array(ids), soft, model)

    def stacked(self, batch: Batch, stack: int) -> np.ndarray:
        """Features of a batch's recordings, row after row, `stack` side by side: (tokens, stack * width).

        Each recording ends with silence where it does not fill its last token.
        """
        quiet = self._features(0).mean(axis=0)
        found = [features.stacked(self._features(number), stack, quiet) for number in batch.recordings]
        return np.concatenate(found)

    def _features(self, number: int) -> np.ndarray:
        return np.asarray(self.frames[self.starts[number] : self.starts[number + 1]], np.float32)


def closed(rows: Iterable[Row], base: Base) -> mx.array | None:
    """`killah.gemma.hearing.closed` where all that rows teach is words as they are said, else None."""
    found = hearing.closed(base.tokenizer, base.model.config.vocab_size)
    taught = np.unique(np.concatenate([row.ids[row.learned] for row in rows]))
    return None if np.isinf(found[taught]).any() else mx.array(found)


def _pieces(
    value: dict[str, Any], tokenizer: Tokenizer, tokens: int, seconds_per_token: float
) -> Iterator[Piece]:
    """Places of soft tokens, the words of a row, and its emotion."""
    words, ends = value["text"].split(), value.get("ends")
    if ends is None:
        yield [hearing.SOFT] * tokens, False
        yield [*hearing.spelled(words, tokenizer), hearing.silence(tokenizer)], True
    elif len(ends) != len(words):
        raise ValueError("an end for every word")
    else:
        yield from hearing.laid_out(words, ends, tokens, seconds_per_token, tokenizer)
    if emotion := value.get("emotion"):
        yield hearing.spelled([emotion], tokenizer), True

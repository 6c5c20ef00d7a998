"""Speech written down by the base: soft tokens of a chunk, the words that end in it, `<sil>`, the next chunk.

While an utterance goes on, only what is new goes through the model: chunks whose surroundings have been heard
stay in the cache with their words, the end is read again (Jia et al. 2024, arXiv 2410.03752).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from killah.adapters import projectors
from killah.audio import RATE, features
from killah.audio.dictation.language import language_of
from killah.audio.recognition.alignment import align
from killah.audio.recognition.ctc import Word, text_of
from killah.audio.recognition.recogniser import SHORTEST, Recogniser
from killah.engine.members import Members, Present
from killah.engine.prompt import Slot, SoftToken, soft_tokens
from killah.engine.session import Session
from killah.errors import KillahError
from killah.gemma import hearing
from killah.gemma.base import Base

PROJECTOR, TASK = "audio-projector", "transcribe"
SURROUNDINGS = 0.4  # seconds behind a chunk that must be heard before its words stay
MOST = 16  # tokens of words that end in a chunk

Piece = tuple[list[int], bool]  # ids, and whether the base writes them
Chunk = tuple[list[SoftToken], list[int]]  # soft tokens, and the ids of the words behind them


@dataclass
class _Read:
    """An utterance as far as it was read: samples, and chunks with the ids of their words."""

    samples: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    chunks: list[Chunk] = field(default_factory=list)


class Projected:
    """Hears as a `Recogniser` does. Use it on the thread that owns the base.

    English; what the recogniser hears in other letters is left to it. Raises `KillahError` where there is no
    audio projector for the base, or one of another encoder.
    """

    def __init__(self, base: Base, members: Members, recogniser: Recogniser) -> None:
        self._base, self._members, self._recogniser = base, members, recogniser
        self._letters = recogniser.encoder.letters or []
        self._projector = projectors.load(PROJECTOR, base)
        width = recogniser.encoder.width + len(self._letters)
        self._stack, rest = divmod(self._projector.norm_in.weight.shape[0], width)
        if rest:
            raise KillahError(
                f"The audio projector cannot read {recogniser.encoder.name}.",
                "Take --engine ctc, or train a projector for it with killah train audio-projector.",
            )
        self._blend = members.blend(TASK, Present(audio=True))
        self._session = Session(base.model, members.stack)
        self._seconds = recogniser.encoder.seconds_per_frame * self._stack  # a soft token
        self._chunk = hearing.chunk_tokens(self._seconds)
        self._token = self._stack * recogniser.encoder.samples_per_frame  # samples
        self._overhang = recogniser.encoder.receptive_field - recogniser.encoder.samples_per_frame
        self._silence = hearing.silence(base.tokenizer)
        self._closed = hearing.closed(base.tokenizer, base.model.config.vocab_size)
        self._opening = self._closed + _opening(base)
        self._keys = count()
        self._read = _Read()

    def draft(self, samples: np.ndarray) -> Sequence[Word]:
        """The words so far; those of chunks whose surroundings were heard stay as they were."""
        before = self._read.samples
        if len(samples) < len(before) or not np.array_equal(samples[: len(before)], before):
            self._read = _Read()
        self._read.samples = samples
        return self._heard(samples, self._read.chunks)

    def settle(self, samples: np.ndarray) -> Sequence[Word]:
        """The words for good: all is heard anew, with all that came after it."""
        self._read = _Read()
        return self._heard(samples, [])

    def phrase(self, samples: np.ndarray, phrases: Sequence[str]) -> tuple[str, float] | None:
        """As the recogniser."""
        return self._recogniser.phrase(samples, phrases)

    def expect(self, phrases: Sequence[str]) -> None:
        """As the recogniser."""
        self._recogniser.expect(phrases)

    def soft(self, samples: np.ndarray) -> mx.array:
        """Soft tokens (tokens, hidden) of (samples,), with silence up to a whole token behind them."""
        whole = features.fitted(samples, self._token, self._overhang)
        heard = features.features(self._recogniser.frames(whole), self._recogniser.log_probs(whole))
        return self._projector(mx.array(heard.reshape(-1, self._stack * heard.shape[1])))[:, 0]

    def nats(
        self, samples: np.ndarray, texts: Sequence[Sequence[str]], soft: mx.array | None = None
    ) -> np.ndarray:
        """What the base charges for each text as words of (samples,), (texts,); inf where it cannot be.

        `soft` (tokens, hidden) stand in for the soft tokens of `samples`, again and again or cut off.
        """
        own, costs = self.soft(samples), np.full(len(texts), np.inf)
        soft = own if soft is None else soft[mx.arange(len(own)) % len(soft)]
        laid = {i: self._laid(samples, words, len(soft)) for i, words in enumerate(texts)}
        if found := {i: pieces for i, pieces in laid.items() if pieces}:
            costs[list(found)] = self.charged(soft, list(found.values()))
        return costs

    def _laid(self, samples: np.ndarray, words: Sequence[str], tokens: int) -> list[Piece]:
        """A text among the soft tokens of its sound; nothing where its letters do not fit in."""
        try:
            found = align(self._recogniser.log_probs(samples), " ".join(words), self._letters)
        except KillahError:
            return []
        ends = [word.end for word in found.timed(self._recogniser.encoder.seconds_per_frame)]
        bos = [self._base.tokenizer.bos], False
        return [bos, *hearing.laid_out(words, ends, tokens, self._seconds, self._base.tokenizer)]

    def charged(self, soft: mx.array, texts: Sequence[list[Piece]]) -> np.ndarray:
        """Nats of every text, (texts,), behind the same soft tokens (tokens, hidden)."""
        ids = _padded([[i for piece, _ in pieces for i in piece] for pieces in texts])
        written = _padded([[learn for piece, learn in pieces for _ in piece] for pieces in texts])
        model = self._base.model
        x = hearing.spliced(ids[:, :-1], mx.tile(soft, (len(texts), 1)), model)
        self._members.stack.use(self._blend)
        hidden = model.read_whole(x)
        rows, places = np.nonzero(written[:, 1:])
        logits = model.head(hidden[mx.array(rows), mx.array(places)]).astype(mx.float32)
        nats = nn.losses.cross_entropy(logits + mx.array(self._closed), mx.array(ids[:, 1:][rows, places]))
        return np.bincount(rows, np.array(nats), len(texts))

    def written(self, soft: mx.array) -> list[list[int]]:
        """The ids of the words of each chunk of soft tokens (tokens, hidden)."""
        return [ids for _, ids in self._chunks(soft, [])]

    def text(self, ids: Sequence[Sequence[int]]) -> str:
        """What the ids of chunks say."""
        return " ".join(self._base.tokenizer.decode(i for chunk in ids for i in chunk).split())

    def _heard(self, samples: np.ndarray, kept: list[Chunk]) -> Sequence[Word]:
        """The words of `samples`; to `kept`, the chunks that need not be read again, more are added."""
        if len(samples) < SHORTEST * RATE:
            return []
        greedy = self._recogniser.draft(samples)
        if language_of(text_of(greedy)) != "en":
            return self._recogniser.settle(samples)
        found = self._chunks(self.soft(samples), kept)
        seconds = self._chunk * self._seconds
        surrounded = int((len(samples) / RATE - SURROUNDINGS) / seconds)
        kept[len(kept) :] = found[len(kept) : surrounded]
        return self._timed(samples, [self.text([ids]).split() for _, ids in found], seconds)

    def _chunks(self, soft: mx.array, kept: Sequence[Chunk]) -> list[Chunk]:
        """Every chunk of soft tokens (tokens, hidden) with the ids of its words, `kept` ones as they are."""
        found = list(kept)
        slots: list[Slot] = [self._base.tokenizer.bos]
        for tokens, ids in kept:
            slots += [*tokens, *ids, self._silence]
        for first in range(len(kept) * self._chunk, len(soft), self._chunk):
            tokens = soft_tokens(f"heard {next(self._keys)}", soft[first : first + self._chunk])
            ids = self._words([*slots, *tokens])
            slots += [*tokens, *ids, self._silence]
            found.append((tokens, ids))
        return found

    def _words(self, slots: Sequence[Slot]) -> list[int]:
        """The likeliest ids behind a chunk, up to `<sil>`."""
        for _ in self._session.prefill(slots, self._blend):
            pass
        ids: list[int] = []
        while len(ids) < MOST:
            closed = self._closed if ids else self._opening
            best = int(np.argmax(np.array(self._session.logits) + closed))
            if best == self._silence:
                break
            ids.append(best)
            self._session.step(best)
        return ids

    def _timed(self, samples: np.ndarray, chunks: list[list[str]], seconds: float) -> list[Word]:
        """Words of chunks with the times of their letters; those of the chunks where they do not fit."""
        words = [word for chunk in chunks for word in chunk]
        if not words:
            return []
        try:
            found = align(self._recogniser.log_probs(samples), " ".join(words), self._letters)
        except KillahError:  # more letters than frames
            return list(_spread(chunks, seconds, len(samples) / RATE))
        return found.timed(self._recogniser.encoder.seconds_per_frame)


def _spread(chunks: list[list[str]], seconds: float, end: float) -> Iterator[Word]:
    """Words at equal distances in their chunks."""
    for number, chunk in enumerate(chunks):
        first, last = number * seconds, min((number + 1) * seconds, end)
        step = (last - first) / max(1, len(chunk))
        for place, word in enumerate(chunk):
            yield Word(word, first + place * step, first + (place + 1) * step, 0.0)


def _padded(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Rows as one array (rows, longest), zeros behind the shorter ones."""
    found = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for row, values in zip(found, rows, strict=True):
        row[: len(values)] = values
    return found


def _opening(base: Base) -> np.ndarray:
    """Added to logits (vocabulary,) behind a chunk: a token that would go on a word has no word before it."""
    tokens = base.tokenizer.token_bytes
    inner = [number for number, token in enumerate(tokens) if token and not token.startswith(b" ")]
    found = np.zeros(base.model.config.vocab_size, np.float32)
    found[inner] = -np.inf
    return found

"""What a way of being personal does for somebody who writes: suggestions at held-out carets, continuations.

Everything is asked as the engine asks it: the prompt, the gate, the greedy and the sampled loop.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from killah.engine import decoding, prompt
from killah.engine.gate import Gate
from killah.engine.habits import Habits, learn
from killah.engine.members import Present
from killah.engine.personal.measuring import Held, Reader, Way, persona_at
from killah.engine.sampling import USUAL_MIN_P, Sampler, Sampling
from killah.engine.session import Session
from killah.metrics.keystrokes import Typed, type_out
from killah.metrics.words import first_word_matches
from killah.persona.material import Material

PRECISION, WORDS = 0.5, 6  # of the gate and of a suggestion, as they are set for everybody
CARETS = 4  # of each text, where a word is over
TYPED = 40  # characters of each text
WRITTEN = 90  # tokens of a continuation

_WORD_OVER = re.compile(r"(?<=\w)(?=\s+\w)")


@dataclass(frozen=True)
class Tried:
    """Of one text: first words right, of how many carets, what typing a part took, and a continuation.

    `positions` went through the model for the suggestions while it was typed.
    """

    right: int
    carets: int
    typed: Typed
    written: str
    positions: int


class Trial:
    """A way with a writer's material, ready to be asked about texts."""

    def __init__(self, reader: Reader, material: Material, way: Way) -> None:
        self._reader, self._material, self._way = reader, material, way
        self._gate = Gate.read(reader.base.folder)
        self._tokenizer, self._model = reader.base.tokenizer, reader.base.model
        self._session = Session(self._model, reader.members.stack)
        model = learn(material.texts, self._tokenizer) if way.ngram else None
        models = ((model, way.ngram),) if model else ()
        self._habits = Habits(models, way.text) if models or way.text else None

    def run(self, held: Sequence[Held], queries: np.ndarray) -> Iterator[Tried]:
        """What comes of each text, one after the other; `queries` (held, d)."""
        for number, (each, query) in enumerate(zip(held, queries, strict=True)):
            passages = self._material.nearest(query, each.beginning, self._way.passages)[::-1]
            persona = persona_at(self._reader, self._material, query) if self._way.soft else []
            given = (passages, persona)
            places = _carets(each)
            right = [self._first_is_right(each, place, given) for place in places]
            start = places[len(places) // 2] if places else 0
            before = self._session.computed
            typed = type_out(
                each.beginning + each.rest[:start],
                each.rest[start : start + TYPED],
                lambda before, given=given: self._suggest(before, given, WORDS, PRECISION),
            )
            positions = self._session.computed - before
            written = self._write(each.beginning, given, number)
            yield Tried(sum(right), len(right), typed, written, positions)

    def _first_is_right(self, held: Held, place: int, given: tuple) -> bool:
        found = self._suggest(held.beginning + held.rest[:place], given, 1, 0.0)
        return bool(found) and first_word_matches(found[0], held.rest[place:])

    def _suggest(self, before: str, given: tuple, words: int, precision: float) -> list[str]:
        """The whole suggestion at a caret, or none."""
        passages, persona = given
        built = prompt.build(
            self._tokenizer, before, self._reader.base.context - 96, persona=persona, passages=passages
        )
        ghosts = decoding.ghost(
            self._session,
            self._tokenizer,
            built,
            self._gate,
            words=words,
            precision=precision,
            blend=self._reader.members.blend("autocomplete", Present(persona=bool(passages or persona))),
            habits=self._habits,
        )
        return [ghost.text for ghost in ghosts if ghost][-1:]

    def _write(self, before: str, given: tuple, seed: int) -> str:
        """A continuation; the same seed for every way."""
        passages, persona = given
        room = self._reader.base.context - WRITTEN
        built = prompt.build(self._tokenizer, before, room, persona=persona, passages=passages)
        eos = self._model.config.eos_token_id
        pieces = decoding.continuation(
            self._session,
            self._tokenizer,
            built,
            Sampler(Sampling(USUAL_MIN_P, 0.9, seed=seed)),
            max_tokens=WRITTEN,
            ends=eos if isinstance(eos, list) else [eos],
            blend=self._reader.blend(self._way),
            habits=self._habits,
        )
        return "".join(filter(None, pieces))


def _carets(held: Held) -> list[int]:
    """Places in a rest where a word is over, at equal distances."""
    places = [match.start() for match in _WORD_OVER.finditer(held.rest)]
    step = max(1.0, len(places) / CARETS)
    return [places[int((i + 0.5) * step)] for i in range(min(CARETS, len(places)))]

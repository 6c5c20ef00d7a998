"""What each way of being personal is worth: held-out text, charged under every way and combination.

    reader = Reader(base, Members(base))            # Reader(..., task=None): the bare base
    held = [Held(beginning, rest), ...]             # `cut` makes them of a document's passages
    queries = embedder.encode([h.query for h in held])
    measured = measure(reader, material, held, queries, [Way(), Way(passages=2), Way(soft=True, ngram=0.3)])
    measured.nats(Way(passages=2, ngram=0.1))       # (held,) total nats of each rest; sizes: measured.sizes

`material` (`killah.persona.material.Material`) is all that is known of the writer: passages with vectors and
styles; nothing is read from a store or a setting. So a wrong persona is another writer's material and a
shuffled one is a part of several. The model is asked once for each way without the weights of n-grams and of
the text so far; with any of these a way is then arithmetic on the recorded probabilities of single tokens. A
`rest` is charged token by token given the beginning, exact, with what a way puts before it found by the
beginning alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import mlx.core as mx
import numpy as np

from killah.engine import compositions, habits
from killah.engine.compositions import Composition
from killah.engine.costs import Costs, Reading
from killah.engine.members import InUse, Members, Present
from killah.engine.personal.writers import persona_input
from killah.engine.prompt import SoftToken, head
from killah.gemma.base import Base
from killah.gemma.stack import Blend
from killah.persona import text_so_far
from killah.persona.material import Material
from killah.persona.ngram import Habit, mixed
from killah.persona.weights import Weights

Progress = Callable[[int, int], None]  # texts charged, of so many


@dataclass(frozen=True, order=True)
class Way:
    """A combination of ways: passages before the text, soft tokens, weights of all that has one."""

    passages: int = 0
    soft: bool = False
    lora: float = 0.0
    ngram: float = 0.0
    text: float = 0.0

    @property
    def asked(self) -> "Way":
        """What the model must be asked for."""
        return replace(self, ngram=0.0, text=0.0)

    @property
    def name(self) -> str:
        """For people: `2 passages + soft tokens + LoRA 0.5 + n-gram 0.3`, `base`."""
        parts = [
            f"{self.passages} passage{'s' if self.passages > 1 else ''}" if self.passages else "",
            "soft tokens" if self.soft else "",
            f"LoRA {self.lora:g}" if self.lora else "",
            f"n-gram {self.ngram:g}" if self.ngram else "",
            f"text so far {self.text:g}" if self.text else "",
        ]
        return " + ".join(filter(None, parts)) or "base"

    def weights(self) -> Weights:
        """As a persona keeps it."""
        return Weights(
            passages=self.passages, soft=float(self.soft), lora=self.lora, ngram=self.ngram, text=self.text
        )


@dataclass(frozen=True)
class Held:
    """Text of the writer that is in no index: a beginning that is given, and the rest that is charged."""

    beginning: str
    rest: str

    @property
    def query(self) -> str:
        """What passages are looked up for."""
        return self.beginning


@dataclass(frozen=True)
class Reader:
    """The model that is asked. Use it on the thread that owns it.

    `task` names the composition whose LoRAs read, None for the base with no task's; `persona` the persona
    whose own LoRA stands for the shipped one, where it has one.
    """

    base: Base
    members: Members
    task: str | None = "continue"
    persona: str = ""

    def blend(self, way: Way) -> Blend:
        """The LoRAs of a way."""
        personal = bool(way.passages or way.soft or way.lora)
        return self.members.compose(
            self._composition, Present(persona=personal, personas=(InUse(self.persona, 1.0, way.lora),))
        )

    @property
    def has_lora(self) -> bool:
        """Whether a persona LoRA is installed at all."""
        return len(self.blend(Way(lora=1.0)).active) > len(self.blend(Way()).active)

    @property
    def has_soft(self) -> bool:
        """Whether a persona projector is installed."""
        return self.members.persona_reads() is not None

    @property
    def _composition(self) -> Composition:
        return Composition(interactive=True) if self.task is None else compositions.get(self.task)

    @cached_property
    def costs(self) -> Costs:
        """What charges."""
        return Costs(self.base.model)


class Measured:
    """Probabilities of every charged token under the ways that were asked for."""

    def __init__(
        self, tokens: list[list[int]], sizes: np.ndarray, habits: list[Habit], texts: list[Habit]
    ) -> None:
        self.tokens = tokens
        """Charged ids of each text."""
        self.sizes = sizes
        """UTF-8 bytes of each text, (held,)."""
        self._habits, self._texts = habits, texts
        self._nats: dict[Way, list[np.ndarray]] = {}

    @property
    def asked(self) -> list[Way]:
        """Ways the model was asked for; each may be had with any n-gram weight."""
        return list(self._nats)

    def add(self, way: Way, nats: list[np.ndarray]) -> None:
        """Enter what the model charged for each token of each text."""
        self._nats[way.asked] = nats

    def nats(self, way: Way) -> np.ndarray:
        """Total nats of each text, (held,) float64. Raises `KeyError` for a way that was not asked for."""
        return np.array([each.sum() for each in self.token_nats(way)])

    def token_nats(self, way: Way) -> list[np.ndarray]:
        """Nats of each token of each text, (tokens,) float64 each."""
        plain = [each.astype(np.float64) for each in self._nats[way.asked]]
        if not way.ngram and not way.text:
            return plain
        each = zip(plain, self._habits, self._texts, strict=True)
        return [
            -np.log(mixed(np.exp(-own), (habit, way.ngram), (text, way.text))) for own, habit, text in each
        ]


def measure(
    reader: Reader,
    material: Material,
    held: Sequence[Held],
    queries: np.ndarray,
    ways: Iterable[Way],
    *,
    into: Measured | None = None,
    on_progress: Progress = lambda _, __: None,
) -> Measured:
    """Charge `held` under each of `ways` with a writer's `material`; `queries` (held, d) are embeddings.

    Ways whose parts are not installed are charged as if they were without. `into` is a measurement of the
    same material and texts that is to know these ways too.
    """
    measured = into or _prepared(reader, material, held)
    new = sorted({way.asked for way in ways} - set(measured.asked))
    soft = _soft_tokens(reader, material, queries) if any(way.soft for way in new) else None
    most = max((way.passages for way in new), default=0)
    found = [material.nearest(query, each.beginning, most) for each, query in zip(held, queries, strict=True)]
    for number, way in enumerate(new):
        readings = [
            _reading(
                reader, each, found[i][: way.passages], None if soft is None or not way.soft else soft[i]
            )
            for i, each in enumerate(held)
        ]
        reader.members.stack.use(reader.blend(way))
        measured.add(way, reader.costs.nats(readings))
        on_progress((number + 1) * len(held), len(new) * len(held))
    return measured


def persona_at(reader: Reader, material: Material, query: np.ndarray) -> list[SoftToken]:
    """A writer's soft tokens at one query (d,), as slots; none where no projector reads the writer."""
    vector = persona_input(reader.members.persona_reads(), query, material.vectors, material.styles)
    if vector is None:
        return []
    key = blake2b(vector.tobytes(), digest_size=8).hexdigest()
    return reader.members.persona_tokens(key, vector)


def _prepared(reader: Reader, material: Material, held: Sequence[Held]) -> Measured:
    """The texts' tokens and what the writer's n-gram model says of them."""
    tokenizer = reader.base.tokenizer
    beginnings = [[tokenizer.bos, *tokenizer.encode(each.beginning)] for each in held]
    rests = [tokenizer.encode(each.rest) for each in held]
    sizes = np.array([sum(len(tokenizer.token_bytes[i]) for i in rest) for rest in rests], float)
    model = habits.learn(material.texts, tokenizer)
    known, so_far = [], []
    for beginning, rest in zip(beginnings, rests, strict=True):
        start, ids = len(beginning), np.array([*beginning, *rest])
        so_far.append(text_so_far.habits(ids, start))
        if model is None:
            known.append((np.zeros(len(rest)), np.zeros(len(rest))))
        else:
            share, worth = model.habits(ids)
            known.append((share[start:], worth[start:]))
    return Measured(rests, sizes, known, so_far)


def _soft_tokens(reader: Reader, material: Material, queries: np.ndarray) -> mx.array | None:
    """Soft tokens (held, k, hidden) of the writer at each query; None where no projector reads it."""
    reads = reader.members.persona_reads()
    vectors = [persona_input(reads, query, material.vectors, material.styles) for query in queries]
    if reads is None or any(vector is None for vector in vectors):
        return None
    return reader.members.project(np.stack([vector for vector in vectors if vector is not None]))


def _reading(reader: Reader, held: Held, passages: list[str], soft: mx.array | None) -> Reading:
    """A text as the model meets it in a prompt: passages, best last, the beginning, the rest."""
    tokenizer = reader.base.tokenizer
    text, rest = tokenizer.encode(held.beginning), tokenizer.encode(held.rest)
    front = head(tokenizer, reader.base.context - len(text) - len(rest), passages=passages[::-1])
    before = [slot for slot in front if isinstance(slot, int)] + text
    return Reading([*before, *rest], len(before), soft)

"""What the ways of being personal are worth for one persona, by its own text, and the weights that follow.

A part of the persona's documents is held out and in no way known: one half to choose by, one to confirm what
was chosen. Everything is measured with the composition that continues text.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from killah.config import Settings
from killah.engine.members import Members, own_lora
from killah.engine.personal.choosing import choose, combinations, singles
from killah.engine.personal.holding_out import LEAST, Parts, split
from killah.engine.personal.measuring import Measured, Reader, Way, measure
from killah.engine.personal.trying import Trial, Tried
from killah.errors import KillahError
from killah.gemma import base as bases
from killah.gemma import catalog
from killah.metrics.intervals import Estimate, bootstrap, bootstrap_paired
from killah.metrics.likelihood import bits_per_byte
from killah.metrics.style_distance import burrows_delta
from killah.persona import personas, style
from killah.persona.embedding import Embedder
from killah.persona.indexing import refuse_paused
from killah.persona.material import Material
from killah.persona.store import Store
from killah.persona.weights import Weights

TASK = "continue"
MOST, FEWEST = 20, 6  # texts in each part: as many as there is time for
SECONDS = 100.0  # for charging them; the rest is short
_WAYS = 30  # charged for each text, in time of the base alone
_ASKED = 12  # ways that choosing asks for, about
_PROBE = 4  # texts charged to see how fast the machine is

Progress = Callable[[str, float], None]  # what is done, and the share of all that is behind


@dataclass(frozen=True)
class Line:
    """A way on the part that confirms: bits a byte, and per cent more or less of them than the base's."""

    name: str
    way: Way
    bits_per_byte: Estimate
    change: Estimate


@dataclass(frozen=True)
class Writing:
    """What a way does for the writer: shares of first words right and of keystrokes saved (saved@1), and how
    far the style of continuations is from the writer's (Burrows's delta of means; None without styles).

    `positions` go through the model a keystroke: what stands before the text was read once.
    """

    first_word: Estimate
    saved: Estimate
    style_distance: float | None
    positions: Estimate


@dataclass(frozen=True)
class Checked:
    """What was found and kept. `lines` begin with the base; the others, best first."""

    persona: str
    model: str
    documents: int
    words: int
    texts: int
    chosen: Way
    lines: list[Line]
    writing: dict[str, Writing]
    own_lora: bool
    seconds: float

    @property
    def choice(self) -> Line:
        """The line of what was chosen."""
        return next(line for line in self.lines if line.way == self.chosen)


def check(
    name: str, settings: Settings, *, on_progress: Progress = lambda _, __: None, keep: bool = True
) -> Checked:
    """Measure every way on a persona's held-out text, choose, confirm, and keep the weights (with `keep`).

    Runs on the calling thread, which becomes MLX's. Raises `KillahError` for a persona that is not there,
    is paused, was indexed with another embedder, or has too little text.
    """
    began = time.perf_counter()
    on_progress("Reading", 0.0)
    material = _material(name, settings.embedder)
    if keep:  # or it is known only after minutes that nothing can be kept
        _open_for_writing(name)
    parts = split(material, MOST)
    base = bases.load(catalog.find(settings.model))
    reader = Reader(base, Members(base), TASK)
    own = reader.members.card(own_lora(name)) is not None
    search = _Search(reader, parts, Embedder(settings.embedder), on_progress)
    chosen, confirmed = search.run(lora=reader.has_lora and not own)
    writing = search.try_out(chosen)
    lines = _lines(confirmed, chosen)
    found = Checked(
        name,
        base.manifest.name,
        len(np.unique(material.documents)),
        material.words,
        len(confirmed.sizes),
        chosen,
        lines,
        writing,
        own,
        round(time.perf_counter() - began, 1),
    )
    if keep:
        _keep(found)
    on_progress("Done", 1.0)
    return found


class _Search:
    """Charges the held-out texts, on the way from the first way to the one that is confirmed."""

    def __init__(self, reader: Reader, parts: Parts, embedder: Embedder, on_progress: Progress) -> None:
        self._reader, self._known, self._on_progress = reader, parts.known, on_progress
        on_progress("Loading the embedding model", 0.02)
        queries = embedder.encode([each.query for each in (*parts.choose, *parts.confirm)])
        count = self._affordable(parts, queries)
        self._choose = _some(parts.choose, queries[: len(parts.choose)], count)
        self._confirm = _some(parts.confirm, queries[len(parts.choose) :], count)

    def run(self, *, lora: bool) -> tuple[Way, Measured]:
        """The way that one part chooses, and all that are worth telling charged on the other."""
        chosen_by = _Charged(self._reader, self._known, *self._choose)

        def ask(ways: Sequence[Way]) -> Measured:
            measured = chosen_by.ask(ways)
            self._on_progress("Choosing", 0.1 + 0.4 * min(1.0, len(measured.asked) / _ASKED))
            return measured

        chosen = choose(ask, singles(self._reader, lora=lora))
        alone = [way for way in singles(self._reader, lora=lora) if way.lora in (0.0, chosen.lora or 1.0)]
        confirmed = _Charged(self._reader, self._known, *self._confirm)
        tell = combinations(alone)
        for number, way in enumerate(tell):
            confirmed.ask([way])
            self._on_progress("Confirming", 0.5 + 0.25 * (number + 1) / len(tell))
        return chosen, confirmed.ask([])

    def try_out(self, chosen: Way) -> dict[str, Writing]:
        """What the base and the chosen way do for somebody who writes the texts that confirm."""
        ways = {"base": Way()} | ({"chosen": chosen} if chosen != Way() else {})
        held, queries = self._confirm
        found = {}
        for place, (name, way) in enumerate(ways.items()):
            tried: list[Tried] = []
            for each in Trial(self._reader, self._known, way).run(held, queries):
                tried.append(each)
                done = (place + len(tried) / len(held)) / len(ways)
                self._on_progress("Writing", 0.75 + 0.25 * done)
            found[name] = _writing(tried, self._known)
        return found

    def _affordable(self, parts: Parts, queries: np.ndarray) -> int:
        """How many texts of each part there is time for, from what a few of them take with the base alone."""
        few = parts.choose[:_PROBE]
        charged = _Charged(self._reader, self._known, few, queries[:_PROBE])
        charged.ask([])  # the n-gram model is fitted but once
        began = time.perf_counter()
        charged.ask([Way()])
        each = (time.perf_counter() - began) / len(few)
        return min(MOST, max(FEWEST, int(SECONDS / (each * _WAYS))))


class _Charged:
    """A measurement of some texts that grows with each question."""

    def __init__(self, reader: Reader, known: Material, held: Sequence[Any], queries: np.ndarray) -> None:
        self._given = (reader, known, held, queries)
        self._measured: Measured | None = None

    def ask(self, ways: Sequence[Way]) -> Measured:
        self._measured = measure(*self._given, ways, into=self._measured)
        return self._measured


def _material(name: str, embedder: str) -> Material:
    with Store.open(personas.existing(name)) as store:
        refuse_paused(store)
        made_with = store.meta().get("embedder", embedder)
        if made_with != embedder:
            raise KillahError(
                f"The persona {name!r} was indexed with {made_with!r}, not {embedder!r}.",
                f"Run killah index again, or: killah config set embedder {made_with}",
            )
        return Material.of(store)


def _some(held: Sequence[Any], queries: np.ndarray, count: int) -> tuple[list[Any], np.ndarray]:
    """At most `count` of the texts, at equal distances, with their queries."""
    rows = np.unique(np.linspace(0, len(held) - 1, min(count, len(held))).round().astype(int))
    return [held[row] for row in rows], queries[rows]


def _lines(measured: Measured, chosen: Way) -> list[Line]:
    """The base, the chosen way, and every other: bare, with n-grams, with the text so far too; best first."""
    usual = Weights()
    ngram, text = chosen.ngram or usual.ngram, chosen.text or usual.text
    with_them = [{}, {"ngram": ngram}, {"ngram": ngram, "text": text}]
    ways = {replace(each, **weights) for each in measured.asked for weights in with_them} | {chosen}
    base = measured.nats(Way())
    lines = [_line(way, measured.nats(way), base, measured.sizes) for way in ways]
    return sorted(lines, key=lambda line: (line.way != Way(), line.bits_per_byte.value))


def _line(way: Way, nats: np.ndarray, base: np.ndarray, sizes: np.ndarray) -> Line:
    change = bootstrap_paired(100 * nats, 100 * base, base)
    return Line(way.name, way, bits_per_byte(nats, sizes), change)


def _writing(tried: list[Tried], known: Material) -> Writing:
    saved = [each.typed.accepted - each.typed.keys for each in tried]
    typed = [max(each.typed.length - 1, 1) for each in tried]
    return Writing(
        bootstrap([each.right for each in tried], [each.carets for each in tried]),
        bootstrap(saved, typed),
        _distance([each.written for each in tried], known),
        bootstrap([each.positions for each in tried], [max(each.typed.keys, 1) for each in tried]),
    )


def _distance(written: list[str], known: Material) -> float | None:
    there = [text for text in written if len(text.split()) >= LEAST]
    if known.styles is None or known.styles.shape[1] != style.WIDTH or not there:
        return None
    mean = np.mean([style.vector(text) for text in there], axis=0)
    return float(burrows_delta(mean, known.styles.mean(axis=0)))


def _keep(found: Checked) -> None:
    """Write the weights into the persona's file, with what they rest on."""
    choice = found.choice
    measured = {
        "model": found.model,
        "date": datetime.now(UTC).date().isoformat(),
        "words": found.words,
        "texts": found.texts,
        "bits_per_byte": choice.bits_per_byte.value,
        "change_per_cent": [choice.change.value, choice.change.low, choice.change.high],
    }
    weights = found.chosen.weights().model_copy(update={"measured": measured})
    if found.own_lora:  # it has seen all this text: what it is worth was measured when it was trained
        weights = weights.model_copy(update={"lora": 1.0})
    with personas.lock(found.persona), Store.create(personas.existing(found.persona)) as store:
        weights.keep(store)


def _open_for_writing(name: str) -> None:
    """Raise `KillahError` where the persona's file cannot be written."""
    with personas.lock(name), Store.create(personas.existing(name)):
        pass

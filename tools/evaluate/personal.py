"""Ways of being personal on authors, and the controls: what each costs, and how near it writes."""

import argparse
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from killah.engine import decoding, habits, prompt
from killah.engine.checking import Held, Reader, Way, measure
from killah.engine.costs import Reading
from killah.engine.habits import Habits
from killah.engine.members import Members
from killah.engine.sampling import Sampler, Sampling
from killah.engine.session import Session
from killah.engine.writers import persona_input
from killah.gemma import base as gemma
from killah.gemma import catalog
from killah.metrics.intervals import Estimate, bootstrap, bootstrap_paired
from killah.metrics.likelihood import bits_per_byte, bits_per_byte_gap
from killah.metrics.style_distance import burrows_delta
from killah.metrics.words import first_word_matches
from killah.persona import style
from killah.persona.attention import UNIFORM, persona_vector
from killah.persona.material import Material
from killah.persona.weights import Weights
from tools.evaluate.report import progress
from tools.evaluate.writers import Gathering, Writer

NGRAM = Weights().ngram
WAYS = {
    "soft_tokens": Way(soft=True),
    "passages": Way(passages=2),
    "persona_lora": Way(lora=1.0),
    "ngram": Way(ngram=NGRAM),
    "soft_tokens_lora": Way(soft=True, lora=1.0),
    "all_without_passages": Way(soft=True, lora=1.0, ngram=NGRAM),
    "all": Way(passages=2, soft=True, lora=1.0, ngram=NGRAM),
}
NEAREST = 4  # passages of the published alternative to attending to all
CONTINUED, TOKENS = 6, 110  # continuations of each author and condition, and their length
WORD = 14  # tokens that a first word may have


@cache
def reader(model: str) -> Reader:
    """The bare base with what is installed for it; no task's adapter takes part."""
    loaded = gemma.load(catalog.find(model))
    return Reader(loaded, Members(loaded), task=None)


def ways(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any]:
    """Every way with the author's own text, with other authors', with a part of all other authors'."""
    asked, writers = reader(options.model), gathering.writers
    tried = [Way(), *WAYS.values()]
    sizes = [np.array([len(each.rest.encode()) for each in writer.held], float) for writer in writers]
    nats = {
        f"{name}{who}": [np.zeros(len(writer.held)) for writer in writers]
        for name in ("base", *WAYS)
        for who in ("", "_wrong", "_shuffled")
    }

    def charge(material: Material, places: list[tuple[int, int]], who: str) -> None:
        """Charge held-out texts, each (author, number), with one writer's material."""
        held = [writers[author].held[row] for author, row in places]
        queries = np.stack([writers[author].queries[row] for author, row in places])
        found = measure(asked, material, held, queries, tried)
        for name, way in (("base", Way()), *WAYS.items()):
            for (author, row), each in zip(places, found.nats(way), strict=True):
                nats[name + who][author][row] = each

    for number, writer in enumerate(writers):
        progress(f"  {writer.name}")
        own = [(number, row) for row in range(len(writer.held))]
        charge(writer.material, own, "")
        charge(shuffled(writers, writer), own, "_shuffled")
        if others := wrongly(writers, number):
            charge(writer.material, others, "_wrong")
    flat = {name: np.concatenate(each) for name, each in nats.items()}
    total = np.concatenate(sizes)
    result: dict[str, Any] = {
        "passages": len(total),
        "bytes": int(total.sum()),
        "installed": {"soft_tokens": asked.has_soft, "persona_lora": asked.has_lora},
        "base": bits_per_byte(flat["base"], total, seed=options.seed),
    }
    for name in WAYS:
        result[name] = _compared(flat, name, total, options.seed)
    result["authors_won"] = {
        name: sum(
            float(own.sum()) < float(base.sum()) for own, base in zip(nats[name], nats["base"], strict=True)
        )
        for name in WAYS
    }
    return result | {"first_word": first_words(gathering, options)}


def wrongly(writers: list[Writer], number: int) -> list[tuple[int, int]]:
    """Texts of other authors, (author, number), whose wrong persona writer `number` is: all take turns."""
    count = len(writers)
    return [
        (author, row)
        for author in range(count)
        if author != number
        for row in range((number - author) % count - 1, len(writers[author].held), count - 1)
    ]


def shuffled(writers: list[Writer], own: Writer) -> Material:
    """As many passages as the author's, every one of another author, all taking turns."""
    others = [each.material for each in writers if each.name != own.name]
    random = np.random.default_rng(0)
    drawn = [
        others[i % len(others)].part([int(random.integers(len(others[i % len(others)])))])
        for i in range(len(own.material))
    ]
    return joined(drawn)


def joined(parts: Sequence[Material]) -> Material:
    """Materials one after another."""
    styles = [part.styles for part in parts if part.styles is not None]
    return Material(
        [text for part in parts for text in part.texts],
        np.concatenate([part.vectors for part in parts]),
        np.concatenate(styles) if len(styles) == len(parts) else None,
        np.concatenate([part.documents for part in parts]),
    )


def _compared(nats: dict[str, np.ndarray], name: str, sizes: np.ndarray, seed: int) -> dict[str, Any]:
    own, base = nats[name], nats["base"]
    return {
        "bits_per_byte": bits_per_byte(own, sizes, seed=seed),
        "over_base": bits_per_byte_gap(own, base, sizes, seed=seed),
        "over_base_per_cent": _per_cent(own, base, seed),
        "over_wrong": bits_per_byte_gap(own, nats[f"{name}_wrong"], sizes, seed=seed),
        "over_shuffled": bits_per_byte_gap(own, nats[f"{name}_shuffled"], sizes, seed=seed),
        "wrong_over_base": bits_per_byte_gap(nats[f"{name}_wrong"], base, sizes, seed=seed),
    }


def _per_cent(nats: np.ndarray, others: np.ndarray, seed: int) -> Estimate:
    """Per cent more bits than `others`, resampled over the same passages."""
    return bootstrap_paired(100 * nats, 100 * others, others, seed=seed)


def first_words(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any]:
    """How often the word after each beginning is the writer's own, chosen greedily and without a gate."""
    asked = reader(options.model)
    right: dict[str, list[float]] = {}
    for index, writer in enumerate(gathering.writers):
        wrong = gathering.writers[(index + 1) % len(gathering.writers)]
        for name, material, way in (
            ("base", writer.material, Way()),
            ("soft_tokens", writer.material, WAYS["soft_tokens"]),
            ("all", writer.material, WAYS["all"]),
            ("all_wrong", wrong.material, WAYS["all"]),
        ):
            author = Author(asked, material, way)
            for held, query in zip(writer.held, writer.queries, strict=True):
                for word in author.write(held, query, Sampler(Sampling(temperature=0)), WORD):
                    right.setdefault(name, []).append(float(first_word_matches(word, held.rest)))
    result: dict[str, Any] = {name: bootstrap(each, seed=options.seed) for name, each in right.items()}
    for name in ("soft_tokens", "all"):
        result[f"{name}_over_base"] = bootstrap_paired(right[name], right["base"], seed=options.seed)
    result["all_over_wrong"] = bootstrap_paired(right["all"], right["all_wrong"], seed=options.seed)
    return result


class Author:
    """The model as it writes in one way with one writer's material."""

    def __init__(self, asked: Reader, material: Material, way: Way) -> None:
        self._asked, self._material, self._way = asked, material, way
        self._session = Session(asked.base.model, asked.members.stack)
        known = habits.learn(material.texts, asked.base.tokenizer) if way.ngram else None
        self._habits = Habits(((known, way.ngram),)) if known else None

    def write(self, held: Held, query: np.ndarray, sampler: Sampler, tokens: int) -> list[str]:
        """A continuation of a beginning, `[text]`."""
        base, way = self._asked.base, self._way
        soft = self._soft(query) if way.soft else []
        passages = self._material.nearest(query, held.beginning, way.passages)[::-1]
        room = base.context - tokens
        built = prompt.build(base.tokenizer, held.beginning, room, persona=soft, passages=passages)
        pieces = decoding.continuation(
            self._session,
            base.tokenizer,
            built,
            sampler,
            max_tokens=tokens,
            ends=[base.tokenizer.id("<eos>")],
            blend=self._asked.blend(way),
            habits=self._habits,
        )
        return ["".join(piece for piece in pieces if piece)]

    def _soft(self, query: np.ndarray) -> list[prompt.SoftToken]:
        members, material = self._asked.members, self._material
        vector = persona_input(members.persona_reads(), query, material.vectors, material.styles)
        return (
            [] if vector is None else prompt.soft_tokens(str(hash(vector.tobytes())), members.project(vector))
        )


def attention(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any] | None:
    """The learned attention beside the mean of all passages and the mean of the four nearest."""
    asked = reader(options.model)
    reads = asked.members.persona_reads()
    if reads is None or reads.sharpness is None:
        return None
    nats: dict[str, list[np.ndarray]] = {}
    sizes = []
    for writer in gathering.writers:
        own = writer.material
        assert own.styles is not None
        for query, held in zip(writer.queries, writer.held, strict=True):
            near = np.argsort(-(own.vectors @ query))[:NEAREST]
            vectors = {
                "attention": persona_vector(query, own.vectors, own.styles, reads.sharpness),
                "mean": persona_vector(query, own.vectors, own.styles, UNIFORM),
                "nearest_four": persona_vector(query, own.vectors[near], own.styles[near], UNIFORM),
                "meaning_only": persona_vector(query, own.vectors, 0 * own.styles, reads.sharpness),
            }
            soft = asked.members.project(np.stack(list(vectors.values())))
            asked.members.stack.use(asked.blend(Way(soft=True)))
            ids, start = encoded(asked, held)
            found = asked.costs.nats([Reading(ids, start, each) for each in soft])
            found += asked.costs.nats([Reading(ids, start)])
            for name, each in zip([*vectors, "base"], found, strict=True):
                nats.setdefault(name, []).append(each)
            sizes.append(len(held.rest.encode()))
    totals = {name: np.array([each.sum() for each in n]) for name, n in nats.items()}
    result: dict[str, Any] = {
        "sharpness_meaning": float(np.exp(reads.sharpness[0])),
        "sharpness_style": float(np.exp(reads.sharpness[1])),
    }
    for name, total in totals.items():
        result[name] = {"bits_per_byte": bits_per_byte(total, sizes, seed=options.seed)}
        if name != "base":
            result[name]["over_base"] = bits_per_byte_gap(total, totals["base"], sizes, seed=options.seed)
        if name not in ("attention", "base"):
            result[name]["attention_over_it"] = bits_per_byte_gap(
                totals["attention"], total, sizes, seed=options.seed
            )
    return result


def encoded(asked: Reader, held: Held) -> tuple[list[int], int]:
    """Ids of a held-out text from `<bos>` on, and where the charged ones begin."""
    tokenizer = asked.base.tokenizer
    beginning = [tokenizer.bos, *tokenizer.encode(held.beginning)]
    return [*beginning, *tokenizer.encode(held.rest)], len(beginning)


def distance(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any]:
    """Burrows's Delta of continuations to their author's indexed text: base, right and wrong persona."""
    asked = reader(options.model)
    conditions = {
        "base": Way(),
        "right": WAYS["all"],
        "wrong": WAYS["all"],
        "right_soft": WAYS["soft_tokens"],
    }
    found: dict[str, list[float]] = {name: [] for name in (*conditions, "held_out")}
    for index, writer in enumerate(gathering.writers):
        progress(f"  {writer.name}")
        wrong = gathering.writers[(index + 1) % len(gathering.writers)]
        assert writer.material.styles is not None
        own = writer.material.styles.mean(axis=0)
        chosen = range(0, len(writer.held), max(1, len(writer.held) // CONTINUED))
        for name, way in conditions.items():
            author = Author(asked, (wrong if name == "wrong" else writer).material, way)
            sampling = Sampling(seed=options.seed + 1)
            texts = [
                author.write(writer.held[i], writer.queries[i], Sampler(sampling), TOKENS)[0] for i in chosen
            ]
            found[name].append(_delta(texts, own))
        found["held_out"].append(_delta([_cut(writer.held[i].rest) for i in chosen], own))
    result: dict[str, Any] = {name: bootstrap(each, seed=options.seed) for name, each in found.items()}
    for first, second in (("right", "base"), ("right", "wrong"), ("right_soft", "base")):
        result[f"{first}_less_{second}"] = bootstrap_paired(found[first], found[second], seed=options.seed)
    return result


def _delta(texts: list[str], own: np.ndarray) -> float:
    vectors = np.stack([style.vector(text) for text in texts if text.strip()])
    return float(burrows_delta(vectors.mean(axis=0), own))


def _cut(text: str) -> str:
    """About as much as a continuation."""
    return text[: 4 * TOKENS]

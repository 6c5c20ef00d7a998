"""Ways of being personal on authors, and the controls: what each costs, and how near it writes."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from killah.engine.costs import Reading
from killah.engine.members import Members
from killah.engine.personal import choosing
from killah.engine.personal.check import TASK
from killah.engine.personal.measuring import Held, Measured, Reader, Way, measure
from killah.engine.personal.trying import Trial, Tried
from killah.gemma import base as gemma
from killah.gemma import catalog
from killah.metrics.intervals import Estimate, bootstrap, bootstrap_paired
from killah.metrics.likelihood import bits_per_byte, bits_per_byte_gap
from killah.metrics.style_distance import burrows_delta
from killah.persona import style
from killah.persona.attention import UNIFORM, persona_vector
from killah.persona.material import Material
from killah.persona.weights import Weights
from tools.evaluate.report import progress
from tools.evaluate.writers import Gathering, Writer

NGRAM, TEXT = Weights().ngram, Weights().text
ALL = Way(passages=2, soft=True, lora=1.0, ngram=NGRAM, text=TEXT)
WAYS = {
    "soft_tokens": Way(soft=True),
    "passages": Way(passages=2),
    "ngram": Way(ngram=NGRAM),
    "text_so_far": Way(text=TEXT),
    "ngram_text_so_far": Way(ngram=NGRAM, text=TEXT),
    "shipped_lora": Way(lora=1.0),
    "soft_tokens_shipped_lora": Way(soft=True, lora=1.0),
    "all_shipped": ALL,
}
# With the LoRA that `--train` has trained on what is indexed of the author.
OWN = {
    "own_lora": Way(lora=1.0),
    "own_lora_ngram": Way(lora=1.0, ngram=NGRAM),
    "own_lora_ngram_text_so_far": Way(lora=1.0, ngram=NGRAM, text=TEXT),
    "own_lora_soft_tokens_ngram": Way(soft=True, lora=1.0, ngram=NGRAM),
    "all": ALL,
}
NEAREST = 4  # passages of the published alternative to attending to all
WRITTEN = 360  # characters of a held-out text that stand beside a continuation


@cache
def reader(model: str) -> Reader:
    """The bare base with what is installed for it; no task's adapter takes part."""
    loaded = gemma.load(catalog.find(model))
    return Reader(loaded, Members(loaded), task=None)


def ways(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any]:
    """Every way with the author's own text, with other authors', with a part of all other authors'."""
    asked, writers = reader(options.model), gathering.writers
    own = OWN if gathering.trained else {}
    sizes = [np.array([len(each.rest.encode()) for each in writer.held], float) for writer in writers]
    nats = {
        f"{name}{who}": [np.zeros(len(writer.held)) for writer in writers]
        for name in ("base", *WAYS, *own)
        for who in ("", "_wrong", "_shuffled")
    }

    def charge(material: Material, places: list[tuple[int, int]], who: str, persona: str = "") -> None:
        """Charge held-out texts, each (author, number), with one writer's material and LoRA."""
        held = [writers[author].held[row] for author, row in places]
        queries = np.stack([writers[author].queries[row] for author, row in places])
        for reads, tried in ((asked, {"base": Way(), **WAYS}), (replace(asked, persona=persona), own)):
            found = measure(reads, material, held, queries, tried.values())
            for name, way in tried.items():
                for (author, row), each in zip(places, found.nats(way), strict=True):
                    nats[name + who][author][row] = each

    for number, writer in enumerate(writers):
        progress(f"  {writer.name}")
        here = [(number, row) for row in range(len(writer.held))]
        charge(writer.material, here, "", writer.name)
        charge(shuffled(writers, writer), here, "_shuffled")
        if others := wrongly(writers, number):
            charge(writer.material, others, "_wrong", writer.name)
    flat = {name: np.concatenate(each) for name, each in nats.items()}
    total = np.concatenate(sizes)
    result: dict[str, Any] = {
        "passages": len(total),
        "bytes": int(total.sum()),
        "installed": {"soft_tokens": asked.has_soft, "persona_lora": asked.has_lora},
        "base": bits_per_byte(flat["base"], total, seed=options.seed),
    }
    for name in (*WAYS, *own):
        result[name] = _compared(flat, name, total, options.seed)
    result["authors_won"] = {
        name: sum(
            float(own.sum()) < float(base.sum()) for own, base in zip(nats[name], nats["base"], strict=True)
        )
        for name in (*WAYS, *own)
    }
    return result


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


def writing(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any]:
    """What each does at the keys: first words right, keystrokes saved, how far continuations are in style.

    The style distance is Burrows's Delta between the means of an author's continuations and of the index.
    """
    conditions = {"base": Way(), "soft_tokens": WAYS["soft_tokens"], "all": ALL, "all_wrong": ALL}
    tried: dict[str, list[list[Tried]]] = {name: [] for name in conditions}
    delta: dict[str, list[float]] = {name: [] for name in (*conditions, "held_out")}
    for index, writer in enumerate(gathering.writers):
        progress(f"  {writer.name}")
        own = writer.material.styles
        assert own is not None
        for name, way in conditions.items():
            wrong = gathering.writers[(index + 1) % len(gathering.writers)]
            whose = wrong if name == "all_wrong" else writer
            trial = Trial(gathering.reader(reader(options.model), whose), whose.material, way)
            tried[name].append(list(trial.run(writer.held, writer.queries)))
            delta[name].append(_delta([each.written for each in tried[name][-1]], own))
        delta["held_out"].append(_delta([each.rest[:WRITTEN] for each in writer.held], own))
    flat = {name: [each for author in found for each in author] for name, found in tried.items()}
    carets = [each.carets for each in flat["base"]]
    typed = [max(each.typed.length - 1, 1) for each in flat["base"]]
    right = {name: [each.right for each in found] for name, found in flat.items()}
    saved = {name: [each.typed.accepted - each.typed.keys for each in found] for name, found in flat.items()}
    result: dict[str, Any] = {
        "first_word": {name: bootstrap(each, carets, seed=options.seed) for name, each in right.items()},
        "saved_at_1": {name: bootstrap(each, typed, seed=options.seed) for name, each in saved.items()},
        "style_distance": {name: bootstrap(each, seed=options.seed) for name, each in delta.items()},
    }
    for first, second in (("soft_tokens", "base"), ("all", "base"), ("all", "all_wrong")):
        label = f"{first}_less_{second}"
        result["first_word"][label] = bootstrap_paired(right[first], right[second], carets, seed=options.seed)
        result["saved_at_1"][label] = bootstrap_paired(saved[first], saved[second], typed, seed=options.seed)
        result["style_distance"][label] = bootstrap_paired(delta[first], delta[second], seed=options.seed)
    return result


def _delta(texts: list[str], own: np.ndarray) -> float:
    vectors = np.stack([style.vector(text) for text in texts if text.strip()])
    return float(burrows_delta(vectors.mean(axis=0), own.mean(axis=0)))


def choice(gathering: Gathering, options: argparse.Namespace) -> dict[str, Any]:
    """What `killah persona check` chooses on half of the held-out text, ranked on the rest; and reversed."""
    found: dict[str, list[dict[str, Any]]] = {}
    for writer in gathering.writers:
        progress(f"  {writer.name}")
        asked = gathering.reader(replace(reader(options.model), task=TASK), writer)
        alone = choosing.singles(asked, lora=asked.has_lora)
        first, second = (_Part(asked, writer, slice(start, None, 2)) for start in (0, 1))
        found[writer.name] = [_ranked(first, second, alone), _ranked(second, first, alone)]
    saved = [np.mean([each["over_base_per_cent"] for each in both]) for both in found.values()]
    return found | {
        "authors": len(found),
        "among_single_ways": _counted("over_best_single_per_cent", found, options.seed),
        "among_all_combinations": _counted("over_best_other_per_cent", found, options.seed),
        "mean_over_base_per_cent": bootstrap(saved, seed=options.seed),
    }


def _ranked(choose_by: "_Part", confirm_by: "_Part", alone: Sequence[Way]) -> dict[str, Any]:
    """The way that one part chooses, beside the best of all others in hindsight of the other part."""
    chosen = choosing.choose(choose_by.ask, alone)
    singles, others = (
        {
            replace(way, ngram=ngram, text=text)
            for way in ways
            for ngram in (0.0, chosen.ngram or NGRAM)
            for text in (0.0, chosen.text or TEXT)
        }
        - {chosen}
        for ways in (alone, choosing.combinations(alone))
    )
    confirmed = confirm_by.ask([chosen, *others])
    own, base = confirmed.nats(chosen), confirmed.nats(Way())
    single, lowest = (min(ways, key=lambda way: confirmed.nats(way).sum()) for ways in (singles, others))
    best = confirmed.nats(lowest)
    error = (own - best).std(ddof=1) * np.sqrt(len(own)) / best.sum()
    return {
        "chosen": chosen.name,
        "best_single": single.name,
        "over_best_single_per_cent": float(100 * (own.sum() / confirmed.nats(single).sum() - 1)),
        "best_other": lowest.name,
        "over_best_other_per_cent": float(100 * (own.sum() / best.sum() - 1)),
        "standard_error_per_cent": float(100 * error),
        "over_base_per_cent": float(100 * (own.sum() / base.sum() - 1)),
    }


def _counted(margin: str, found: dict[str, list[dict[str, Any]]], seed: int) -> dict[str, Any]:
    """For how many authors the chosen way was the best, and how far it was from it on average."""
    lost = np.array([[each[margin] for each in both] for both in found.values()])
    return {
        "chosen_is_best": int((lost[:, 0] < 0).sum()),
        "chosen_is_best_reversed": int((lost[:, 1] < 0).sum()),
        "mean_behind_per_cent": bootstrap(lost.mean(axis=1), seed=seed),
    }


class _Part:
    """A part of a writer's held-out texts, charged on demand."""

    def __init__(self, asked: Reader, writer: Writer, rows: slice) -> None:
        self._given = (asked, writer.material, writer.held[rows], writer.queries[rows])
        self._measured: Measured | None = None

    def ask(self, ways: Sequence[Way]) -> Measured:
        """The measurement, with these ways too."""
        self._measured = measure(*self._given, ways, into=self._measured)
        return self._measured

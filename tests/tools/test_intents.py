"""What the model of intents learns from: instructions are about a text, look-alikes about anything else."""

import random

import numpy as np
import pytest

from killah.audio.commands.features import BUCKETS
from killah.audio.commands.tables import LANGUAGES, table
from tools.intents.corpora import split
from tools.intents.corpus import Example, Filler, made, misheard
from tools.intents.evaluate import by_kind
from tools.intents.train import fit, rows
from tools.intents.words import file

PROSE = ["The old man went down to the sea and saw a sail.", "Старик пошёл к морю и увидел белый парус."]


def utterances(language, count=600, seed=1):
    return list(made(language, count, random.Random(seed), Filler(PROSE)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_are_filled_whole(language):
    examples = utterances(language)
    assert {example.kind for example in examples} == {"instructions", "look-alikes", "of things"}
    assert not [example.said for example in examples if set(example.said) & set("{}()[]|<>")]
    assert all(bool(example.asked) == (example.kind == "instructions") for example in examples)


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_templates_are_not_trained_on(language):
    examples = utterances(language, 3000)
    held = {example.said for example in examples if example.held_out}
    kept = {example.said for example in examples if not example.held_out}
    assert 0.1 * len(kept) < len(held) < 0.5 * len(kept)
    assert len(held & kept) < 0.05 * len(held)


@pytest.mark.parametrize("language", LANGUAGES)
def test_instructions_about_things_never_name_a_text(language):
    units = [table(language).parts[unit] for unit in ("sentence", "paragraph")]
    things = [example.said.split() for example in utterances(language, 1500) if example.kind == "of things"]
    named = [words for words in things if any(form.fullmatch(word) for form in units for word in words)]
    assert len(named) < 0.05 * len(things)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quarter_of_what_is_said_is_misheard_a_little(language):
    chance = random.Random(0)
    said = PROSE[LANGUAGES.index(language)]
    heard = [misheard(said, language, chance) for _ in range(400)]
    assert 0.15 < sum(each != said for each in heard) / 400 < 0.3
    assert max(abs(len(each) - len(said)) for each in heard) <= 3


def test_a_fit_tells_instructions_from_look_alikes():
    found = rows(utterances("en", 3000), "en")
    names, weights = fit(found)
    assert names[0] == "" and weights.shape == (BUCKETS + 1, len(names)) and np.isfinite(weights).all()
    told = [
        Example("write that as a question", "rewrite", "instructions"),
        Example("make the bed before dinner", "", "look-alikes"),
    ]
    shares = by_kind((names, weights), rows(told, "en"))
    assert {kind: share.value for kind, share in shares.items()} == {
        "instructions_taken": 1.0,
        "instructions_right": 1.0,
        "look-alikes_taken": 0.0,
    }


def test_sentences_of_texts():
    assert list(split(iter(["One two.\nThree four.\n\nFive?"]))) == ["One two.", "Three four.", "Five?"]
    assert list(split(iter(["One.\n\nTwo.\n\nThree."]), 2)) == ["One.", "Three."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_of_ordinary_words_are_in_order(language):
    words = file(language).read_text("utf-8").split()
    assert words == sorted(set(words))
    assert 5_000 < len(words) < 20_000

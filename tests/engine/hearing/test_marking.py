"""Marks and capitals for dictated words: never another word, never one less."""

import numpy as np
import pytest

from killah.engine.hearing.marking import MARKS, marked, open_sentence
from killah.engine.members import Members, Present
from killah.engine.session import Session
from killah.gemma import base, catalog
from killah.gemma.stack import NOTHING


@pytest.fixture(scope="module")
def model():
    return base.load(catalog.find("pushkin-nano"))


@pytest.fixture(scope="module")
def write(model):
    """`write("we went home", before="")`: the words as they come."""
    members = Members(model)
    session = Session(model.model, members.stack)

    def run(said, before="", blend=None):
        chosen = members.blend("dictate", Present()) if blend is None else blend
        ends = [model.model.config.eos_token_id]
        steps = marked(session, model.tokenizer, said.split(), before, blend=chosen, ends=ends)
        return [step for step in steps if step is not None][-1]

    return run


def text(found):
    return "".join(f"{each.mark} {each.word}" for each in found).strip()


def test_no_word_is_changed_whatever_the_model_would_rather_say(write):
    random = np.random.default_rng(0)
    known = "the of zxq colour it's qwerty don't an i antidisestablishmentarianism rain".split()
    for _ in range(5):
        said = " ".join(random.choice(known, 9))
        found = write(said, blend=NOTHING)
        assert [each.word.lower() for each in found] == [*said.split(), ""]
        assert {each.mark for each in found} <= {"", *MARKS}


def test_sentences_get_their_marks_and_capitals(write):
    said = "where have you been i have not seen you for years"
    assert text(write(said)) == "Where have you been? I have not seen you for years."


def test_a_name_keeps_its_spelling(write):
    assert "McKulrek" in [each.word for each in write("then came McKulrek to the house")]


def test_a_sentence_that_stands_open_goes_on(write):
    found = write("and nobody saw us", before="It was late. We went home")
    assert found[0].word == "and"
    assert write("and nobody saw us", before="We went home,")[0].mark == ""
    assert write("we went home", before="It was late.")[0].word == "We"


def test_no_words_give_no_marks_but_an_end(write):
    assert [each.word for each in write("")] == [""]


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("It was late. We went", "We went"),
        ("It was late.", ""),
        ("“It was late.” ", ""),
        ("One line\nMr. Brown came", "Mr. Brown came"),
        ("a line\n", ""),
        ("", ""),
    ],
)
def test_what_stands_open(before, left):
    assert open_sentence(before) == left

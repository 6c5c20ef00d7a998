"""The word model settles what letters leave open: its probabilities must be probabilities."""

from math import exp, log

import numpy as np
import pytest

from killah.audio.recognition.word_counts import build
from killah.audio.recognition.word_lm import SPELLING, UNKNOWN, WordLM
from killah.errors import KillahError
from killah.persona.ngram import fit

TEXT = """The cat sat on the mat. The dog sat on the log! A cat is not a dog, said the man.
Did the cat sit? The man sat on the cat, and the cat sat on the man.

It was 1815, and a dog was on the mat. Don't sit on the dog. The end"""
HISTORIES: list[tuple[str, ...]] = [
    (),
    ("the",),
    ("on", "the"),
    ("sat", "on"),
    ("never", "heard"),
    ("man", "cat"),
]


@pytest.fixture(scope="module")
def model() -> WordLM:
    return build([TEXT])


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("least", [(1, 1), (2, 2), (2, 3)])
def test_what_may_follow_sums_to_one(history: tuple[str, ...], least: tuple[int, int]) -> None:
    model = build([TEXT], least=least)
    unknown = "zebra"
    assert unknown not in model.words
    total = sum(exp(model.score(history, word)) for word in model.words)
    total += exp(model.score(history, unknown) + SPELLING * (len(unknown) + 1))
    assert total == pytest.approx(1.0, abs=2e-3)


def test_with_nothing_left_out_it_is_kneser_ney_as_the_personas_have_it(model: WordLM) -> None:
    whole = build([TEXT], least=(1, 1))
    said = (
        "the cat sat on the mat / the dog sat on the log / a cat is not a dog said the man / did the cat sit"
    )
    more = "the man sat on the cat and the cat sat on the man / it was 1815 and a dog was on the mat"
    sentences = f"{said} / {more} / don't sit on the dog / the end".split(" / ")
    ids = {word: index for index, word in enumerate(whole.words, start=2)}
    tokens = [t for s in sentences for t in (0, *(ids.get(word, UNKNOWN) for word in s.split()))]
    other = fit(np.array(tokens), vocabulary=len(ids) + 2, bos=0, order=3).probabilities(np.array(tokens))
    ours = [
        whole.score(s.split()[:i], word) + (0 if word in ids else SPELLING * (len(word) + 1))
        for s in sentences
        for i, word in enumerate(s.split())
    ]
    assert [exp(score) for score in ours] == pytest.approx([p for p in other if p > 0], rel=3e-3)


def test_what_was_often_said_is_likelier(model: WordLM) -> None:
    assert model.score(("sat",), "on") > model.score(("sat",), "the") + 1
    assert model.score((), "the") > model.score(("sat",), "the")
    assert model.scores([((), "the"), (("on",), "the")]) == [
        model.score((), "the"),
        model.score(("on",), "the"),
    ]


def test_an_unknown_word_costs_more_the_longer_it_is(model: WordLM) -> None:
    short, long = model.score((), "zeb"), model.score((), "zebra")
    assert short - long == pytest.approx(2 * SPELLING)
    assert long < min(model.score((), word) for word in model.words)


def test_inside_a_word_the_best_it_can_become_counts(model: WordLM) -> None:
    # 55 words by hand, 13 of them "the", 5 "cat".
    assert model.ahead("th") == pytest.approx(log(13 / 55), abs=2e-3)
    assert model.ahead("c") == pytest.approx(log(5 / 55), abs=2e-3)
    assert model.ahead("") == model.ahead("t")
    assert model.ahead("zz") < model.ahead("z") < model.ahead("do")


def test_the_vocabulary_is_the_most_frequent_words_that_letters_spell() -> None:
    model = build(
        ["one two two three three three 1815 1815 1815 1815. Don't don't don't don't don't"], words=3
    )
    assert model.words == ["don't", "three", "two"]


def test_a_model_comes_back_from_disk(model: WordLM, tmp_path) -> None:
    model.save(tmp_path / "words.npz")
    back = WordLM.load(tmp_path / "words.npz")
    assert back.words == model.words
    assert [back.score(h, "cat") for h in HISTORIES] == [model.score(h, "cat") for h in HISTORIES]


def test_what_is_no_model_is_refused(tmp_path) -> None:
    bad, other = tmp_path / "bad.npz", tmp_path / "other.npz"
    bad.write_bytes(b"not a model")
    np.savez(other, words=np.zeros(3))
    for path in (bad, other, tmp_path / "missing.npz"):
        with pytest.raises(KillahError, match="no word model"):
            WordLM.load(path)
    objects = np.empty(1, dtype=object)
    objects[0] = {"pickled": True}
    np.savez(other, letters=objects)
    with pytest.raises(KillahError, match="no word model"):
        WordLM.load(other)


def test_russian() -> None:
    model = build(["Мой дядя самых честных правил. Мой дядя занемог. Её дядя — мой."])
    assert "ее" in model.words
    assert model.score(("мой",), "дядя") > model.score(("мой",), "правил")


def test_what_cannot_be_fitted_is_refused() -> None:
    for arguments in ({"words": 0}, {"words": 70_000}, {"least": (3, 2)}):
        with pytest.raises(ValueError, match="words with"):
            build([TEXT], **arguments)
    with pytest.raises(ValueError, match="no words"):
        build(["1815. 1816!"])
    assert build(["Once."]).words == ["once"]

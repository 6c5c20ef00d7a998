"""The words a user gets from dictation. Synthetic log probabilities: the letters are known, and how sure."""

from itertools import product

import numpy as np
import pytest

from killah.audio.recognition.beam import BeamSearch, Search, beam
from killah.audio.recognition.hot_words import HotWords
from killah.audio.recognition.word_counts import build
from killah.audio.recognition.word_lm import WordLM

LETTERS = ["<pad>", "|", "'", *"abcdefghijklmnopqrstuvwxyz"]
EVERYTHING = Search(width=10**6, memory=10**6, margin=1e9, floor=-1e9)
TEXT = "The cat sat on the mat. The dog sat on the log. The cat and the dog sat down. A hat is on the cat. "


@pytest.fixture(scope="module")
def language() -> WordLM:
    return build([TEXT])


def heard(text: str, *, sure: float = 0.9, doubts: dict[int, tuple[str, float]] | None = None) -> np.ndarray:
    """Log probabilities in which each letter of `text` takes a frame and each second frame is a blank.

    `doubts` gives a letter of the text, by index, a rival with its probability.
    """
    probs = np.full((2 * len(text), len(LETTERS)), (1 - sure) / (len(LETTERS) - 1))
    for index, letter in enumerate(text):
        probs[2 * index, LETTERS.index("|" if letter == " " else letter)] = sure
        probs[2 * index + 1, 0] = sure
        if doubts and index in doubts:
            rival, p = doubts[index]
            probs[2 * index, LETTERS.index(rival)] = p
    return np.log(probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)


def noise(frames: int, seed: int, columns: int = len(LETTERS)) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, 1.5, (frames, columns))
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def text(words: tuple[str, ...]) -> str:
    return " ".join(words)


@pytest.mark.parametrize("seed", range(4))
def test_a_hypothesis_has_the_probability_of_all_its_paths(seed: int) -> None:
    letters = ["<pad>", "|", "a", "b"]
    log_probs = noise(6, seed, columns=4)
    total: dict[tuple[str, ...], float] = {}
    for path in product(range(4), repeat=6):
        kept = [c for i, c in enumerate(path) if c and (i == 0 or c != path[i - 1])]
        words = tuple("".join(letters[c].replace("|", " ") for c in kept).split())
        total[words] = total.get(words, 0.0) + np.exp(log_probs[np.arange(6), list(path)].sum())
    found = beam(log_probs, letters, EVERYTHING, count=10**6)
    assert {h.words: h.acoustic for h in found} == pytest.approx({w: np.log(p) for w, p in total.items()})
    assert [h.total for h in found] == sorted((h.total for h in found), reverse=True)


def test_the_beam_finds_what_greedy_decoding_misses() -> None:
    # Graves 2006, figure 2: the likeliest path says nothing, but more paths together say "a".
    log_probs = np.log([[0.6, 0.0001, 0.4], [0.6, 0.0001, 0.4]])
    assert beam(log_probs, ["<pad>", "|", "a"])[0].words == ("a",)


def test_the_word_model_decides_what_the_letters_leave_open(language: WordLM) -> None:
    log_probs = heard("the kat sat on the nat", doubts={4: ("c", 0.5), 19: ("m", 0.5)})
    assert text(beam(log_probs, LETTERS)[0].words) == "the kat sat on the nat"
    assert text(beam(log_probs, LETTERS, language=language)[0].words) == "the cat sat on the mat"


def test_words_before_count(language: WordLM) -> None:
    log_probs = heard("xat", doubts={0: ("s", 0.9)})
    log_probs[0, LETTERS.index("c")] = log_probs[0, LETTERS.index("s")]
    assert beam(log_probs, LETTERS, language=language, before=["the"])[0].words == ("cat",)
    assert beam(log_probs, LETTERS, language=language, before=["the", "cat"])[0].words == ("sat",)


def test_a_word_nobody_knows_is_heard_where_it_is_plain(language: WordLM) -> None:
    log_probs = heard("the qwertz sat on the mat", sure=0.999)
    assert text(beam(log_probs, LETTERS, language=language)[0].words) == "the qwertz sat on the mat"


def test_pieces_of_a_stream_give_what_the_whole_gives(language: WordLM) -> None:
    log_probs = np.logaddexp(heard("the cat sat on the log"), noise(44, 0) - 1.5)
    whole = beam(log_probs, LETTERS, language=language, count=5)
    for size in (1, 7):
        search = BeamSearch(LETTERS, language=language)
        for start in range(0, len(log_probs), size):
            search.feed(log_probs[start : start + size])
        assert search.finish(5) == whole


def test_the_word_being_said_is_shown_before_it_ends(language: WordLM) -> None:
    search = BeamSearch(LETTERS, language=language)
    search.feed(heard("the ca"))
    assert search.best()[0].words == ("the", "ca")
    search.feed(heard("t"))
    assert search.finish()[0].words == ("the", "cat")


def test_the_acoustic_score_is_apart_for_another_model_to_rank(language: WordLM) -> None:
    log_probs = heard("the kat", doubts={4: ("c", 0.5)})
    plain = {h.words: h.acoustic for h in beam(log_probs, LETTERS)}
    search = Search(weight=0.5, word_bonus=1.0)
    ranked = beam(log_probs, LETTERS, search, language=language)
    first, second = ranked[:2]
    assert (first.words, second.words) == (("the", "cat"), ("the", "kat"))
    assert first.acoustic < second.acoustic
    for hypothesis in (first, second):
        assert hypothesis.acoustic == pytest.approx(plain[hypothesis.words], abs=0.1)  # fewer paths survive
        said = [(hypothesis.words[:i], word) for i, word in enumerate(hypothesis.words)]
        assert hypothesis.language == pytest.approx(0.5 * sum(language.scores(said)) + 2 * 1.0)


def test_the_word_model_is_asked_once_a_frame_and_only_for_survivors(language: WordLM) -> None:
    batches = []

    class Counting:
        """The word model, noting what it is asked."""

        ahead = staticmethod(language.ahead)

        def scores(self, pairs):
            batches.append(list(pairs))
            return language.scores(batches[-1])

    log_probs = np.logaddexp(heard("the cat sat on the mat"), noise(44, 2) - 2.0)
    beam(log_probs, LETTERS, Search(width=16), language=Counting())
    assert len(batches) <= 44 + 1
    assert max(map(len, batches)) <= 16


NAMES = HotWords(["karenina", "anna karenina", "vronsky"], bonus=0.5)


def test_a_name_that_is_nearly_heard_is_written(language: WordLM) -> None:
    log_probs = heard("the cat sat on the carenina", doubts={19: ("k", 0.3)})
    assert beam(log_probs, LETTERS, language=language)[0].words[-1] != "karenina"
    found = beam(log_probs, LETTERS, language=language, hot_words=NAMES)
    assert text(found[0].words) == "the cat sat on the karenina"


@pytest.mark.parametrize(
    "said", ["the cat sat on the mat", "the wren is on the cat", "a karen sat on the mat"]
)
def test_a_name_that_is_not_said_stays_out(language: WordLM, said: str) -> None:
    plain = beam(heard(said, sure=0.95), LETTERS, language=language)[0].words
    hot = beam(heard(said, sure=0.95), LETTERS, language=language, hot_words=NAMES)[0].words
    assert hot == plain == tuple(said.split())


def test_what_a_name_can_gain_is_bounded() -> None:
    long = "a" + "bc" * 10
    eager = HotWords([long], bonus=5.0, most=8.0)
    near, far = (heard(long, doubts={0: ("x", p), 6: ("x", p), 12: ("x", p)}) for p in (2.0, 40.0))
    assert beam(near, LETTERS, hot_words=eager)[0].words == (long,)
    assert beam(far, LETTERS, hot_words=eager)[0].words != (long,)


def test_a_name_half_said_gives_back_what_it_was_lent() -> None:
    (plain,) = beam(heard("vron"), LETTERS, count=1)
    (hot,) = beam(heard("vron"), LETTERS, hot_words=NAMES, count=1)
    assert hot.words == plain.words == ("vron",)
    assert hot.language == 0.0
    (phrase,) = beam(heard("anna karenina"), LETTERS, hot_words=NAMES, count=1)
    assert phrase.language == 4.0  # twelve letters, up to what one phrase may earn
    (inside,) = beam(heard("anna vronsky"), LETTERS, hot_words=NAMES, count=1)
    assert inside.language == 3.5


def test_russian() -> None:
    letters = [*"абвгдежзийклмнопрстуфхцчшщъыьэюя", "|", "<pad>"]
    columns = [letters.index(c) for c in "мой|дядя"]
    probs = np.full((16, len(letters)), 0.002)
    probs[np.arange(0, 16, 2), columns] = 0.9
    probs[np.arange(1, 16, 2), -1] = 0.9
    found = beam(np.log(probs), letters, language=build(["Мой дядя самых честных правил."]))
    assert found[0].words == ("мой", "дядя")


def test_nothing_heard_is_nothing() -> None:
    assert beam(np.zeros((0, len(LETTERS))), LETTERS)[0].words == ()
    assert beam(heard("   "), LETTERS)[0].words == ()

"""What the letters say, greedily: the first text a user sees, while it is being said."""

import numpy as np
import pytest

from killah.audio.recognition.ctc import Greedy, Letters, Word, greedy
from killah.errors import KillahError

ENGLISH = ["<pad>", "|", "'", *"abcdefghijklmnopqrstuvwxyz"]
RUSSIAN = ["|", *"абвгдежзийклмнопрстуфхцчшщъыьэюя", "[UNK]", "[PAD]"]


def written(frames: str, letters: list[str], p: float = 0.9) -> np.ndarray:
    """Log probabilities (frames, letters) whose likeliest letters are `frames`; `_` is the blank."""
    table = Letters.of(letters)
    columns = [table.blank if c == "_" else letters.index(c) for c in frames]
    probs = np.full((len(frames), len(letters)), (1 - p) / (len(letters) - 1))
    probs[np.arange(len(frames)), columns] = p
    return np.log(probs).astype(np.float32)


def text(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ("__hh_eell_lloo__|_w_o", "hello wo"),
        ("aa|||_|b", "a b"),
        ("||_|", ""),
        ("_", ""),
        ("", ""),
        ("d_o_n_'_t", "don't"),
        ("a_a", "aa"),
    ],
)
def test_repeated_letters_are_one_unless_a_blank_parts_them(frames: str, says: str) -> None:
    assert text(greedy(written(frames, ENGLISH), ENGLISH)) == says


def test_russian_letters_and_other_names_of_the_blank() -> None:
    assert text(greedy(written("дд_о_м|_о_кк", RUSSIAN), RUSSIAN)) == "дом ок"


def test_capitals_and_special_tokens_of_other_checkpoints() -> None:
    table = ["<pad>", "<s>", "</s>", "<unk>", "|", "E", "T"]
    columns = [1, 5, 3, 6, 4, 5, 2]
    log_probs = np.log(np.eye(7)[columns] * 0.9 + 0.01)
    assert text(greedy(log_probs, table)) == "et e"


def test_words_have_the_times_and_the_certainty_they_were_heard_with() -> None:
    log_probs = written("__aab__|____c_", ENGLISH, p=0.8)
    first, second = greedy(log_probs, ENGLISH, seconds_per_frame=0.04)
    assert (first.text, first.start, first.end) == ("ab", pytest.approx(0.08), pytest.approx(0.20))
    assert (second.text, second.start, second.end) == ("c", pytest.approx(0.48), pytest.approx(0.52))
    assert first.score == pytest.approx(0.8)


def test_a_stream_in_pieces_gives_what_the_whole_gives() -> None:
    random = np.random.default_rng(0)
    # Blanks, delimiters and few letters, so that words, repeats and their borders fall on every cut.
    columns = random.choice([0, 1, 3, 4, 5], size=400, p=[0.3, 0.2, 0.2, 0.2, 0.1])
    log_probs = np.log(np.eye(len(ENGLISH))[columns] * 0.9 + 0.001)
    whole = greedy(log_probs, ENGLISH)
    assert len(whole) > 30
    for size in (1, 2, 7, 33, 399):
        stream = Greedy(ENGLISH)
        pieces = [w for i in range(0, 400, size) for w in stream.feed(log_probs[i : i + size])]
        assert pieces + stream.finish() == whole


def test_the_word_being_said_can_be_shown_before_it_ends() -> None:
    stream = Greedy(ENGLISH)
    assert stream.partial() is None
    assert stream.feed(written("hh_e", ENGLISH)) == []
    partial = stream.partial()
    assert partial is not None
    assert partial.text == "he"
    (word,) = stream.feed(written("ey|", ENGLISH))
    assert word.text == "hey"
    assert stream.partial() is None


def test_a_finished_stream_begins_anew() -> None:
    stream = Greedy(ENGLISH)
    stream.feed(written("a", ENGLISH))
    assert text(stream.finish()) == "a"
    stream.feed(written("a", ENGLISH))
    (word,) = stream.finish()
    assert (word.text, word.start) == ("a", pytest.approx(0.02))


def test_a_vocabulary_that_is_none_is_refused() -> None:
    with pytest.raises(KillahError, match="no blank"):
        greedy(np.zeros((1, 2)), ["a", "b"])
    with pytest.raises(ValueError, match="log_probs"):
        greedy(np.zeros((1, 2)), ENGLISH)

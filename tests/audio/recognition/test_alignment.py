"""Times of words: what lets a user click a word and hear it, and what pauses are found by."""

from itertools import product

import numpy as np
import pytest

from killah.audio.recognition.alignment import align
from killah.errors import KillahError

LETTERS = ["<pad>", "|", "a", "b"]


def random_log_probs(frames: int, seed: int) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, 2, (frames, len(LETTERS)))
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def collapse(path: tuple[int, ...]) -> list[int]:
    kept = [column for i, column in enumerate(path) if i == 0 or column != path[i - 1]]
    return [column for column in kept if column]


def labels(text: str) -> list[int]:
    return [LETTERS.index({" ": "|"}.get(c, c)) for c in text]


@pytest.mark.parametrize("text", ["", "a", "aa", "ab", "ba b", "a b", "aab"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_other_path_that_spells_the_text_is_likelier(text: str, seed: int) -> None:
    log_probs = random_log_probs(6, seed)
    paths = [p for p in product(range(4), repeat=6) if collapse(p) == labels(text)]
    scores = [log_probs[np.arange(6), list(p)].sum() for p in paths]
    best = paths[int(np.argmax(scores))]
    found = align(log_probs, text, LETTERS)
    assert found.log_prob == pytest.approx(max(scores))
    for letter, column in zip(found.letters, labels(text), strict=True):
        assert set(best[letter.first : letter.end]) == {column}
    assert sum(span.end - span.first for span in found.letters) == sum(map(bool, best))


def test_spans_of_letters_and_words_by_hand() -> None:
    # a a _ b | | _ a _ : each certain with 0.7.
    columns = [2, 2, 0, 3, 1, 1, 0, 2, 0]
    probs = np.full((9, 4), 0.1)
    probs[np.arange(9), columns] = 0.7
    found = align(np.log(probs), "ab a", LETTERS)
    assert [(s.text, s.first, s.end) for s in found.letters] == [
        ("a", 0, 2),
        ("b", 3, 4),
        (" ", 4, 6),
        ("a", 7, 8),
    ]
    assert [(s.text, s.first, s.end) for s in found.words] == [("ab", 0, 4), ("a", 7, 8)]
    assert found.log_prob == pytest.approx(9 * np.log(0.7))
    (first, second) = found.timed(0.02)
    assert (first.text, first.start, first.end) == ("ab", 0.0, pytest.approx(0.08))
    assert (second.start, second.end) == (pytest.approx(0.14), pytest.approx(0.16))
    assert first.score == pytest.approx(0.7)


def test_a_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(KillahError, match="too short"):
        align(random_log_probs(2, 0), "aa", LETTERS)  # two equal letters need a blank between them
    with pytest.raises(KillahError, match="too short"):
        align(random_log_probs(0, 0), "a", LETTERS)
    with pytest.raises(KillahError, match="no letter 'z'"):
        align(random_log_probs(9, 0), "az", LETTERS)


def test_half_a_minute_is_aligned_at_once() -> None:
    found = align(random_log_probs(1500, 0), "ab ab ba " * 50 + "a", LETTERS)
    assert len(found.words) == 151
    assert [w.first for w in found.words] == sorted(w.first for w in found.words)

"""A recogniser is judged by this count; every vector names where it comes from."""

import random

import pytest

from killah.metrics.word_errors import (
    Errors,
    align,
    character_error_rate,
    character_errors,
    errors,
    word_error_rate,
    word_errors,
)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "rate"),
    [
        # Morris, Maier and Green 2004, table 1 ("From WER and RIL to MER and WIL").
        ("X", "X", 0),
        ("X", "X X Y Y", 3),
        ("X Y X", "X Z", 2 / 3),
        ("X", "Y", 1),
        ("X", "Y Z", 2),
        # jiwer's documentation and tests.
        ("hello world", "hello duck", 1 / 2),
        ("This is a test", "", 1),
        ("This is a test", "This test", 1 / 2),
        ("i am a short ground truth", "i am a considerably longer and very much incorrect hypothesis", 7 / 6),
    ],
)
def test_published_word_error_rates(reference: str, hypothesis: str, rate: float) -> None:
    found = word_errors(reference, hypothesis)
    assert found.total / found.length == pytest.approx(rate)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"),
    [
        # jiwer's tests of the alignment: hits, substitutions, deletions, insertions.
        ("this is a test of skill", "this was a messy test", Errors(3, 1, 2, 1)),
        ("this test will have a high word error rate", "no it will not", Errors(1, 3, 5, 0)),
        ("this sentence could be split", "this sentence will be split by ai", Errors(4, 1, 0, 2)),
        ("", "inserted", Errors(0, 0, 0, 1)),
        ("", "", Errors(0, 0, 0, 0)),
    ],
)
def test_published_alignments(reference: str, hypothesis: str, counts: Errors) -> None:
    assert word_errors(reference, hypothesis) == counts


@pytest.mark.parametrize(
    ("reference", "hypothesis", "rate"),
    # jiwer's tests: a space is a character.
    [("X", "X X Y Y", 6), ("X Y X", "X Z", 3 / 5), ("This is a test", "This test", 5 / 14), ("X", "Y Z", 3)],
)
def test_published_character_error_rates(reference: str, hypothesis: str, rate: float) -> None:
    found = character_errors(reference, hypothesis)
    assert found.total / found.length == pytest.approx(rate)


def test_case_punctuation_and_typography_are_no_errors() -> None:
    assert word_errors("“Don’t go!” said Dr. Brown.", "don't go said dr brown").total == 0
    assert word_errors("twenty-one cats", "21 cats").total == 0
    assert word_errors("Всё, её 3 дома", "все ее три дома").total == 0


def test_an_alignment_shows_what_was_heard_for_what() -> None:
    pairs = align("the cat sat on the big mat today".split(), "a cat sat on big mat now today".split())
    assert [pair for pair in pairs if pair[0] != pair[1]] == [("the", "a"), ("the", None), (None, "now")]
    assert len(pairs) == 9


def distance(first: str, second: str) -> int:
    """Wagner and Fischer's table, as in a textbook."""
    above = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        row = [i]
        for j, b in enumerate(second, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
        above = row
    return above[-1]


def test_any_two_sequences_have_the_distance_of_the_textbook() -> None:
    draw = random.Random(0)
    for _ in range(500):
        first, second = ("".join(draw.choices("abc", k=draw.randrange(30))) for _ in range(2))
        pairs = align(first, second)
        assert "".join(old for old, _ in pairs if old) == first
        assert "".join(new for _, new in pairs if new) == second
        assert errors(first, second).total == distance(first, second)


def test_a_rate_counts_words_of_all_clips_and_has_an_interval_over_clips() -> None:
    references = ["one two three four", "five six", "seven"] * 20
    hypotheses = ["one two three for", "five", "seven"] * 20
    found = word_error_rate(references, hypotheses)
    assert found.value == pytest.approx(2 / 7)
    assert found.low < 2 / 7 < found.high
    assert found.n == 60
    assert character_error_rate(["ab"], ["ac"]).value == 0.5


def test_lists_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        word_error_rate(["one", "two"], ["one"])
    with pytest.raises(ValueError, match="a ratio needs"):
        word_error_rate([""], ["noise"])


@pytest.mark.timeout(60)
def test_a_book_is_compared_while_one_waits() -> None:
    draw = random.Random(1)
    book = [f"w{draw.randrange(5000)}" for _ in range(20_000)]
    heard = [word if draw.random() < 0.8 else "x" for word in book if draw.random() < 0.95]
    found = errors(book, heard)
    assert found.length == 20_000
    assert found.hits == pytest.approx(20_000 * 0.95 * 0.8, rel=0.02)

"""saved@k as ChaI-TeA defines it: keystroke saving is the figure that says whether ghost text helps."""

import pytest

from killah.metrics.keystrokes import accept_whole, accept_words, type_out

TEXT = "the old house"


def oracle(before: str) -> list[str]:
    """Always knows the rest."""
    return [TEXT[len(before) :]]


def test_without_suggestions_nothing_is_saved() -> None:
    typed = type_out("", TEXT, lambda _: [])
    assert (typed.saved, typed.acceptance_rate, typed.carets) == (0, 0, len(TEXT))


def test_a_perfect_suggestion_saves_everything() -> None:
    # (13 - 1) / (13 - 1): the published formula allows one keystroke for a whole text.
    typed = type_out("", TEXT, oracle)
    assert (typed.saved, typed.acceptance_rate) == (1, 1)


def test_the_formula_on_a_text_anyone_can_count() -> None:
    # "the", " old" typed; then " house" (6 characters) is accepted for one key: (6 - 1) / (13 - 1).
    # Shown at all 8 carets up to there, accepted once.
    typed = type_out("", TEXT, lambda before: [" house"])
    assert typed.saved == pytest.approx(5 / 12)
    assert typed.acceptance_rate == pytest.approx(1 / 8)


def test_the_longest_of_k_is_taken() -> None:
    assert accept_whole([" old", " old house", " cat"], " old house fell") == (10, 1)


def test_a_refusal_types_a_word_where_the_benchmark_does() -> None:
    seen: list[str] = []
    type_out("", TEXT, lambda before: seen.append(before) or [], by_word=True)
    assert seen == ["", "the", "the old"]


def test_text_before_counts_for_nothing_but_context() -> None:
    seen: list[str] = []
    typed = type_out("Once ", "up", lambda before: seen.append(before) or [])
    assert (seen, typed.length) == (["Once ", "Once u"], 2)


@pytest.mark.parametrize("wrong", ["hou", "houses", "House", "the house", " ", ""])
def test_wrong_or_cut_words_are_refused(wrong: str) -> None:
    assert accept_whole([wrong], "house was") == (0, 0)
    assert accept_words([wrong], "house was") == (0, 0)


def test_the_editor_takes_the_right_beginning_word_by_word() -> None:
    assert accept_whole([" old house stood"], " old house fell") == (0, 0)
    assert accept_words([" old house stood"], " old house fell") == (10, 2)  # a key a word
    assert accept_words([" old house"], " old house fell") == (10, 1)  # one key for all


def test_an_empty_text_saves_nothing() -> None:
    assert type_out("before", "", oracle).saved == 0

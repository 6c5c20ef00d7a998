"""Where speech pauses and where it can be stopped: a title or a decimal read as an end would sound broken."""

import pytest

from killah.audio.synthesis.sentences import LONGEST, Sentences


def split(text: str, size: int = 3) -> list[str]:
    """As a model writes it, in small pieces."""
    sentences = Sentences()
    found = [s for i in range(0, len(text), size) for s in sentences.feed(text[i : i + size])]
    return found + sentences.finish()


@pytest.mark.parametrize(
    "sentences",
    [
        ["It rained.", "Nobody came!", "Why?", "“Who knows?”", "He left…", "The end"],
        ["Dr. Smith met Mrs. J. R. Brown at St. Mary's, e.g. at No. 5.", "They spoke."],
        ["It costs 3.50, or 1.000.000 in the U.S. Army.", "See pp. 5 and Fig. 2."],
        ["He said “Stop.” and went.", "(It was late.)", "Then: nothing."],
        ["1. Take an egg.", "2. Break it."],
        ["«Ты кто?»", "— Я друг.", "Это т. е. мой дом на ул. Мира, д. 5, кв. 3.", "А. С. Пушкин жил здесь."],
        ["Родился в 1799 г. в Москве.", "Всё."],
        ["Wait... what?", "Yes."],
        ["a.b.c. is lower. and stays"],
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_sentences_end_where_a_reader_pauses(sentences: list[str], size: int) -> None:
    assert split(" ".join(sentences), size) == sentences


def test_an_empty_line_ends_a_heading_and_a_single_break_is_a_space() -> None:
    assert split("Chapter One\n\nIt was\nlate. I slept.\n") == ["Chapter One", "It was late.", "I slept."]


def test_a_sentence_comes_as_soon_as_the_next_one_begins() -> None:
    sentences = Sentences()
    assert sentences.feed("It rained. ") == []  # "Dr. " looks like that too, until a capital follows
    assert sentences.feed("N") == ["It rained."]
    assert sentences.finish() == ["N"]
    assert sentences.finish() == []


def test_text_without_an_end_is_cut_at_a_pause() -> None:
    found = split("word " * 50 + "then, " + "word " * 50)
    assert found[0].endswith("then,")
    assert all(len(part) <= LONGEST for part in found)
    assert " ".join(found) == ("word " * 50 + "then, " + "word " * 50).strip()
    assert list(map(len, split("x" * 700))) == [300, 300, 100]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", [".", "a. ", "\n", "(", ". ", "\"'"])
def test_strange_text_takes_no_longer(text: str) -> None:
    assert max(map(len, split(text * 30_000, 10_000)), default=0) <= 10_000

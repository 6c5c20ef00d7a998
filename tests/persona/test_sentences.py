import pytest

from killah.persona.sentences import sentences, words


@pytest.mark.parametrize(
    "parts",
    [
        ["Mr. Brown met Dr. No at St. Paul's.", "They spoke."],
        ["“Is it you?” he asked.", "“It is.”", "He sat down."],
        ["G. K. Chesterton wrote it.", "So he did!", "Really?!"],
        ["It cost 3.50 pounds.", "He paid…", "And left."],
        ["Он пришёл в 5 ч. утра.", "«Кто там?» — спросила она.", "Т. е. никто."],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(parts):
    assert sentences(" ".join(parts)) == parts


def test_words_keep_their_apostrophes_and_hyphens():
    assert words("He'd a well-known don’t-care air, 42 times.") == [
        "He'd",
        "a",
        "well-known",
        "don’t-care",
        "air",
        "times",
    ]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text", ["." * 200_000, "? " * 100_000, '"' * 200_000, '."' * 100_000, " " * 200_000]
)
def test_hostile_text_takes_no_longer_than_other_text(text):
    assert sum(map(len, map(str, sentences(text)))) <= len(text)

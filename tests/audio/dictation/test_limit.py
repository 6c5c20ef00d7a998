"""How much is written of what is said next. If these fail, words that nobody wanted are in the text."""

import pytest

from killah.audio.commands.grammar import core
from killah.audio.commands.slots import filled
from killah.audio.dictation.limit import Limit
from killah.audio.recognition.ctc import Word


def words(text):
    return [Word(word, i / 2, i / 2 + 0.4, 0.9) for i, word in enumerate(text.split())]


def cut(said, *utterances, language="en"):
    """What is written of each utterance, until the limit is over."""
    limit = Limit(filled("transcribe", core(said, language), language))
    written = []
    for utterance in utterances:
        kept, over = limit.cut(words(utterance))
        written.append(" ".join(word.text for word in kept))
        if over:
            return written, limit.then and limit.then.name
    return written, "not over"


@pytest.mark.parametrize(
    ("said", "utterances", "written", "then"),
    [
        ("transcribe the first half", ["one two three four"], ["one two"], None),
        ("write the second half of what i say", ["one two three four"], ["three four"], None),
        (
            "only write down the first three words",
            ["one two three four"],
            ["one two three"],
            "stop_listening",
        ),
        ("take down only the first sentence", ["one two", "three"], ["one two"], "stop_listening"),
        ("skip the next sentence", ["one two", "three"], [""], None),
        ("keep writing until i say banana", ["one", "two banana three"], ["one", "two"], "stop_listening"),
        ("keep writing until i say banana", ["one", "two bananna"], ["one", "two"], "stop_listening"),
        ("keep writing until i say banana", ["one", "two"], ["one", "two"], "not over"),
        ("don't type anything until i say begin", ["one", "two begin three"], ["", "three"], None),
    ],
)
def test_what_is_written(said, utterances, written, then):
    assert cut(said, *utterances) == (written, then)


def test_in_russian():
    assert cut("пиши пока я не скажу хватит", "раз два хватит три", language="ru") == (
        ["раз два"],
        "stop_listening",
    )


def test_an_empty_utterance_is_no_accident():
    assert cut("transcribe the first half", "") == ([""], None)

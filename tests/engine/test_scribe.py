"""What is heard is written down: text with spaces and capitals, commands as steps to undo."""

import pytest

from killah.audio.commands import Command
from killah.audio.commands.document import Document
from killah.audio.ctc import Word
from killah.audio.dictation import Final, Partial, Said, Silence
from killah.audio.language import understand
from killah.engine.scribe import Scribe


def words(text):
    return tuple(Word(word, i / 2, i / 2 + 0.4, 0.9) for i, word in enumerate(text.split()))


def hear(scribe, *utterances):
    """Each utterance as dictation tells it: a command or text."""
    outcomes = []
    for text in utterances:
        command = understand(text)
        event = Said(command, words(text), 1.0) if command else Final(words(text), 1.0)
        outcomes.append(scribe.take(event))
    return outcomes


def test_utterances_are_joined_and_the_last_one_can_be_scratched():
    scribe = Scribe(Document("I was there."))
    hear(scribe, "we went home", "period", "and it rained")
    assert scribe.document.text == "I was there. We went home. And it rained"
    hear(scribe, "scratch that")
    assert scribe.document.text == "I was there. We went home."
    hear(scribe, "undo")
    assert scribe.document.text == "I was there. We went home. And it rained"


def test_undo_all_returns_to_the_start():
    scribe = Scribe(Document("Start."))
    hear(
        scribe, "one two three", "new paragraph", "delete the last word", "four five", "replace four with six"
    )
    for _ in range(10):
        scribe.take(Said(Command("undo"), words("undo"), 1.0))
    assert scribe.document.text == "Start."


def test_a_replacement_of_what_is_not_there_was_text():
    scribe = Scribe(Document("The sea."))
    assert understand("replace boat with ship")
    hear(scribe, "replace boat with ship")
    assert scribe.document.text == "The sea. Replace boat with ship"


def test_capitals_hold_for_what_is_said_next():
    scribe = Scribe(Document())
    hear(scribe, "all caps next word", "stop the press")
    assert scribe.document.text.startswith("STOP the")


def test_what_nobody_can_do_is_told_and_changes_nothing():
    scribe = Scribe(Document("Text."))
    outcomes = hear(scribe, "continue", "scratch that")
    assert [outcome.done for outcome in outcomes] == [False, False]
    assert scribe.document.text == "Text."
    assert scribe.take(Partial(words("so"), 1.0)) is None
    assert scribe.take(Silence(2.0, 1.0)) is None


@pytest.fixture(scope="module")
def engine():
    from killah.config import Settings
    from killah.engine import Engine

    with Engine(Settings(persona="none", max_tokens=12)) as made:
        yield made


def test_the_base_continues_and_rephrases_and_each_is_one_step(engine):
    document = Document()
    scribe = Scribe(document, engine)
    hear(scribe, "the sea was grey and the wind came from the north", "continue")
    after = document.text
    assert len(after) > 50
    assert [span.source for span in document.buffer.spans] == ["dictated", "generated"]
    hear(scribe, "undo")
    assert document.text == "The sea was grey and the wind came from the north"
    (outcome,) = hear(scribe, "rephrase that")
    assert outcome.done and document.text != after
    hear(scribe, "undo")
    assert document.text == "The sea was grey and the wind came from the north"

"""What is heard is written down: text with spaces and capitals, commands as steps to undo."""

import pytest

from killah.audio.commands import Command
from killah.audio.commands.document import Document
from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Final, Partial, Said, Silence
from killah.audio.recognition.ctc import Word
from killah.engine.instructing import rewritten
from killah.engine.scribe import Scribe
from killah.errors import KillahError


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


def test_instructions_in_free_words_are_done_told_and_taken_back():
    text = "We bought a house near the sea. It rained."
    scribe = Scribe(Document(text))
    for said, after, told in (
        ("delete everything after the word house", "We bought a house", "delete everything after “house”"),
        (
            "move the last sentence to the top",
            "It rained. We bought a house near the sea.",
            "move the last sentence to the beginning of the text",
        ),
        (
            "write the second sentence in capitals",
            "We bought a house near the sea. IT RAINED.",
            "write the second sentence in capitals",
        ),
    ):
        (outcome,) = hear(scribe, said)
        assert (scribe.document.text, outcome.done, outcome.told) == (after, True, told)
        hear(scribe, "undo")
        assert scribe.document.text == text


def test_an_instruction_about_what_is_not_there_was_text():
    scribe = Scribe(Document("The sea."))
    (outcome,) = hear(scribe, "delete everything after the word castle")
    assert scribe.document.text == "The sea. Delete everything after the word castle"
    assert not outcome.done and "Written down" in outcome.told


def test_what_comes_then_is_done_only_where_the_first_was():
    scribe = Scribe(Document("One. Two."))
    hear(scribe, "delete the second sentence and then delete the first sentence")
    assert scribe.document.text == ""
    scribe = Scribe(Document("One. Two."))
    hear(scribe, "delete the fifth sentence and then delete the first sentence")
    assert scribe.document.text.startswith("One. Two. Delete the fifth")
    scribe = Scribe(Document("One. Two three"))
    hear(scribe, "delete the last word and then delete the first sentence")
    assert scribe.document.text == "Two"


class Rewriter:
    """Answers each style with a text."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def styles(self, task):
        return list(self.answers)

    def rewrite(self, task, text, *, style=""):
        self.asked.append((task, style))
        return [self.answers[style]]


def test_a_rewriting_is_asked_for_in_the_style_that_was_meant():
    engine = Rewriter(plain="It was wet.", formal="It did rain.")
    assert rewritten(engine, understand("make the last sentence more formal"), "It rained.") == "It did rain."
    assert (
        rewritten(engine, understand("rephrase the second paragraph for me again"), "It rained.")
        == "It was wet."
    )
    with pytest.raises(KillahError, match=r"not learned.*plain, formal"):
        rewritten(engine, understand("rewrite the last sentence as a haiku"), "It rained.")


def test_a_shorter_text_is_shorter_or_there_is_none():
    text = "It rained for a long time."
    shorter = understand("make the last sentence shorter")
    engine = Rewriter(short="It rained. It was for a long time.", plain="It rained long.")
    assert rewritten(engine, shorter, text) == "It rained long."
    assert engine.asked == [("rephrase", "short"), ("rephrase", "plain")]
    with pytest.raises(KillahError, match="nothing shorter"):
        rewritten(Rewriter(plain=text), shorter, text)


def test_a_model_that_changes_nothing_is_told():
    formal = understand("make the last sentence more formal")
    engine = Rewriter(formal="It rained.")
    with pytest.raises(KillahError, match="leave this as it is"):
        rewritten(engine, formal, "It rained.")


@pytest.fixture(scope="module")
def engine():
    from killah.config import Settings
    from killah.engine import Engine

    with Engine(Settings(persona="none", max_tokens=12)) as made:
        yield made


def test_the_base_continues_and_rephrases_and_each_is_one_step(engine):
    document = Document()
    scribe = Scribe(document, engine)
    hear(scribe, "the sea was grey and the wind came from the north")
    said = document.text
    hear(scribe, "continue")
    after = document.text
    assert len(after) > len(said)
    assert [span.source for span in document.buffer.spans] == ["dictated", "generated"]
    hear(scribe, "undo")
    assert document.text == said
    (outcome,) = hear(scribe, "rephrase that")
    assert outcome.done and document.text != after
    hear(scribe, "undo")
    assert document.text == said


def test_the_base_rewrites_as_it_was_instructed(engine):
    document = Document()
    scribe = Scribe(document, engine)
    hear(scribe, "the sea was grey and the wind came from the north full stop")
    before = document.text
    (outcome,) = hear(scribe, "make the last sentence more formal")
    assert outcome.done == (document.text != before)  # a small base may leave it as it is, which is told
    assert outcome.told.startswith(
        "make the last sentence more formal" if outcome.done else "The model would"
    )
    if outcome.done:
        hear(scribe, "undo")
    assert document.text == before
    (outcome,) = hear(scribe, "rewrite the last sentence as a limerick")
    assert not outcome.done and "not learned" in outcome.told and document.text == before

"""Dictation in the editor. If these fail, what is said is lost, misplaced, or cannot be undone."""

import random

import pytest
from audio.sounds import spoken
from scripted import Ghost, Job, ScriptedEngine, always, at_end, editor, never, until

from killah.app.hearing import Ended
from killah.app.preview import Preview
from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Final, Partial, Said
from killah.audio.recognition.ctc import Word
from killah.errors import KillahError


def words(text):
    return tuple(Word(word, i / 2, i / 2 + 0.4, 0.9) for i, word in enumerate(text.split()))


def say(app, *utterances):
    """Each utterance as dictation tells it: a command or text."""
    for text in utterances:
        command = understand(text)
        app.dictating.take(Said(command, words(text), 1.0) if command else Final(words(text), 1.0))


def told(app):
    return [notification.message for notification in app._notifications]


def sources(app):
    """Every stretch of the text with where it came from."""
    return [(app.area.text[each.start : each.end], each.source) for each in app.area.history.spans]


async def test_utterances_go_to_the_caret_and_each_is_one_step_to_undo():
    app = editor("I was there.\nThe end")
    async with app.run_test() as pilot:
        app.area.move_cursor((0, 12))
        say(app, "we went home full stop", "new line", "and it rained")
        assert app.area.text == "I was there. We went home.\nAnd it rained\nThe end"
        say(app, "scratch that")
        assert app.area.text == "I was there. We went home.\n\nThe end"
        say(app, "scratch that")
        assert app.area.text == "I was there. We went home.\nThe end"
        say(app, "undo twice")
        assert app.area.text == "I was there. We went home.\nAnd it rained\nThe end"
        await pilot.press("ctrl+z", "ctrl+z")
        assert app.area.text == "I was there. We went home.\nThe end"
        say(app, "redo")
        assert app.area.text == "I was there. We went home.\n\nThe end"
        app.filing.forget()


async def test_a_long_utterance_comes_in_parts_and_goes_as_one():
    app = editor("So")
    async with app.run_test() as pilot:
        await at_end(pilot)
        app.dictating.take(Final(words("it was"), 1.0, ends=False))
        app.dictating.take(Final(words("a long way"), 2.0, ends=False))
        app.dictating.take(Final((), 2.5))
        say(app, "and then")
        assert app.area.text == "So it was a long way and then"
        say(app, "scratch that")
        assert app.area.text == "So it was a long way"
        say(app, "undo", "undo")
        assert app.area.text == "So it was a long way"
        say(app, "scratch that")
        assert app.area.text == "So"
        app.filing.forget()


async def test_words_that_are_being_said_are_shown_and_not_in_the_text():
    engine = ScriptedEngine()
    app = editor("Once", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        app.dictating.take(Partial(words("upon a"), 1.0))
        assert (app.area.text, app.area.suggestion) == ("Once", " upon a")
        await pilot.press("tab")  # which takes ghost text, and these are not
        assert "upon" not in app.area.text
        await pilot.press(*["backspace"] * 4)
        await until(pilot, lambda: engine.jobs)
        app.dictating.take(Partial(words("upon a time"), 1.5))
        engine.jobs[-1].send(Ghost(" never")).end()
        await pilot.pause(0.1)
        assert app.area.suggestion == " upon a time"  # no ghost text in its place
        say(app, "upon a time")
        assert app.area.suggestion == ""
        assert app.area.text == "Once upon a time"
        app.filing.forget()


async def test_ghost_text_is_taken_and_refused_by_voice():
    engine = ScriptedEngine(always(" and so on"))
    app = editor("One", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        await pilot.press("x")
        await until(pilot, lambda: app.area.offered)
        app.dictating.take(Partial(words("accept"), 1.0))  # leaves it there
        say(app, "accept one word")
        assert app.area.text == "Onex and"
        say(app, "accept")
        assert app.area.text == "Onex and so on"
        assert sources(app) == [("x", "typed"), (" and", "generated"), (" so on", "generated")]
        await until(pilot, lambda: app.area.offered)
        say(app, "next")
        await until(pilot, lambda: engine.beside[-1] == [" and so on"] and app.area.offered)
        say(app, "reject")
        assert not app.area.offered
        say(app, "accept")
        await until(pilot, lambda: told(app) == ["Nothing to do for “accept”."])
        app.filing.forget()


async def test_what_was_typed_into_an_utterance_survives_scratch_that():
    app = editor()
    async with app.run_test() as pilot:
        say(app, "the grey sea")
        app.area.move_cursor((0, 3))
        await pilot.press(*" old")
        assert sources(app) == [("The", "dictated"), (" old", "typed"), (" grey sea", "dictated")]
        say(app, "scratch that")
        assert app.area.text == " old"
        app.filing.forget()


async def test_commands_change_the_text_and_can_be_taken_back():
    app = editor("A boat. The boat sank.\n\nIt was cold")
    async with app.run_test() as pilot:
        await at_end(pilot)
        steps = [
            ("replace all boat with ship", "A ship. The ship sank.\n\nIt was cold"),
            ("capitalise last word", "A ship. The ship sank.\n\nIt was Cold"),
            ("put last word in quotes", "A ship. The ship sank.\n\nIt was “Cold”"),
            ("delete last paragraph", "A ship. The ship sank."),
        ]
        for said, text in steps:
            say(app, said)
            assert app.area.text == text
        for _, text in reversed(steps[:-1]):
            say(app, "undo")
            assert app.area.text == text
        say(app, "undo")
        assert app.area.text == "A boat. The boat sank.\n\nIt was cold"
        say(app, "go to the start", "select last word", "go to the end", "select last sentence")
        assert app.area.selected_text == "It was cold"
        say(app, "replace whale with shark")  # no whale here, so it was no command
        assert app.area.text == "A boat. The boat sank.\n\nReplace whale with shark"
        app.filing.forget()


async def test_the_model_goes_on_by_voice_and_its_words_are_not_scratched():
    engine = ScriptedEngine(never, continuation=lambda _: Job().send(" a", " time").end())
    app = editor("", engine)
    async with app.run_test() as pilot:
        say(app, "once upon", "continue")
        await until(pilot, lambda: app.area.text == "Once upon a time")
        await until(pilot, lambda: not app.continuation.running)
        assert sources(app) == [("Once upon", "dictated"), (" a time", "generated")]
        say(app, "scratch that")
        assert app.area.text == " a time"
        app.filing.forget()


async def test_a_rephrasing_is_asked_for_shown_and_taken_by_voice():
    engine = ScriptedEngine(
        never, rewrite=lambda _: Job().send("Cold it was.").end(), styles=["plain", "old"]
    )
    app = editor("A boat sank. It was cold.", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        say(app, "rephrase the last sentence")
        await until(pilot, lambda: isinstance(app.screen, Preview) and app.screen._rewriting.candidates)
        assert engine.rewritten == [("rephrase", "It was cold.", "plain")]
        say(app, "this is not for the text")
        say(app, "accept")
        await until(pilot, lambda: not isinstance(app.screen, Preview))
        assert app.area.text == "A boat sank. Cold it was."
        assert told(app) == ["Not written while there is a question: this is not for the text"]
        say(app, "undo")
        assert app.area.text == "A boat sank. It was cold."
        app.filing.forget()


async def test_instructions_in_free_words_are_done_shown_and_taken_back():
    text = "We bought a house near the sea. It rained."
    app = editor(text)
    async with app.run_test() as pilot:
        await at_end(pilot)
        for said, after, line in (
            (
                "delete everything after the word house",
                "We bought a house",
                "delete everything after “house”",
            ),
            (
                "put the first sentence at the end",
                "It rained. We bought a house near the sea.",
                "move the first sentence to the end of the text",
            ),
            (
                "turn the second sentence into a question",
                "We bought a house near the sea. It rained?",
                "turn the second sentence into a question (the second sentence)",
            ),
        ):
            say(app, said)
            assert app.area.text == after
            await until(pilot, lambda line=line: line in told(app))
            say(app, "undo")
            assert app.area.text == text
        await at_end(pilot)
        say(app, "delete everything after the word castle")
        assert app.area.text == f"{text} Delete everything after the word castle"
        await until(pilot, lambda: "Written down, for there is nothing to do it to." in told(app))
        app.filing.forget()


async def test_a_rewriting_in_free_words_is_asked_for_in_the_style_that_was_meant():
    engine = ScriptedEngine(
        never, rewrite=lambda _: Job().send("It was cold indeed.").end(), styles=["plain", "formal"]
    )
    app = editor("A boat sank. It was cold.", engine)
    async with app.run_test() as pilot:
        await at_end(pilot)
        say(app, "make the last sentence more formal")
        await until(pilot, lambda: isinstance(app.screen, Preview) and app.screen._rewriting.candidates)
        assert engine.rewritten == [("rephrase", "It was cold.", "formal")]
        say(app, "accept")
        await until(pilot, lambda: not isinstance(app.screen, Preview))
        assert app.area.text == "A boat sank. It was cold indeed."
        say(app, "undo")
        assert app.area.text == "A boat sank. It was cold."
        say(app, "rewrite the last sentence as a haiku")
        await until(pilot, lambda: any("not learned" in each for each in told(app)))
        assert app.area.text == "A boat sank. It was cold." and len(engine.rewritten) == 1
        app.filing.forget()


async def test_without_a_microphone_one_line_is_said_and_the_editor_goes_on(monkeypatch):
    class Deaf(ScriptedEngine):
        def ear(self):
            raise KillahError("There is no speech encoder.", "Pull one.")

    app = editor("", Deaf(never), microphone="a microphone that nobody has")
    async with app.run_test() as pilot:
        await pilot.press("f6")
        await until(pilot, lambda: told(app))
        await until(pilot, lambda: not app.dictating.label)
        await pilot.press("x")
        assert app.area.text == "x" and len(told(app)) == 1
        app.dictating.take(Ended())
        app.filing.forget()


class Ear:
    """Hears the given texts, one an utterance."""

    def __init__(self, *texts):
        self.texts = list(texts)
        self.names = {"holm": "Holm"}  # a name of the owner's

    def draft(self, samples):
        return words(self.texts[0]) if samples.any() else ()

    def settle(self, samples):
        return words(self.texts.pop(0))

    def phrase(self, samples, phrases):
        return None


async def test_the_microphone_is_heard_until_the_key_is_pressed_again(virtual_microphone):
    engine = ScriptedEngine(never)
    engine.ear = lambda: Ear("we went to holm", "stop listening")
    app = editor("", engine)
    async with app.run_test() as pilot:
        await pilot.press("f6")
        await until(pilot, lambda: app.dictating.label == "● listening")
        virtual_microphone.play(spoken("We went home, all of us"))
        await until(pilot, lambda: app.area.suggestion == "We went to Holm")
        await until(pilot, lambda: app.area.text == "We went to Holm")
        virtual_microphone.play(spoken("Stop listening please"))
        await until(pilot, lambda: "start listening" in app.dictating.label)
        await pilot.press("f6")
        await until(pilot, lambda: not app.dictating.label)
        await pilot.press("f6")
        await until(pilot, lambda: app.dictating.label == "● listening")
        hearing = app.dictating._hearing
        app.filing.forget()
    assert not hearing._thread.is_alive()  # the editor has ended, and the microphone is closed


TYPED = ["a", "b", "space", "enter", "backspace", "left", "right", "shift+left", "ctrl+w", "home", "end"]
SAID = [
    "we went home",
    "it was late full stop",
    "new line",
    "new paragraph",
    "scratch that",
    "undo",
    "redo",
    "delete last word",
    "delete last sentence",
    "select last word",
    "replace home with house",
    "replace all house with home",
    "uppercase last word",
    "put that in brackets",
    "go to the start",
    "go to the end",
]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_typed_and_said_can_be_undone_to_the_beginning(seed):
    chance = random.Random(seed)
    start = "Once there\nwas a home."
    app = editor(start)
    async with app.run_test() as pilot:
        area = app.area
        seen = {0: (start, ())}  # by the number of steps to undo
        for _ in range(60):
            if chance.random() < 0.5:
                await pilot.press(chance.choice(TYPED))
            else:
                say(app, chance.choice(SAID))
            check(area, seen)
        last = area.text
        count = 0
        while area.history.undo_stack:
            area.undo()
            count += 1
            check(area, seen, known=True)
        assert (area.text, area.history.spans) == (start, ())
        for _ in range(count):
            area.redo()
            check(area, seen, known=True)
        assert area.text == last
        app.filing.forget()


def check(area, seen, *, known=False):
    """Spans are in order, inside the text, none empty; the layout is the text's.

    And text and spans are those after as many steps, if they are `known`.
    """
    spans = area.history.spans
    ends = [0, *(each.end for each in spans)]
    assert all(end <= each.start < each.end for end, each in zip(ends, spans, strict=False))
    assert ends[-1] <= len(area.text)
    assert [area.document.location(area.document.index(place)) for place in area.selection] == [
        *area.selection
    ]
    layout = list(area.wrapped_document._wrap_offsets), list(area.wrapped_document._line_index_to_offsets)
    area.wrapped_document.wrap(area.wrap_width)
    assert layout == (area.wrapped_document._wrap_offsets, area.wrapped_document._line_index_to_offsets)
    steps = len(area.history.undo_stack)
    if known and steps in seen:
        assert seen[steps] == (area.text, spans)
    seen[steps] = area.text, spans

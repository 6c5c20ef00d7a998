"""What spoken commands do to a text: nothing but what was asked for, and all of it can be undone."""

import pytest

from killah.audio.commands import Command, parse
from killah.audio.commands.buffer import Buffer, Span
from killah.audio.commands.document import Document
from killah.audio.commands.editing import change, target


def document(text, *utterances, language="en"):
    """A document in which `text` was there before and the rest was dictated."""
    made = Document(text, language)
    for each in utterances:
        made.put(each, "dictated")
    return made


def said(made, *utterances):
    """The text after commands; each must be one, and find something to do."""
    for each in utterances:
        command = parse(each, made.language)
        assert command is not None
        assert made.do(command)
    return made.text


def test_scratch_that_removes_exactly_the_last_utterance_then_the_one_before():
    made = document("Here.", " The cat sat.", " On a mat.")
    assert said(made, "scratch that") == "Here. The cat sat."
    assert said(made, "scratch that") == "Here."
    assert not made.do(Command("scratch"))
    assert said(made, "undo", "undo") == "Here. The cat sat. On a mat."
    assert said(made, "scratch that") == "Here. The cat sat."
    assert said(document("", "One.", " Two.", " Three."), "scratch that twice") == "One."


def test_scratch_that_leaves_what_was_typed_or_written_by_the_model():
    made = document("", "One two three.")
    made.select(4, 4)
    made.put("and ", "typed")
    made.select(len(made.text), len(made.text))
    made.put(" Four.", "generated")
    assert made.text == "One and two three. Four."
    assert said(made, "scratch that") == "and  Four."
    assert made.buffer.spans == (Span(0, 4, "typed"), Span(4, 10, "generated", 3))
    assert said(made, "undo") == "One and two three. Four."


def test_scratch_that_follows_its_words_wherever_they_go():
    made = document("Start. ", "hello world")
    assert said(made, "capitalise that", "put that in quotes") == "Start. “Hello World”"
    made.select(0, 0)
    made.put("Now. ", "typed")
    assert said(made, "scratch that") == "Now. Start. "


TEXT = "One two. Mr. Brown came, late. Three four"


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("delete the last word", "One two. Mr. Brown came, late. Three"),
        ("delete the last two words", "One two. Mr. Brown came, late."),
        ("delete the last three words", "One two. Mr. Brown came,"),
        ("delete the last sentence", "One two. Mr. Brown came, late."),
        ("delete the last two sentences", "One two."),
        ("delete the last nine words", ""),
        ("delete everything", ""),
        ("delete the last paragraph", ""),
    ],
)
def test_deleting_takes_the_space_with_it(command, left):
    assert said(Document(TEXT), command) == left


def test_deleting_takes_the_marks_behind_a_word():
    assert said(Document("Hello, world. "), "delete the last word") == "Hello,"
    made = Document("one two three")
    made.select(3, 3)
    assert said(made, "delete the last word") == "two three"


def test_lines_and_paragraphs_leave_no_holes():
    assert said(Document("a\nb\nc"), "delete the last line") == "a\nb"
    assert said(Document("A b.\n\nC d.\n\nE f."), "delete the last paragraph") == "A b.\n\nC d."
    assert said(Document("A b.\n\nC d.\n\n"), "delete the last paragraph") == "A b."


def test_that_is_the_selection_or_the_last_utterance():
    made = document("Here. ", "the cat sat")
    assert said(made, "select that") == made.text
    assert made.buffer.selection == (6, 17)
    made.select(0, 4)
    assert said(made, "uppercase that") == "HERE. the cat sat"
    made.select(17, 17)
    assert said(made, "delete that") == "HERE. "
    assert target("that", 1, Buffer("typed only")) is None


def test_what_a_command_is_about():
    buffer = Buffer("One. Two three.\n\nFour five.", (27, 27))
    found = {unit: target(unit, 1, buffer) for unit in ("word", "sentence", "paragraph", "line", "all")}
    parts = {unit: buffer.text[slice(*place)] for unit, place in found.items() if place}
    assert parts == {
        "word": "five.",
        "sentence": "Four five.",
        "paragraph": "Four five.",
        "line": "Four five.",
        "all": buffer.text,
    }
    three = target("sentence", 3, buffer)
    assert three == (0, 27)


def test_replacing_keeps_capitals_and_takes_whole_words():
    text = "The cat saw a Cat; the CAT scattered."
    assert said(Document(text), "replace cat with dog") == "The cat saw a Cat; the DOG scattered."
    assert said(Document(text), "replace all cat with dog") == "The dog saw a Dog; the DOG scattered."
    assert said(Document("it's the the"), "replace all the with Qokka") == "it's Qokka Qokka"
    made = Document("Кот и кот. Ёлка", "ru")
    assert said(made, "замени все кот на пёс", "замени елка на сосна") == "Пёс и пёс. Сосна"


def test_the_nearest_before_the_caret_is_replaced():
    made = Document("one one one")
    made.select(8, 8)
    assert said(made, "replace one with two") == "one two one"
    assert made.buffer.selection == (8, 8)


def test_replacing_everywhere_stays_in_the_selection():
    made = Document("one one one")
    made.select(0, 7)
    assert said(made, "replace all one with three") == "three three one"
    assert made.buffer.selection == (0, 11)


def test_a_replacement_of_what_is_not_there_is_dictated():
    command = parse("replace the batteries with new ones")
    assert command is not None
    assert change(command, Buffer("Nothing of the kind.")) is None
    assert change(command, Buffer("The batteries are flat.")) is not None


def test_articles_misspellings_and_marks_are_found():
    assert said(Document("A cat sat."), "replace the cat with dog") == "A dog sat."
    assert said(Document("Qokka came. He left."), "replace kokka with Ann") == "Ann came. He left."
    assert said(Document("Is it so. Yes"), "replace the period with a question mark") == "Is it so? Yes"


def test_marks_take_their_places():
    made = document("", "Hello", " world")
    assert said(made, "comma", "new line", "open quote") == "Hello world,\n“"
    assert said(made, "scratch that", "scratch that") == "Hello world,"


def test_going_and_selecting_are_no_steps_to_undo():
    made = document("", "Hello world")
    assert said(made, "go to the beginning", "select everything", "deselect") == "Hello world"
    assert said(made, "undo") == ""


def test_commands_that_are_no_edits_are_left_to_others():
    made = document("", "Hello")
    for utterance in ("continue", "louder", "accept", "stop listening", "read that back"):
        command = parse(utterance)
        assert command is not None
        assert not made.do(command)
    assert made.text == "Hello"


@pytest.mark.timeout(30)
def test_a_long_text_is_edited_at_once():
    text = "The old man went down to the sea again. " * 50_000
    made = Document(text)
    said(made, "delete the last sentence", "capitalise the last word", "undo", "undo")
    assert made.text == text

"""What an instruction does to a text. If these fail, the wrong words are deleted, moved or replaced."""

import json
from pathlib import Path

import pytest

from killah.audio.commands import Command, editing, parse
from killah.audio.commands.buffer import Buffer, Span, applied
from killah.audio.commands.describing import described
from killah.audio.commands.document import Document
from killah.audio.commands.grammar import core
from killah.audio.commands.parts import Part, where
from killah.audio.commands.questions import as_questions
from killah.audio.commands.slots import filled

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "instructions.jsonl").read_text("utf-8").splitlines()
]
TEXT = "The house stood there. It was old.\n\nA family came. They left."


def read(name, said, language="en"):
    """As the live loop does once the model has told what is asked for."""
    command = parse(said, language)
    return command if command and command.name == name else filled(name, core(said, language), language)


def at_end(text):
    return Buffer(text, (len(text), len(text)))


def done(name, said, text, language="en"):
    change = editing.change(read(name, said, language), at_end(text), language)
    return change and applied(at_end(text), change).text


@pytest.mark.parametrize("row", [row for row in ROWS if "after" in row], ids=lambda row: row["say"])
def test_an_edit_changes_what_it_names_and_nothing_else(row):
    before = at_end(row["before"])
    change = editing.change(read(row["name"], row["say"], row["language"]), before, row["language"])
    assert change is not None
    if row["name"] == "select":
        assert row["before"][slice(*change.selection)] == row["after"]
    elif row["name"] == "go":
        assert change.selection == (row["after"], row["after"])
    else:
        assert applied(before, change).text == row["after"]


@pytest.mark.parametrize("row", [row for row in ROWS if "part" in row], ids=lambda row: row["say"])
def test_a_rewriting_is_about_what_it_names(row):
    command = read(row["name"], row["say"], row["language"])
    place = editing.about(command, at_end(row["text"]), row["language"])
    assert place is not None and row["text"][slice(*place)] == row["part"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("delete", "delete everything after the word castle"),
        ("delete", "delete the fifth paragraph"),
        ("delete", "remove all the adverbs"),
        ("replace", "replace every horse with donkey"),
        ("replace", "take the other one for sentence"),
        ("move", "move it along"),
        ("add", "add more of this"),
        ("delete", "delete the thing"),
        ("add", "add a comma after castle"),
        ("move", "move the fifth sentence to the top"),
        ("move", "swap the first and the fifth sentence"),
        ("select", "select the word castle"),
        ("go", "put the cursor before castle"),
        ("join", "join the last two lines"),
    ],
)
def test_what_is_not_there_changes_nothing(name, said):
    assert editing.change(read(name, said), at_end("One sentence only."), "en") is None


def test_every_edit_is_one_step_and_is_taken_back_whole():
    for row in ROWS:
        if isinstance(row.get("after"), str) and row["name"] != "select":
            document = Document(row["before"], row["language"])
            assert document.do(read(row["name"], row["say"], row["language"]))
            assert document.text == row["after"]
            document.do(Command("undo"))
            assert document.text == row["before"]


def test_dictated_text_stays_dictated_where_it_is_moved():
    text = "One. Two."
    buffer = Buffer(text, (9, 9), (Span(5, 9, "dictated", 3),))
    change = editing.change(read("move", "move the last sentence to the beginning"), buffer)
    assert change is not None
    moved = applied(buffer, change)
    assert moved.text == "Two. One."
    assert [moved.text[span.start : span.end].strip() for span in moved.spans] == ["Two."]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (Part("sentence", 0), "A family came."),  # of the paragraph at the caret
        (Part("sentence", 2), "A family came."),  # which has no third one: of the whole text
        (Part("paragraph", 0), "The house stood there. It was old."),
        (Part("sentence", -2), "A family came."),
        (Part("word", -1, within=Part("paragraph", 0)), "old"),
        (Part("sentence", about="house"), "The house stood there."),
        (Part("phrase", about="it was"), "It was"),
        (Part("half", 0, within=Part("paragraph", 0)), "The house stood"),
        (Part("half", -1, within=Part("paragraph", 0)), "there. It was old."),
        (Part("sentence", 7), None),
        (Part("phrase", about="castle"), None),
    ],
)
def test_where_a_part_is(part, found):
    place = where(part, at_end(TEXT))
    assert (place and TEXT[slice(*place)]) == found


def test_a_part_of_a_novel_is_counted_from_its_beginning():
    novel = "One. Two. Three.\n\n" + "And so on and on.\n\n" * 20_000 + "End."
    place = where(Part("paragraph", 0), at_end(novel))
    assert place and novel[slice(*place)] == "One. Two. Three."
    place = where(Part("sentence", 2), at_end(novel))
    assert place and novel[slice(*place)] == "Three."


@pytest.mark.parametrize(
    ("statement", "language", "question"),
    [
        ("The old house was empty.", "en", "Was the old house empty?"),
        ("I will go there. You can stay.", "en", "Will I go there? Can you stay?"),
        ("It's late.", "en", "Is it late?"),
        ("Anna is here.", "en", "Is Anna here?"),
        ("She came home.", "en", "She came home?"),
        ("The man who was here left.", "en", "The man who was here left?"),
        ("Was it him?", "en", "Was it him?"),
        ("we went home", "en", "we went home?"),
        ("Он пришёл домой.", "ru", "Он пришёл домой?"),
    ],
)
def test_statements_become_questions(statement, language, question):
    assert as_questions(statement, language) == question


@pytest.mark.parametrize(
    ("said", "language", "after"),
    [
        ("turn the last paragraph into a list", "en", "Start.\n\n- Buy bread.\n- Call Anna."),
        ("put the last paragraph in a numbered list", "en", "Start.\n\n1. Buy bread.\n2. Call Anna."),
        ("преврати последний абзац в список", "ru", "Start.\n\n- Buy bread.\n- Call Anna."),
    ],
)
def test_sentences_become_a_list(said, language, after):
    document = Document("Start.\n\nBuy bread. Call Anna.", language)
    assert document.do(read("rewrite", said, language))
    assert document.text == after
    assert document.do(read("rewrite", said, language))
    assert document.text == after  # a list stays as it is


def test_write_that_as_a_question_is_done_to_the_last_utterance():
    document = Document("Start.")
    document.put(" He is late.", "dictated")
    assert document.do(read("rewrite", "write that as a question"))
    assert document.text == "Start. Is he late?"


@pytest.mark.parametrize(
    ("name", "said", "line"),
    [
        ("delete", "delete everything after the word house", "delete everything after “house”"),
        ("move", "move the last sentence to the top", "move the last sentence to the beginning of the text"),
        ("replace", "use cottage instead of house", "replace every “house” with “cottage”"),
        ("add", "put a comma after sea", "add “,” after “sea”"),
        ("transcribe", "transcribe the first half", "write the first half of what is said next"),
        (
            "transcribe",
            "keep writing until i say banana",
            "write until “banana” is said, then stop listening",
        ),
        ("rewrite", "make the last sentence shorter", "make the last sentence shorter (the last sentence)"),
    ],
)
def test_the_screen_says_what_was_understood(name, said, line):
    assert described(read(name, said)) == line


def test_a_replacement_of_a_part_takes_the_part():
    assert done("replace", "replace the last word with whistled", "The bird sang.") == "The bird whistled."
    assert done("replace", "replace the second sentence with nobody knew", "One. Two. Three.") == (
        "One. Nobody knew. Three."
    )


NAMES = ["add", "case", "delete", "enclose", "go", "join", "move", "replace", "rewrite", "select"]
TEXTS = ["", " \n ", "word", "One. Two.\n\nThree.", "…\n\n\n“No,” I said.\n- a\n- b\n"]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_asked_of_whatever_text_is_taken_back_by_one_undo(name):
    """Also where the model errs, and reads one kind of instruction as another."""
    for row in ROWS[::3]:
        command = filled(name, core(row["say"], row["language"]), row["language"])
        described(command)
        for text in TEXTS:
            document = Document(text, row["language"])
            if document.do(command) and document.text != text:
                document.do(Command("undo"))
            assert document.text == text, (row["say"], text)

"""The figures of free instructions: a wrong edit must count as one."""

from killah.audio.dictation.language import understand
from tools.evaluate import instructions

ROW = {
    "say": "delete the second sentence",
    "language": "en",
    "name": "delete",
    "before": "One. Two. Three.",
    "after": "One. Three.",
}


def test_an_edit_counts_only_where_the_text_is_right():
    command = understand(ROW["say"])
    assert instructions.told(ROW) and instructions.done(ROW, command)
    assert not instructions.done(ROW | {"after": "One. Two."}, command)
    assert not instructions.done(ROW, None)
    assert not instructions.done(ROW, understand("rephrase the last sentence"))


def test_selections_and_carets_are_compared():
    row = ROW | {"say": "select the second sentence", "name": "select", "after": "Two."}
    assert instructions.done(row, understand(row["say"]))
    row = ROW | {"say": "put the cursor before the word two", "name": "go", "after": 5}
    assert instructions.done(row, understand(row["say"]))
    assert not instructions.done(row | {"after": 6}, understand(row["say"]))


def test_sentences_that_are_taken_are_counted():
    alike = {"say": "delete the second sentence", "language": "en", "name": None}
    plain = {"say": "The rain fell all day on the grey roofs.", "language": "en", "name": None}
    figures = instructions.as_text([ROW, alike, plain], {"en": [plain, plain], "ru": []})
    assert figures["false_instructions_of_look_alikes_en"].value == 0.5 * bool(understand(alike["say"]).said)
    assert figures["false_instructions_of_prose_en"].value == 0
    assert figures["instructions_done_en"].value == 1
    assert figures["false_instructions_of_prose_ru"] is None

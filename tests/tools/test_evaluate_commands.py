"""The figures of spoken commands: what was done to a text instead of being written must count as false."""

import json

import pytest

from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Said
from killah.audio.recognition.ctc import Word
from tools.evaluate.commands import DATA, figures
from tools.evaluate.commands_written import written


def said(text):
    command = understand(text)
    assert command is not None
    return Said(command, tuple(Word(word, 0, 1, 1) for word in text.split()), 1.0)


@pytest.mark.parametrize(
    ("text", "language", "there"),
    [
        ("scratch that", "en", False),
        ("delete the last paragraph", "en", False),
        ("replace every valentin with flambeau", "en", False),  # the text is about both
        ("replace every zebra with a horse", "en", True),
        ("accept", "en", False),  # no edit: nothing of it is ever written
        ("зачеркни", "ru", False),
        ("удали последний абзац", "ru", False),
        ("замени носорог на лошадь", "ru", True),
    ],
)
def test_the_editor_writes_down_only_what_it_found_nothing_to_do_for(text, language, there):
    assert written(said(text), language) == there


def test_commands_done_wrongly_and_sentences_done_are_told_apart():
    row = {"say": "scratch that", "language": "en", "name": "scratch"}
    alike = {"say": "scratch that itch", "language": "en", "name": None}
    absent = said("replace every zebra with a horse")
    told = [
        (row, [said("scratch that")]),
        (row, [said("delete the last paragraph")]),
        (row, []),
        (row, [absent]),
        (alike, [said("scratch that")]),
        (alike, [absent]),
        (alike, []),
        (alike, []),
    ]
    found = {name: share and share.value for name, share in figures(told, "en").items()}
    assert found == {
        "commands_done": 0.25,
        "wrong_commands": 0.25,
        "false_commands": 0.25,
        "taken_for_commands": 0.5,
    }


def test_thresholds_are_chosen_on_no_sentence_that_is_measured():
    measured, choosing = (
        {json.loads(line)["say"] for name in names for line in (DATA / name).read_text("utf-8").splitlines()}
        for names in (("commands.jsonl", "instructions.jsonl"), ("commands-choosing.jsonl",))
    )
    assert len(choosing) > 900 and not measured & choosing

"""What counts as a command by its sound: a wrong one deletes text that nobody asked to delete."""

import numpy as np
import pytest
from audio.sounds import silence, spoken

from killah.audio import RATE
from killah.audio.commands import Command
from killah.audio.commands.matching import edit_distance
from killah.audio.dictation.asked import LONGEST, asked
from killah.audio.dictation.language import understand
from killah.audio.dictation.live import Dictation, Final, Said
from killah.audio.recognition.ctc import Word, text_of
from killah.audio.recognition.recogniser import Recogniser


class Sound:
    """Hears how far a phrase is from what was said, in `nats` for every letter that is another."""

    def __init__(self, said, nats):
        self.said, self.nats = said, nats

    def draft(self, samples):
        return words(self.said)

    settle = draft

    def phrase(self, samples, phrases):
        far = [(self.nats * edit_distance(self.said, each, 99) / len(each), each) for each in phrases]
        return min(far)[::-1] if far else None


def words(text):
    return [Word(word, 0, 1, 0.9) for word in text.split()]


def told(said, settled, draft="", seconds=2.0, nats=8.0):
    samples = np.zeros(round(seconds * RATE), np.float32)
    return asked(Sound(said, nats), understand, samples, (words(settled), words(draft)))


def test_a_command_is_done_however_its_letters_were_heard():
    assert told("scratch that", "scratch that") == Command("scratch")
    assert told("scratch that", "scratch at") == Command("scratch")
    assert told("redo nine times", "we do nine times") == Command("redo", count=9)
    assert told("please scratch that", "please scratch that") == Command("scratch")
    assert told("зачеркни это", "за черти это") == Command("scratch")


@pytest.mark.parametrize(
    ("said", "settled"),
    [
        ("scratch that itch", "scratch that itch"),
        ("scratch that itch", "scratch that"),  # the rest was lost, and not by who said it
        ("scratch", "slaeh"),  # "slash", by its letters
        ("rejected", "reject"),
        ("другими словами он ушёл", "другими словами"),
    ],
)
def test_what_is_near_to_a_command_by_its_letters_only_is_dictated(said, settled):
    assert told(said, settled) is None


def test_a_short_command_must_be_nearer():
    assert told("forwrd slash", "for what slash", nats=3) == Command("insert", "/")
    assert told("hyphe", "hyphen", nats=3) is None
    assert told("hyphen", "hyphen", nats=3) == Command("insert", "-")


def test_which_of_two_commands_was_said_is_not_guessed():
    assert told("undo last ten actions", "and last ten actions") == Command("undo", count=10)
    assert told("rndo the previous action", "redo the previous action") is None


def test_a_command_that_was_said_badly_is_no_instruction():
    """A model of words makes an instruction of it, and another than was said."""
    assert understand("join the last two paragraphs") is not None
    assert told("delit the last two parrgraf", "join the last two paragraphs") is None


def test_an_instruction_must_have_been_heard_well():
    said = "delete the second sentence"
    found = told(said, said)
    assert found is not None and (found.name, found.said) == ("delete", said)
    assert told("the leader of the sad sentence", said) is None
    assert told("replace cat with dog", "replace cat with dog") == Command("replace", old="cat", new="dog")
    assert told("replays at with a dog", "replace cat with dog") is None


def test_what_is_long_is_no_fixed_command():
    assert told("scratch that", "scratch that", seconds=LONGEST + 1) is None
    said = "turn the last paragraph into a list"
    assert told(said, said, seconds=LONGEST + 1) is not None


class Ear(Recogniser):
    names: dict[str, str] = {}  # noqa: RUF012


@pytest.fixture(scope="module")
def ear():
    return Ear.load("ear-nano")


@pytest.mark.parametrize(
    ("said", "voice", "name"),
    [
        ("scratch that", "en-us", "scratch"),
        ("delete the last sentence", "en-us", "delete"),
        ("новая строка", "ru", "insert"),
        ("scratch that itch", "en-us", ""),
        ("strike that man from the list", "en-us", ""),
        ("delete the last word of that letter", "en-us", ""),
        ("новая строка стихотворения", "ru", ""),
        ("зачеркни это имя в списке", "ru", ""),
    ],
)
def test_spoken_commands_are_done_and_what_goes_on_is_written(ear, said, voice, name):
    dictation = Dictation(ear, understand)
    events = dictation.feed(np.concatenate([silence(1), spoken(said, voice), silence(1)]))
    events += dictation.finish()
    assert [each.command.name for each in events if isinstance(each, Said)] == [name] * bool(name)
    written = [text_of(each.words) for each in events if isinstance(each, Final)]
    assert bool("".join(written)) == (not name)

"""Undo: whatever was said, typed and generated in whatever order, all of it can be taken back exactly."""

import random

import pytest

from killah.audio.commands import Command
from killah.audio.commands.buffer import Buffer, Edit, Span, shifted
from killah.audio.commands.document import STEPS, Document

WORDS = "the cat Sat. on,\n\n a mat; “Yes”\n one two don't ёлка 😀 .".split(" ")
UNITS = ["word", "sentence", "paragraph", "line", "that", "all"]
SOURCES = ["typed", "dictated", "generated"]


def random_command(chance):
    unit, count = chance.choice(UNITS), chance.randint(1, 3)
    return chance.choice(
        [
            Command("insert", value=chance.choice([",", ".", "\n", "\n\n", "“", "”", "—"])),
            Command("scratch", count=count),
            Command("select", unit=unit, count=count),
            Command("delete", unit=unit, count=count),
            Command("case", value=chance.choice(["title", "upper", "lower"]), unit=unit),
            Command("enclose", value=chance.choice(["“”", "()"]), unit=unit),
            Command("replace", old=chance.choice(WORDS), new="new words", every=chance.random() < 0.5),
            Command("go", value=chance.choice(["start", "end"])),
            Command("undo", count=count),
            Command("redo", count=count),
        ]
    )


def random_step(made, chance):
    if chance.random() < 0.5:
        made.do(random_command(chance))
        return
    if chance.random() < 0.5:
        made.select(chance.randint(0, len(made.text)), chance.randint(0, len(made.text)))
    text = " ".join(chance.choices(WORDS, k=chance.randint(0, 4)))
    made.put(text, chance.choice(SOURCES))


def sound(buffer: Buffer) -> bool:
    """Whether spans are in order, not empty, not overlapping, and inside the text; the selection too."""
    places = [place for span in buffer.spans for place in (span.start, span.end)]
    rising = all(span.start < span.end for span in buffer.spans) and places == sorted(places)
    within = [*places, *buffer.selection]
    return rising and all(0 <= place <= len(buffer.text) for place in within)


@pytest.mark.parametrize("seed", range(40))
def test_undoing_everything_gives_the_beginning_and_redoing_it_the_end(seed):
    chance = random.Random(seed)
    made = Document("Once upon a time. The cat sat.\n\nAnd the cat left.")
    begun = made.buffer
    for _ in range(60):
        random_step(made, chance)
        assert sound(made.buffer)
    made.put(" The end.", "typed")
    end = made.text, made.buffer.spans
    while made.do(Command("undo")):
        assert sound(made.buffer)
    assert (made.text, made.buffer.spans) == (begun.text, begun.spans)
    while made.do(Command("redo")):
        pass
    assert (made.text, made.buffer.spans) == end


def test_undo_gives_selection_and_sources_back():
    made = Document()
    made.put("One two.", "dictated")
    made.select(0, 3)
    made.put("Three", "typed")
    assert made.text == "Three two."
    assert made.do(Command("undo"))
    assert made.buffer == Buffer("One two.", (0, 3), (Span(0, 8, "dictated", 1),))


def test_a_new_step_forgets_what_was_undone():
    made = Document()
    made.put("One", "typed")
    made.do(Command("undo"))
    made.put("Two", "typed")
    assert not made.do(Command("redo"))
    assert made.text == "Two"


def test_a_long_session_keeps_a_bounded_history():
    made = Document()
    for _ in range(STEPS + 50):
        made.put("a", "typed")
    undone = 0
    while made.do(Command("undo")):
        undone += 1
    assert (undone, made.text) == (STEPS, "a" * 50)


@pytest.mark.parametrize("seed", range(20))
def test_spans_say_of_every_character_where_it_came_from(seed):
    """Against the plainest bookkeeping there is: a source beside each character."""
    chance = random.Random(seed)
    spans, sources = (), []
    for turn in range(1, 80):
        start = chance.randint(0, len(sources))
        end = chance.randint(start, min(len(sources), start + 6))
        source = chance.choice(SOURCES)
        text = "x" * chance.randint(0, 5)
        spans = shifted(spans, Edit(start, end, text, source, 0 if source == "typed" else turn))
        sources[start:end] = [(source, 0 if source == "typed" else turn)] * len(text)
        told = [each[2:] for each in spans for _ in range(each.start, each.end)]
        assert told == sources

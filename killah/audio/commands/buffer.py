"""A text with a selection, and where each part of it came from; nothing changes, offsets are characters."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Source = Literal["typed", "dictated", "generated"]
Range = tuple[int, int]


class Span(NamedTuple):
    """Text from `start` up to `end` of one source. `turn` tells utterances, and generations, apart: it rises.

    Typed text has turn 0. Text without a span was there before.
    """

    start: int
    end: int
    source: Source
    turn: int = 0


Spans = tuple[Span, ...]  # in order, none empty, none overlapping


class Edit(NamedTuple):
    """Put `text` in place of `start` up to `end`. A `source` of None leaves the new text without a span."""

    start: int
    end: int
    text: str
    source: Source | None = "typed"
    turn: int = 0


@dataclass(frozen=True)
class Buffer:
    """What a command sees. `selection` is where it begins and where the caret is, its end."""

    text: str = ""
    selection: Range = (0, 0)
    spans: Spans = ()

    @property
    def caret(self) -> int:
        """Where text is put."""
        return self.selection[1]

    def last_turns(self, count: int = 1, source: Source = "dictated") -> list[Range]:
        """What is left of the last utterances, or generations, in order; in parts where it was typed into."""
        turns = sorted({span.turn for span in self.spans if span.source == source})[-count:]
        return [(span.start, span.end) for span in self.spans if span.source == source and span.turn in turns]


@dataclass(frozen=True)
class Change:
    """One step: edits of one text, none overlapping, the last place first; and the selection after them."""

    edits: tuple[Edit, ...]
    selection: Range


def applied(buffer: Buffer, change: Change) -> Buffer:
    """The buffer after a change."""
    text, spans = buffer.text, buffer.spans
    for edit in change.edits:
        text = text[: edit.start] + edit.text + text[edit.end :]
        spans = shifted(spans, edit)
    return Buffer(text, change.selection, spans)


def shifted(spans: Spans, edit: Edit) -> Spans:
    """The spans after an edit: cut where it removed text, moved behind it, with one for what it put there."""
    first = max(bisect_left(spans, edit.start, key=lambda span: span.end) - 1, 0)
    touched = spans[first:]
    after = edit.start + len(edit.text)
    grown = after - edit.end
    left = [each._replace(end=min(each.end, edit.start)) for each in touched if each.start < edit.start]
    new = [Span(edit.start, after, edit.source, edit.turn)] if edit.source else []
    right = [
        Span(max(each.start + grown, after), each.end + grown, each.source, each.turn)
        for each in touched
        if each.end > edit.end
    ]
    return (*spans[:first], *_joined([*left, *new, *right]))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Without empty ones; neighbours of one source and turn are one."""
    held: Span | None = None
    for span in spans:
        if span.start == span.end:
            continue
        if held and held.end == span.start and held[2:] == span[2:]:
            held = held._replace(end=span.end)
            continue
        if held:
            yield held
        held = span
    if held:
        yield held


def source_at(spans: Sequence[Span], start: int, end: int) -> tuple[Source | None, int]:
    """Source and turn that `start` up to `end` lies in as a whole; typed where it lies in several."""
    place = bisect_left(spans, start + 1, key=lambda span: span.end)
    inside = spans[place] if place < len(spans) else None
    if inside is None or inside.start >= end:
        return None, 0
    return (inside.source, inside.turn) if inside.start <= start and end <= inside.end else ("typed", 0)

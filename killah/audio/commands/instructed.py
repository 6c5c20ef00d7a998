"""What instructions do to parts of a text, as pure functions: a command and a buffer in, a change out.

Each returns None where there is nothing it could be done to: then it was no instruction, and is dictated.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from killah.audio.commands import finding
from killah.audio.commands.buffer import Buffer, Change, Edit, Range, source_at
from killah.audio.commands.grammar import Command
from killah.audio.commands.page import Page
from killah.audio.commands.parts import Part, where
from killah.audio.commands.ranges import UNITS
from killah.audio.commands.tables import Language

_ENDS = re.compile(r"[.!?…]+[\"”’»)\]]*\Z")
_BREAK = re.compile(r"\s*\n\s*")
_AND = {"en": "and", "ru": "и"}
_GAPS = {"paragraph": "\n\n", "line": "\n"}


def replace(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """Words, everywhere or in a part of the text; or a part itself; or two words by each other."""
    if not command.old and not command.new:
        return None  # what was said has no form that is known
    if command.value == "swap":
        return _swapped_words(command, buffer, language)
    if command.part is None:
        return _everywhere(command, buffer, language)
    found = where(command.part, buffer, language)
    if found is None:
        return None
    if command.old:
        return _everywhere(command, Buffer(buffer.text, found, buffer.spans), language, buffer)
    start, end = found
    end -= len(buffer.text[start:end]) - len(buffer.text[start:end].rstrip(".,;:!?…"))
    return _changed([_written(start, end, command.new, buffer)], buffer)


def rest(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """Delete everything but a part."""
    found = where(command.part, buffer, language) if command.part else None
    if found is None:
        return None
    edits = [Edit(found[1], len(buffer.text), "", None), Edit(0, found[0], "", None)]
    return _changed([edit for edit in edits if edit.start < edit.end], buffer)


def mark(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """Delete the mark that stands before or behind words."""
    found = where(command.part, buffer, language) if command.part else None
    if found is None or re.search(r"\w", command.old):
        return None
    before, after = buffer.text[: found[0]], buffer.text[found[1] :]
    if command.value == "before":
        start = len(before.rstrip()) - len(command.old)
        there = before.rstrip().endswith(command.old)
    else:
        start = found[1] + len(after) - len(after.lstrip())
        there = after.lstrip().startswith(command.old)
    return _changed([Edit(start, start + len(command.old), "", None)], buffer) if there else None


def add(command: Command, buffer: Buffer, language: Language, turn: int) -> Change | None:
    """Words, a mark or a break before or behind a part, or at one of its ends."""
    whole = (0, len(buffer.text))
    found = where(command.part, buffer, language) if command.part else whole
    if found is None or not command.new or not command.value:
        return None
    start = end = found[command.value in ("after", "end")]
    if command.value == "end" and command.part and re.search(r"\w", command.new):
        start = end = found[0] + len(_ENDS.sub("", buffer.text[slice(*found)]))
    if command.new.isspace():
        start, end = len(buffer.text[:start].rstrip(" ")), end + _blanks(buffer.text[end:])
    page = Page(buffer.text[:start], language)
    if re.search(r"\w", command.new):
        for word in command.new.split():
            page.word(word)
    else:
        page.mark(command.new)
    return _changed([Edit(start, end, page.finish(buffer.text[end:]), "dictated", turn)], buffer)


def move(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """A part to an end of the text, or before or behind another; or two parts in each other's place."""
    found = where(command.part, buffer, language) if command.part else None
    if found is None or command.part is None:
        return None
    if command.value == "swap":
        other = where(command.to, buffer, language) if command.to else None
        pair = [found, other] if other else _two(found, command.part, buffer)
        return _swapped(pair, buffer)
    target = where(command.to, buffer, language) if command.to else (0, len(buffer.text))
    if target is None or not command.value:
        return None
    place = target[command.value in ("after", "end")]
    return _moved(found, place, _GAPS.get(command.part.unit, " "), buffer)


def join(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """Paragraphs or lines become one; sentences are joined by "and"."""
    part = command.part or Part("paragraph")
    part = Part(part.unit, part.place, max(2, part.count))
    found = where(part, buffer, language)
    if found is None:
        return None
    start, inside = found[0], buffer.text[slice(*found)]
    if part.unit == "sentence":
        edits = [_conjunction(each, buffer, language) for each in _gaps(found, buffer)]
    else:
        edits = [Edit(start + m.start(), start + m.end(), " ", None) for m in _BREAK.finditer(inside)]
    return _changed(edits[::-1], buffer)


def go(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """The caret before or behind a part."""
    found = where(command.part, buffer, language) if command.part else None
    if found is None:
        return None
    place = found[command.value in ("after", "end")]
    return Change((), (place, place))


def _everywhere(
    command: Command, within: Buffer, language: Language, buffer: Buffer | None = None
) -> Change | None:
    found = finding.places(within, command.old, True, language)
    new = command.new
    if found and finding.is_mark(within, found[0]):
        new = finding.mark_named(new, language) if new else ""
    edits = [
        _written(start, end, new, within) if new else _without(start, end, within.text)
        for start, end in reversed(found)
    ]
    return _changed(edits, buffer or within)


def _swapped_words(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """Where each stands, everywhere; neither is looked for in what the other has become."""
    within = where(command.part, buffer, language) if command.part else None
    looked = Buffer(buffer.text, within or buffer.selection, buffer.spans)
    pairs = ((command.old, command.new), (command.new, command.old))
    places = [finding.places(looked, old, True, language) for old, _ in pairs]
    found = [
        _written(*each, new, buffer) for there, (_, new) in zip(places, pairs, strict=True) for each in there
    ]
    return _changed(sorted(found, reverse=True), buffer) if all(places) else None


def _written(start: int, end: int, new: str, buffer: Buffer) -> Edit:
    text = finding.cased_like(buffer.text[start:end], new)
    return Edit(start, end, text, *source_at(buffer.spans, start, end))


def _without(start: int, end: int, text: str) -> Edit:
    """A word goes with the space before it; where it began a sentence, the next word begins it."""
    if not re.search(r"\w", text[start:end]):
        return Edit(start, end, "", None)
    after = text[end : end + 2]
    if text[start].isupper() and after[:1] == " " and after[1:].islower():
        return Edit(start, end + 2, after[1].upper(), None)
    spaced = len(text[:start].rstrip(" "))
    begins = spaced == 0 or text[spaced - 1] == "\n"
    return Edit(start if begins else spaced, end + (begins and after[:1] == " "), "", None)


def _swapped(pair: Sequence[Range], buffer: Buffer) -> Change | None:
    if len(pair) != 2 or max(pair[0][0], pair[1][0]) < min(pair[0][1], pair[1][1]):
        return None
    first, second = sorted(pair)
    text = buffer.text
    edits = [
        Edit(*second, text[slice(*first)], *source_at(buffer.spans, *first)),
        Edit(*first, text[slice(*second)], *source_at(buffer.spans, *second)),
    ]
    return _changed(edits, buffer)


def _two(found: Range, part: Part, buffer: Buffer) -> list[Range]:
    """The first and the last unit of a part: "swap the last two sentences"."""
    units = _units(found, part.unit, buffer)
    return [units[0], units[-1]] if len(units) > 1 else []


def _units(found: Range, unit: str, buffer: Buffer) -> list[Range]:
    text = buffer.text[slice(*found)]
    inside = [*UNITS[unit](text, len(text))][::-1] if unit in UNITS else []
    return [(found[0] + start, found[0] + end) for start, end in inside]


def _gaps(found: Range, buffer: Buffer) -> list[Range]:
    """Between the sentences of a part."""
    units = _units(found, "sentence", buffer)
    return [(before[1], after[0]) for before, after in pairwise(units)]


def _conjunction(gap: Range, buffer: Buffer, language: Language) -> Edit:
    start = len(_ENDS.sub("", buffer.text[: gap[0]]))
    first = buffer.text[gap[1] : gap[1] + 1]
    alone = re.match(r"I\b", buffer.text[gap[1] :])
    return Edit(start, gap[1] + 1, f" {_AND[language]} {first if alone else first.lower()}", None)


def _moved(found: Range, place: int, gap: str, buffer: Buffer) -> Change | None:
    start, end = found
    if start < place < end:
        return None
    text = buffer.text
    piece, source = text[start:end], source_at(buffer.spans, start, end)
    if text[:start].strip():
        start = len(text[:start].rstrip())
    else:
        end += len(text[end:]) - len(text[end:].lstrip())
    behind = place > 0 and (place == len(text) or not text[:place][-1:].isspace())
    put = Edit(place, place, gap + piece if behind else piece + gap, *source)
    cut = Edit(start, end, "", None)
    return _changed(sorted([put, cut], key=lambda edit: (edit.start, edit.end), reverse=True), buffer)


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _changed(edits: Iterable[Edit], buffer: Buffer) -> Change | None:
    """Edits, the last place first, with the caret behind the first of them; None where none is."""
    edits = tuple(edits)
    if not edits:
        return None
    text = sum(len(edit.text) - (edit.end - edit.start) for edit in edits)
    at_end = max(buffer.selection) == len(buffer.text)
    caret = len(buffer.text) + text if at_end else edits[-1].start + len(edits[-1].text)
    return Change(edits, (caret, caret))

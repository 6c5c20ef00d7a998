"""Parts of a text as instructions name them: "the last two sentences", "everything after the word house"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from killah.audio.commands import finding, numbers
from killah.audio.commands.buffer import Buffer, Range
from killah.audio.commands.ranges import UNITS, words
from killah.audio.commands.tables import Language, Table

PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "penultimate": -2, "last": -1}
PLACES["this"] = PLACES["last"]

_BEFORE_A_UNIT = 3  # words: "the last two" sentences
_FORWARD = 4000  # characters from the beginning that are looked at for the fifth sentence


@dataclass(frozen=True)
class Part:
    """`count` units from place 0, 1, 2 ... on, or up to place -1 (the last one before the caret), -2 ...

    A unit is a word, sentence, paragraph, line or half; `that` (the selection, or else the last utterance),
    `all`, or a `phrase`, the words `about` themselves. Of another unit `about` are words that stand in it.
    `within` is the part that it is a part of; `begin` and `end` are where `all` begins and ends.
    """

    unit: str = "that"
    place: int = -1
    count: int = 1
    about: str = ""
    within: "Part | None" = None
    begin: "Bound | None" = None
    end: "Bound | None" = None


@dataclass(frozen=True)
class Bound:
    """Where a part begins or ends: at another part, which belongs to it (`inside`) or does not."""

    part: Part
    inside: bool = False


# What is named ----------------------------------------------------------------------------------------------


def named(said: Sequence[str], table: Table, unit: str = "") -> Part | None:
    """The part that is named first in words of lower case; None where none is.

    With a `unit`, an ordinal alone will do: "the second (one)".
    """
    kinds = [kind(word, table) for word in said]
    for place, each in enumerate(kinds):
        if (each in UNITS or each == "half") and (found := _unit(said, kinds, place, table)):
            return found
    if unit and (nth := next((each for each in kinds if each in PLACES), None)):
        return Part(unit, PLACES[nth])
    if "all" in kinds:
        return Part("all")
    return Part() if "this" in kinds else None


def quoted(said: str, table: Table) -> Part:
    """What an instruction is about: a part that is named, or else the very words."""
    return ordinal(lowered(said), table) or Part("phrase", about=bare(said, table))


def ordinal(said: Sequence[str], table: Table) -> Part | None:
    """A part that is named by its place, not "it" or "everything"."""
    found = named(said, table)
    return found if found and found.unit in (*UNITS, "half") else None


def _unit(said: Sequence[str], kinds: Sequence[str], place: int, table: Table) -> Part | None:
    """The part whose unit is at `place`: by its number, or by what stands in it."""
    start = max(0, place - _BEFORE_A_UNIT)
    nth = next((PLACES[each] for each in reversed(kinds[start:place]) if each in PLACES), None)
    number = numbers.find([*said[start:place]], table.numbers)
    rest, after = said[place + 1 :], kinds[place + 1 :]
    if after[:1] == ["about"] and len(rest) > 1 and nth is None:
        return Part(kinds[place], about=bare(" ".join(rest[1:]), table))
    if nth is None and number is None:
        return None
    found = Part(kinds[place], -1 if nth is None else nth, number.value if number else 1)
    inner = after[:1] == ["of"] or (after and after[0] in PLACES)
    within = named(rest, table) if inner else None
    return replace(found, within=within) if within and within.unit != "that" else found


def kind(word: str, table: Table) -> str:
    """What a word says of a part of a text: its unit, its place, or nothing."""
    return next((name for name, form in table.parts.items() if form.fullmatch(word)), "")


def lowered(said: str) -> list[str]:
    """Words as the tables have them."""
    return said.lower().replace("ё", "е").split()


def bare(said: str, table: Table) -> str:
    """Without "the word" before it and "in it" after it."""
    parts = said.split()
    while len(parts) > 1 and (parts[0].lower() in ("the", "a", "an") or kind(parts[0], table) == "word"):
        parts = parts[1:]
    if len(parts) > 2 and kind(parts[-2], table) == "of" and kind(parts[-1], table) == "this":
        parts = parts[:-2]
    return " ".join(parts)


# Where it is ------------------------------------------------------------------------------------------------


def where(part: Part, buffer: Buffer, language: Language = "en") -> Range | None:
    """From where to where a part is; None where there is no such part. No white space at its ends.

    Ordinals of words and sentences count in the paragraph at the caret where that has as many, else in all.
    """
    if part.begin or part.end:
        return _between(part, buffer, language)
    if part.within:
        outer = where(part.within, buffer, language)
        return _in(replace(part, within=None), outer, buffer, language) if outer else None
    if part.unit == "that":
        return _that(buffer)
    if part.unit == "all":
        return (0, len(buffer.text)) if buffer.text else None
    if part.unit in UNITS and not part.about:
        return _last(part, buffer) if part.place < 0 else _nth(part, buffer, language)
    return _in(part, (0, len(buffer.text)), buffer, language)


def _that(buffer: Buffer) -> Range | None:
    start, end = sorted(buffer.selection)
    parts = buffer.last_turns()
    return (start, end) if start < end else (parts[0][0], parts[-1][1]) if parts else None


def _last(part: Part, buffer: Buffer) -> Range | None:
    """The last `count` units up to the caret. Words keep the marks that follow them up to the caret."""
    caret = max(buffer.selection)
    before = islice(UNITS[part.unit](buffer.text, caret), part.count - part.place - 1)
    found = [*before][-part.place - 1 :]
    if not found:
        return None
    marks = part.unit == "word" and part.place == -1
    last = max(found[0][1], len(buffer.text[:caret].rstrip())) if marks else found[0][1]
    return found[-1][0], last


def _nth(part: Part, buffer: Buffer, language: Language) -> Range | None:
    whole = (0, len(buffer.text))
    here = where(Part("paragraph"), buffer) if part.unit in ("word", "sentence") else None
    found = _in(part, here, buffer, language) if here else None
    return found or _in(part, whole, buffer, language)


def _in(part: Part, outer: Range, buffer: Buffer, language: Language) -> Range | None:
    """A part of what is between two places."""
    start, end = outer
    text = buffer.text[start:end]
    if part.unit == "all":
        return outer
    if part.unit == "half":
        found = _half(text, part.place)
    elif part.about:
        found = _with(part, text, max(0, buffer.caret - start), language)
    elif part.unit in UNITS:
        text = text[:_FORWARD] if part.place >= 0 else text
        found = _run([*UNITS[part.unit](text, len(text))][::-1], part)
    else:
        return None
    return (start + found[0], start + found[1]) if found else None


def _run(units: Sequence[Range], part: Part) -> Range | None:
    first = part.place if part.place >= 0 else len(units) + part.place + 1 - part.count
    chosen = units[max(0, first) : first + part.count]
    return (chosen[0][0], chosen[-1][1]) if chosen else None


def _half(text: str, place: int) -> Range | None:
    found = [*words(text, len(text))][::-1]
    if len(found) < 2:
        return None
    middle = found[len(found) // 2][0]
    return (0, len(text[:middle].rstrip())) if place == 0 else (middle, len(text.rstrip()))


def _with(part: Part, text: str, caret: int, language: Language) -> Range | None:
    """The words `about`, the last ones before the caret; or the unit that they stand in."""
    caret = min(caret, len(text))
    inside = Buffer(text, (caret, caret))
    found = finding.places(inside, part.about, False, language)
    if not found or part.unit == "phrase":
        return found[0] if found else None
    return next((each for each in UNITS[part.unit](text, found[0][0] + 1)), None)


def _between(part: Part, buffer: Buffer, language: Language) -> Range | None:
    begin, end = part.begin, part.end
    from_place, to_place = 0, len(buffer.text)
    if begin:
        if (found := _first(begin.part, 0, buffer, language)) is None:
            return None
        from_place = found[0] if begin.inside else found[1]
    if end:
        if (found := _first(end.part, from_place, buffer, language)) is None:
            return None
        to_place = found[1] if end.inside else found[0]
    inside = buffer.text[from_place:to_place]
    return (to_place - len(inside.lstrip()), from_place + len(inside.rstrip())) if inside.strip() else None


def _first(part: Part, after: int, buffer: Buffer, language: Language) -> Range | None:
    """Words where they stand first behind a place: "everything after the word house"."""
    caret = after if part.unit == "phrase" else buffer.caret
    return where(part, replace(buffer, selection=(caret, caret)), language)

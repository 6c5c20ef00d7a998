"""What each command does to a text, as pure functions: a command and a buffer in, a change out.

Commands that are no edits (undo, continue, read, louder, accept ...) are for whoever holds the text; `target`
gives the part of it that such a command is about.
"""

from collections.abc import Callable, Iterable
from itertools import takewhile

from killah.audio.commands import finding, instructed
from killah.audio.commands.buffer import Buffer, Change, Edit, Range, source_at
from killah.audio.commands.grammar import Command
from killah.audio.commands.lists import as_list
from killah.audio.commands.page import Page
from killah.audio.commands.parts import Part, where
from killah.audio.commands.questions import as_questions
from killah.audio.commands.ranges import words
from killah.audio.commands.tables import Language

EDITS = frozenset("insert scratch select deselect delete replace case enclose go add move join".split())


def does(command: Command) -> bool:
    """Whether `change` carries a command out: edits, and the rewriting that needs no model."""
    return command.name in EDITS or (command.name == "rewrite" and command.value in _BY_RULE)


def change(command: Command, buffer: Buffer, language: Language = "en", turn: int = 1) -> Change | None:
    """What a command that is an edit (`does`) does; None where there is nothing it could be done to.

    A replacement of what does not stand in the text was no command: dictate it. `turn` is the number of the
    utterance, for what it inserts.
    """
    if command.name == "insert":
        return _insert(command.value, buffer, language, turn)
    if command.name == "rewrite":
        return _rewritten(command, buffer, language)
    if command.name == "add":
        return instructed.add(command, buffer, language, turn)
    if command.name in ("case", "enclose") and not command.value:
        return None
    if command.said and (edit := _instructed(command)):
        return edit(command, buffer, language)
    return _EDITS[command.name](command, buffer, language)


def dictated(text: str, buffer: Buffer, turn: int) -> Change:
    """An utterance, as `dictation_text.written` gives it, in place of the selection."""
    start, end = sorted(buffer.selection)
    return _at_caret(Edit(start, end, text, "dictated", turn))


def target(unit: str, count: int, buffer: Buffer) -> Range | None:
    """The last `count` units up to the caret; for `that` the selection, or else the last utterance.

    None where there are none. Words keep the marks that follow them up to the caret.
    """
    return where(Part(unit, count=count), buffer)


def about(command: Command, buffer: Buffer, language: Language = "en") -> Range | None:
    """The part of the text that a command is about; None where it is not there.

    Of an instruction about nothing in particular: the selection, the last utterance, or the paragraph.
    """
    if not command.said:
        return target(command.unit or "that", command.count, buffer)
    if command.part not in (None, Part()):
        return where(command.part, buffer, language)
    return where(Part(), buffer) or where(Part("paragraph"), buffer)


def _insert(value: str, buffer: Buffer, language: Language, turn: int) -> Change:
    start, end = sorted(buffer.selection)
    page = Page(buffer.text[:start], language)
    page.mark(value)
    return _at_caret(Edit(start, end, page.finish(buffer.text[end:]), "dictated", turn))


def _scratch(command: Command, buffer: Buffer, _: Language) -> Change | None:
    """Remove the last utterance, and those before it; what was typed into them stays."""
    parts = buffer.last_turns(command.count)
    edits = [Edit(start, end, "", None) for start, end in reversed(parts)]
    caret = parts[-1][1] - sum(end - start for start, end in parts) if parts else 0
    return Change(tuple(edits), (caret, caret)) if edits else None


def _select(command: Command, buffer: Buffer, language: Language) -> Change | None:
    found = _named(command, buffer, language)
    return Change((), found) if found else None


def _deselect(_: Command, buffer: Buffer, __: Language) -> Change | None:
    start, end = sorted(buffer.selection)
    return Change((), (end, end)) if start < end else None


def _delete(command: Command, buffer: Buffer, language: Language) -> Change | None:
    """Delete with the space before it, or after it where a line begins, and with blanks up to the caret."""
    found = _named(command, buffer, language)
    if found is None:
        return None
    start, end = found
    text, caret = buffer.text, max(buffer.selection)
    unit = command.part.unit if command.part else command.unit
    if unit != "that" and not text[end:caret].strip():
        end = max(end, caret)
    if unit in ("paragraph", "line"):
        start = len(text[:start].rstrip("\n"))
        end += len(text[end:]) - len(text[end:].lstrip("\n")) if start == 0 else 0
    elif unit != "that":
        start = len(text[:start].rstrip(" "))
        if start == 0 or text[start - 1] == "\n":
            end += text[end : end + 1] == " "
    return _at_caret(Edit(start, end, "", None))


def _replace(command: Command, buffer: Buffer, language: Language) -> Change | None:
    found = finding.places(buffer, command.old, command.every, language)
    if not found:
        return None
    new = finding.mark_named(command.new, language) if finding.is_mark(buffer, found[0]) else command.new
    edits = [
        Edit(
            start, end, finding.cased_like(buffer.text[start:end], new), *source_at(buffer.spans, start, end)
        )
        for start, end in reversed(found)
    ]
    return _kept(edits, buffer)


def _case(command: Command, buffer: Buffer, language: Language) -> Change | None:
    found = _named(command, buffer, language)
    if found is None:
        return None
    case = {"upper": str.upper, "lower": str.lower}.get(command.value, _title)
    edits = [
        Edit(start, end, case(buffer.text[start:end]), *source_at(buffer.spans, start, end))
        for start, end in takewhile(lambda word: word[0] >= found[0], words(buffer.text, found[1]))
    ]
    return _kept([edit for edit in edits if edit.text != buffer.text[edit.start : edit.end]], buffer)


def _enclose(command: Command, buffer: Buffer, language: Language) -> Change | None:
    found = _named(command, buffer, language)
    if found is None:
        return None
    inside = buffer.text[slice(*found)]
    end = found[0] + len(inside.rstrip())
    start = end - len(inside.strip())
    source = source_at(buffer.spans, start, end)
    opening, closing = command.value
    return _kept([Edit(end, end, closing, *source), Edit(start, start, opening, *source)], buffer)


def _go(command: Command, buffer: Buffer, _: Language) -> Change:
    place = len(buffer.text) if command.value == "end" else 0
    return Change((), (place, place))


def _rewritten(command: Command, buffer: Buffer, language: Language) -> Change | None:
    if (found := about(command, buffer, language)) is None:
        return None
    text = _BY_RULE[command.value](buffer.text[slice(*found)], language)
    return _kept([Edit(*found, text, *source_at(buffer.spans, *found))], buffer)


def _named(command: Command, buffer: Buffer, language: Language) -> Range | None:
    """An edit is done to what was named, and to nothing else."""
    if not command.said:
        return target(command.unit, command.count, buffer)
    return where(command.part, buffer, language) if command.part else None


def _instructed(command: Command) -> Callable[[Command, Buffer, Language], Change | None] | None:
    """How an instruction that is no command in other words is carried out."""
    if command.name == "delete":
        return instructed.rest if command.value == "rest" else instructed.mark if command.old else None
    return _INSTRUCTED.get(command.name)


def _title(word: str) -> str:
    return word[:1].upper() + word[1:]


def _at_caret(edit: Edit) -> Change:
    caret = edit.start + len(edit.text)
    return Change((edit,), (caret, caret))


def _kept(edits: Iterable[Edit], buffer: Buffer) -> Change | None:
    """Edits that leave the selection around the text that it is around."""
    edits = tuple(edits)
    start, end = (_moved(place, edits) for place in buffer.selection)
    return Change(edits, (start, end)) if edits else None


def _moved(place: int, edits: Iterable[Edit]) -> int:
    """Where a place is after edits of what is before it; inside one, no further than its end."""
    grown = sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= place)
    inside = next((edit for edit in edits if edit.start < place < edit.end), None)
    return grown + (min(place, inside.start + len(inside.text)) if inside else place)


_BY_RULE: dict[str, Callable[[str, Language], str]] = {
    "question": as_questions,
    "list": lambda text, _: as_list(text),
    "numbers": lambda text, _: as_list(text, numbered=True),
}

_INSTRUCTED = {
    "replace": instructed.replace,
    "move": instructed.move,
    "join": instructed.join,
    "go": instructed.go,
}

_EDITS: dict[str, Callable[[Command, Buffer, Language], Change | None]] = {
    "scratch": _scratch,
    "select": _select,
    "deselect": _deselect,
    "delete": _delete,
    "replace": _replace,
    "case": _case,
    "enclose": _enclose,
    "go": _go,
}

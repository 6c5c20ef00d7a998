"""What an instruction is about: the forms in the tables of a language fill the fields of a command.

Groups of a form: `old` and `new` are words to look for and to write, `part` and `to` parts of the text,
`within` where to look, `phrase` the very words, `mark` one of punctuation. `after`, `before`, `from` and `to`
bound a part; `only` is what stays, `every` words that go wherever they stand, `until` the word that ends a
dictation. Other groups are flags.
"""

from collections.abc import Mapping
from dataclasses import replace

from killah.audio.commands.grammar import Command, Form, parse
from killah.audio.commands.parts import Bound, Part, bare, named, quoted
from killah.audio.commands.tables import Language, Table, table

UNKNOWN = "?"  # the style of a rewriting that has no name

_CASES = ("upper", "lower", "title")
_MARKS = {"quotes": "“”", "brackets": "()"}
_PLACES = ("start", "end", "before", "after")
_STOP = Command("stop_listening")


def filled(name: str, form: Form, language: Language) -> Command:
    """The command `name` with what the instruction says it is about; what is not said stays empty."""
    known = table(language)
    if name in ("rewrite", "summarise", "continue"):
        return Command(name, _style(form, known), part=named(form.words, known), said=form.text)
    makers = {
        "replace": _replace,
        "delete": _delete,
        "add": _add,
        "move": _move,
        "transcribe": _transcribe,
    }
    return makers.get(name, _about)(_Groups(name, form, known))


class _Groups:
    """The form that an instruction has, and what stands in its groups."""

    def __init__(self, name: str, form: Form, known: Table) -> None:
        self.name, self.form, self.known = name, form, known
        self._whole = " ".join(form.words)
        matches = (each.fullmatch(self._whole) for each in known.readings.get(name, ()))
        self._match = next(filter(None, matches), None)
        found = self._match.groupdict() if self._match else {}
        self.there: Mapping[str, str] = {key: value for key, value in found.items() if value is not None}

    def said(self, group: str) -> str:
        """A group as it was said, capitals and all; nothing where it is not there."""
        if self._match is None or group not in self.there:
            return ""
        start, end = (self._whole.count(" ", 0, place) for place in self._match.span(group))
        return " ".join(self.form.said[start : end + 1])

    def words(self, group: str) -> str:
        """The same without "the word" before it."""
        return bare(self.said(group), self.known)

    def part(self, group: str) -> Part | None:
        """What a group names: a part, or else the words in it; None where it is not there."""
        return quoted(self.said(group), self.known) if group in self.there else None

    def which(self, *names: str) -> str:
        """The first of these groups that is there."""
        return next((name for name in names if name in self.there), "")

    @property
    def within(self) -> Part | None:
        """Where to look."""
        group = self.which("within", "part")
        return named(self.there[group].split(), self.known) if group else None

    @property
    def bounded(self) -> Part | None:
        """Everything between what `after`, `from`, `before` and `to` say."""
        after, first, before, last = (self.part(each) for each in ("after", "from", "before", "to"))
        begin, end = after or first, before or last
        if begin is None and end is None:
            return None
        return Part(
            "all",
            begin=Bound(begin, after is None) if begin else None,
            end=Bound(end, before is None) if end else None,
        )

    def command(self, value: str = "", **fields: object) -> Command:
        """The command, with fields."""
        return Command(**{"name": self.name, "value": value, "said": self.form.text} | fields)  # type: ignore[arg-type]


def _about(groups: _Groups) -> Command:
    """A part of the text and, for some, what it is to be given."""
    value = groups.which(*_CASES) or _MARKS.get(groups.which(*_MARKS), "")
    phrase = groups.words("phrase")
    if groups.name == "go":
        to = groups.part("to") or named(groups.form.words, groups.known)
        return groups.command(groups.which(*_PLACES) or "start", part=to)
    if phrase:
        return groups.command(value, part=Part("phrase", about=phrase))
    return groups.command(value, part=groups.bounded or named(groups.form.words, groups.known))


def _replace(groups: _Groups) -> Command:
    old, new = groups.part("old"), groups.words("new")
    if old is None:
        return groups.command()
    if old.unit != "phrase":
        return groups.command(part=old, new=new)
    value = groups.which("swap")
    return groups.command(value, part=groups.within, old=old.about, new=new, every=True)


def _delete(groups: _Groups) -> Command:
    if "only" in groups.there:
        return groups.command("rest", part=groups.part("only"))
    if "mark" in groups.there:
        place = groups.which("after", "before")
        return groups.command(place, old=_mark(groups.words("mark"), groups.known), part=groups.part(place))
    if "every" in groups.there:
        old = _mark(groups.words("every"), groups.known)
        return groups.command(name="replace", part=groups.within, old=old, every=True)
    found = _about(groups)
    # All of the text goes by the fixed command only: "delete the letter" may be about one of the alphabet.
    return replace(found, part=None) if found.part == Part("all") else found


def _add(groups: _Groups) -> Command:
    new = "\n\n" if "break" in groups.there else _mark(groups.words("new"), groups.known)
    return groups.command(groups.which(*_PLACES), part=groups.part("to"), new=new)


def _move(groups: _Groups) -> Command:
    """Two parts, of which one may be short for the other: "swap the first and the second sentence"."""
    said = [groups.there.get(each, "").split() for each in ("part", "to")]
    found = [named(each, groups.known) for each in said]
    unit = next((each.unit for each in found if each), "")
    part, to = (each or named(words, groups.known, unit) for each, words in zip(found, said, strict=True))
    return groups.command(groups.which("swap", *_PLACES), part=part, to=to)


def _transcribe(groups: _Groups) -> Command:
    """How much of what is said next is to be written; what ends it, or is all of it, ends the dictation."""
    until = groups.words("until")
    skip = groups.which("skip")
    ends = not skip and bool(until or "only" in groups.there)
    part = None if until else named(groups.form.words, groups.known)
    return groups.command(skip, part=part, old=until, then=_STOP if ends else None)


def _style(form: Form, known: Table) -> str:
    said = " ".join(form.words)
    return next((name for name, style in known.styles.items() if style.search(said)), UNKNOWN)


def _mark(said: str, known: Table) -> str:
    """The mark, or the marks, of that name; or the words where there is none."""
    command = parse(said, known.language)
    if command is not None and command.name == "insert":
        return command.value
    words = said.lower().split()
    for mark in known.marks:
        for name in mark.say:
            if len(name) == len(words) and name[:-1] == tuple(words[:-1]) and _inflected(name[-1], words[-1]):
                return mark.text
    return said


def _inflected(name: str, word: str) -> bool:
    """ "commas" is "comma"; "запятую" and "запятые" are "запятая"."""
    if name.isascii():
        return word in (name, f"{name}s")
    stem = name[: -2 if len(name) > 5 else -1]
    return len(name) > 4 and abs(len(word) - len(name)) < 2 and word.startswith(stem)

"""What was understood, in words for the screen: "delete everything after “house”"."""

from killah.audio.commands.grammar import Command
from killah.audio.commands.parts import Part

_NTH = ("first", "second", "third", "fourth", "fifth")
_NAMES = {"“”": "in quotes", "()": "in brackets", "upper": "in capitals", "lower": "in small letters"}
_MARKS = {"\n": "a new line", "\n\n": "a new paragraph"}


def described(command: Command) -> str:
    """One line: what is to be done with what, and what then; nothing for a fixed command."""
    if not command.said:
        return ""
    line = _LINES.get(command.name, _plain)(command)
    then = command.then
    return f"{line}, then {described(then) or then.name.replace('_', ' ')}" if then else line


def part(of: Part | None, usual: str = "that") -> str:
    """A part of a text in words."""
    if of is None or of == Part():
        return usual
    if of.unit == "phrase":
        return f"“{of.about}”"
    if of.unit == "all":
        return _everything(of)
    if of.about:
        return f"the {of.unit} with “{of.about}”"
    nth = _NTH[of.place] if of.place >= 0 else "last" if of.place == -1 else "last but one"
    named = f"the {nth} {of.count} {of.unit}s" if of.count > 1 else f"the {nth} {of.unit}"
    return f"{named} of {part(of.within)}" if of.within else named


def _everything(of: Part) -> str:
    begin = f" {'from' if of.begin.inside else 'after'} {part(of.begin.part)}" if of.begin else ""
    end = f" {'up to' if of.end.inside else 'before'} {part(of.end.part)}" if of.end else ""
    return f"everything{begin}{end}"


def _plain(command: Command) -> str:
    return f"{command.name.replace('_', ' ')} {part(command.part, '')}".strip()


def _replace(command: Command) -> str:
    where = f" in {part(command.part)}" if command.part and command.old else ""
    old = f"“{command.old}”" if command.old else part(command.part)
    if command.value == "swap":
        return f"swap {old} and “{command.new}”{where}"
    if not command.new:
        return f"delete every {old}{where}"
    return f"replace {'every ' if command.every else ''}{old} with “{command.new}”{where}"


def _delete(command: Command) -> str:
    if command.value == "rest":
        return f"delete everything but {part(command.part)}"
    if command.old:
        return f"delete “{command.old}” {command.value} {part(command.part)}"
    return f"delete {part(command.part)}"


def _placed(command: Command, what: str, of: Part | None) -> str:
    to = "to" if command.name in ("move", "go") else "at"
    place = {"start": f"{to} the beginning of", "end": f"{to} the end of"}.get(command.value, command.value)
    return f"{what} {place} {part(of, 'the text')}"


def _move(command: Command) -> str:
    if command.value == "swap":
        return f"swap {part(command.part)}" + (f" and {part(command.to)}" if command.to else "")
    return _placed(command, f"move {part(command.part)}", command.to)


def _rewrite(command: Command) -> str:
    return f"{command.said} ({part(command.part)})"


def _transcribe(command: Command) -> str:
    if command.old:
        return f"write {'nothing ' if command.value == 'skip' else ''}until “{command.old}” is said"
    what = part(command.part, "the next sentence")
    return f"{'leave out' if command.value == 'skip' else 'write'} {what} of what is said next"


_LINES = {
    "replace": _replace,
    "delete": _delete,
    "add": lambda command: _placed(
        command, f"add {_MARKS.get(command.new, f'“{command.new}”')}", command.part
    ),
    "move": _move,
    "go": lambda command: _placed(command, "go", command.part),
    "rewrite": _rewrite,
    "transcribe": _transcribe,
    "enclose": lambda command: f"put {part(command.part)} {_NAMES.get(command.value, '')}",
    "case": lambda command: f"write {part(command.part)} {_NAMES.get(command.value, 'with a capital')}",
}

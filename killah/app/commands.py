"""Everything the editor can do, once: bindings, command palette and help panel come from this table."""

from dataclasses import dataclass
from functools import partial

from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit, Hit, Hits, Provider

from killah.app.keys import both
from killah.app.sayings import SAYINGS
from killah.errors import KillahError
from killah.persona import blends, personas


@dataclass(frozen=True)
class Command:
    """A thing to do: `action` is the editor's `action_...`, `keys` are comma-separated."""

    title: str
    action: str
    keys: str
    meaning: str


COMMANDS = (
    Command("Save", "save", "ctrl+s", "Write the file"),
    Command("Save as…", "save_as", "f12", "Write to another file, and go on with that one"),
    Command("Open…", "open", "ctrl+o", "Edit another file"),
    Command("New", "new", "ctrl+n", "Begin an empty text"),
    Command("Find…", "find", "ctrl+f,f3", "Find words in the text"),
    Command("Replace…", "replace", "ctrl+backslash", "Put other words in their place (also: find, then Tab)"),
    Command("Select all", "select_all", "f7", "The whole text; two clicks select a word, three its line"),
    Command(
        "Another suggestion",
        "another",
        "ctrl+space,ctrl+@,ctrl+right_square_bracket",
        "Other ghost text, or some where none is shown (also Ctrl ])",
    ),
    Command("Continue at the caret", "continue", "ctrl+g,f5", "Let the model write on; Escape stops it"),
    Command("Rephrase…", "rewrite('rephrase')", "f8,ctrl+r", "The selection or paragraph in other words"),
    Command("Summarise", "rewrite('summarise')", "f9,ctrl+t", "The selection or paragraph in short"),
    Command("Story from this", "rewrite('story')", "f10,ctrl+l", "Tell on from the selection or paragraph"),
    Command("Dictate", "dictate", "f6", "Write down what you say, and do what you tell it; again stops"),
    Command("Undo", "undo", "", "Take the last change back; accepted ghost text is one"),
    Command("Redo", "redo", "", "Do it again"),
    Command("Ghost text on or off", "toggle_ghost", "f4", "Suggestions while typing"),
    Command("Light or dark", "toggle_theme", "f2", "The colours, kept for the next time"),
    Command(
        "Persona…",
        "choose_persona",
        "ctrl+b,f11",
        "Whose manner suggestions follow: a persona, a blend, nobody",
    ),
    Command("No persona", "use_persona('')", "", "Suggestions in nobody's manner"),
    Command("Kind of text…", "choose_kind", "", "What is being written: a letter, formal, …"),
    Command("Ghost text figures", "figures", "", "How often it was shown and taken, and how fast it was"),
    Command("Help", "keys", "f1", "The keys, and what you can say"),
    Command("Quit", "quit", "ctrl+q", "Close the editor; asks about unsaved changes"),
)

TAKEN = ("f6",)  # keys that Textual's text area would take for itself

TEXT_KEYS = [
    ("Tab", "Take the ghost text"),
    ("Ctrl →", "Take one word of it (also Alt →)"),
    ("Esc", "Dismiss it; typing along keeps it"),
    ("Ctrl Z", "Undo"),
    ("Ctrl Y", "Redo"),
    ("Ctrl P", "All commands"),
]


def bindings() -> list[BindingType]:
    """The commands' keys, on Latin and Russian layouts."""
    keyed = [
        Binding(both(c.keys), c.action, c.title, show=False, priority=c.keys in TAKEN)
        for c in COMMANDS
        if c.keys
    ]
    return [
        *keyed,
        Binding(both("ctrl+p"), "command_palette", show=False),
        Binding("escape", "stop", show=False),
    ]


def help_parts() -> dict[str, list[tuple[str, str]]]:
    """(key, meaning) and (example, meaning), by title, for the help panel."""
    keys = TEXT_KEYS + [(_display(c.keys), c.meaning) for c in COMMANDS if c.keys]
    said = [(f"“{each.english}”", each.meaning) for each in SAYINGS]
    russian = ", ".join(f"«{each.russian}»" for each in SAYINGS[:3])
    return {"Keys": keys, "What you can say (F6)": [*said, ("Russian", f"{russian} …")]}


def _display(keys: str) -> str:
    first = keys.partition(",")[0].replace("backslash", "\\")
    return " ".join(part.capitalize() for part in first.split("+"))


class Palette(Provider):
    """What the command palette (Ctrl+P) offers: every command, then a command a persona."""

    async def discover(self) -> Hits:
        """All of them."""
        for title, meaning, action in self._offers():
            yield DiscoveryHit(title, partial(self.app.run_action, action), help=meaning)

    async def search(self, query: str) -> Hits:
        """Those that match what was typed."""
        matcher = self.matcher(query)
        for title, meaning, action in self._offers():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), partial(self.app.run_action, action), help=meaning)

    def _offers(self) -> list[tuple[str, str, str]]:
        fixed = [
            (c.title, f"{c.meaning} · {_display(c.keys)}" if c.keys else c.meaning, c.action)
            for c in COMMANDS
        ]
        return fixed + [
            (f"Persona: {name}", "Write in this manner, for this session", f"use_persona({name!r})")
            for name in _names()
        ]


def _names() -> list[str]:
    """Personas, and blends that have a name."""
    try:
        return sorted({*personas.names(), *blends.kept()})
    except KillahError:  # a damaged file of blends: `Persona…` says so
        return personas.names()

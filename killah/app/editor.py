"""The editor: a text, its file, and the model beside it."""

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult
from textual.widgets import TextArea

from killah import paths
from killah.app import choosing, theme
from killah.app.commands import Palette, bindings, help_parts
from killah.app.continuation import Continuation
from killah.app.dialogs import Ask, KeysHelp
from killah.app.dictating import Dictating
from killah.app.document import Document
from killah.app.filing import Filing
from killah.app.find import FindBar
from killah.app.ghosts import Ghosts
from killah.app.likeness import Gauge
from killah.app.protocol import Engine
from killah.app.revising import Revising
from killah.app.status import Status, StatusBar
from killah.app.suggestions import Noted
from killah.app.text_area import GhostTextArea
from killah.config import Settings, set_value
from killah.errors import KillahError
from killah.persona import blends

PLACEHOLDER = "Start writing. Tab accepts ghost text, F1 shows the keys."

Summary = dict[str, str | int | float | bool | None]


class Editor(App[Summary]):
    """A writing surface with ghost text; returns a summary of the session."""

    CSS_PATH = "editor.tcss"
    TITLE = "Killah"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (40, "-wide")]  # noqa: RUF012
    COMMANDS: ClassVar = {Palette}
    BINDINGS: ClassVar = bindings()

    def __init__(
        self,
        document: Document,
        engine: Engine,
        settings: Settings,
        *,
        now: Callable[[], datetime] = datetime.now,
        recovery: Path | None = None,
    ) -> None:
        super().__init__()
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        self.theme = f"killah-{settings.theme}"
        self.area = GhostTextArea(document.text, placeholder=PLACEHOLDER)
        self._status_bar = StatusBar()
        self.filing = Filing(self, self.area, document, recovery or paths.state_dir() / "recovery", now)
        self.noted = Noted(self.area, settings.journal_suggestions, self.filing.complain)
        self.ghosts = Ghosts(self.area, engine, settings, self._show_status, self._ghost_shown)
        self.continuation = Continuation(self.area, engine, self._continued)
        self.revising = Revising(self, self.area, engine, self.filing.complain, self._show_status)
        self.dictating = Dictating(
            self, self.area, engine, settings.microphone, self.filing.complain, self._show_status
        )
        self.likeness = Gauge(self.area, self._show_status)
        self._engine = engine
        self._settings = settings
        self._model = f"{settings.model} …"
        self._persona = settings.persona if blends.usable(settings.persona) else ""
        self._codes: dict[str, str] = {}  # that the model knows, each with its kind
        self._kind: tuple[str, ...] = ()  # those in use

    def compose(self) -> ComposeResult:
        """The text, and a line or two below it."""
        yield self.area
        yield FindBar(self.area)
        yield self._status_bar

    def on_mount(self) -> None:
        """Begin: the model loads, and what an earlier session left is asked about."""
        self.area.focus()
        # Not by message: the status bar is to change in the same frame as the text.
        self.watch(self.area, "selection", self._show_status, init=False)
        self.set_interval(self._settings.autosave_seconds, self.filing.keep)
        if self._persona:
            self._engine.use_persona(self._persona)
            self.likeness.use(self._persona)
        Thread(target=self._learn_model, name="model", daemon=True).start()
        self._show_status()
        self._recover()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._killed)

    def on_unmount(self) -> None:
        """However the editor ends, nothing listens any more."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
        self.dictating.close()

    def _killed(self) -> None:
        """Leave the terminal as it was; unsaved text stays in the journal, for nobody can be asked."""
        self.exit(return_code=128 + signal.SIGTERM)

    def summary(self) -> Summary:
        """What was done, as plain numbers."""
        path = self.filing.document.path
        return {
            "file": str(path) if path else None,
            "words": self.area.document.words,
            "saved": not self.filing.modified,
            **self.ghosts.figures.summary(),
        }

    # What happens -----------------------------------------------------------------------------------

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _touched(self) -> None:
        self.noted.touched()
        self.continuation.touched()
        self.likeness.touched()
        if self.continuation.running:
            self.ghosts.skip()
        else:
            self.ghosts.touched()
        self.filing.check()
        self._show_status()

    @on(GhostTextArea.Settled)
    def _settled(self, event: GhostTextArea.Settled) -> None:
        self.ghosts.figures.settle(event.outcome, event.words)
        self.noted.settled(event.outcome)
        if event.outcome == "dismissed":
            self.ghosts.skip()
        self._show_status()

    def _ghost_shown(self, text: str, grown: bool) -> None:
        self.noted.shown(text, self._persona, grown=grown)

    def _continued(self, error: KillahError | None, characters: int) -> None:
        self.ghosts.skip()
        if error is not None:
            self.filing.complain(error)
        elif not characters:
            self.notify("The model adds nothing here.")
        self._show_status()

    def _learn_model(self) -> None:
        """On its own thread: loading takes a while."""
        try:
            name = self._engine.info().name
            self.call_later(self._model_known, name, None)
            self.call_later(self._codes_known, self._engine.codes())
        except KillahError as error:
            self.call_later(self._model_known, "no model", error)

    def _model_known(self, name: str, error: KillahError | None) -> None:
        self._model = name
        if error is not None:
            self.ghosts.error = error
            self.filing.complain(error)
        self._show_status()

    def _codes_known(self, codes: dict[str, str]) -> None:
        self._codes = codes

    def _show_status(self) -> None:
        row, column = self.area.cursor_location
        self._status_bar.status = Status(
            name=self.filing.document.name,
            modified=self.filing.modified,
            saved=self.filing.saved,
            words=self.area.document.words,
            line=row + 1,
            column=column + 1,
            persona=self._persona,
            kind=f"as {', '.join(self._kind)}" if self._kind else "",
            likeness=self.likeness.label,
            model=self._model,
            ghost=self.ghosts.label,
            hearing=self.dictating.label,
            doing="writing, Esc stops" if self.continuation.running else self.revising.label,
        )

    # Commands ---------------------------------------------------------------------------------------

    @work
    async def _recover(self) -> None:
        await self.filing.recover()

    @work
    async def action_save(self) -> None:
        """Write the file."""
        await self.filing.save()
        self._show_status()

    @work
    async def action_save_as(self) -> None:
        """Write to another file."""
        await self.filing.save_as()
        self._show_status()

    @work
    async def action_open(self) -> None:
        """Edit another file."""
        self.noted.finish()
        await self.filing.open()
        self._show_status()

    @work
    async def action_new(self) -> None:
        """Begin an empty text."""
        self.noted.finish()
        await self.filing.new()
        self._show_status()

    async def action_quit(self) -> None:
        """Close, if nothing is lost by it or the writer agrees."""
        self._quit()

    @work
    async def _quit(self) -> None:
        if await self.filing.may_leave():
            self.noted.finish()
            self.ghosts.stop()
            self.continuation.stop()
            self.revising.stop()
            summary = self.summary()
            self.filing.forget()
            self.exit(summary)

    def action_find(self) -> None:
        """Look for words."""
        self.query_one(FindBar).open()

    def action_replace(self) -> None:
        """Look for words, and put others in their place."""
        self.query_one(FindBar).open(replacing=True)

    def action_select_all(self) -> None:
        """Select the whole text."""
        self.area.focus()
        self.area.select_all()

    def action_undo(self) -> None:
        """Take the last change back."""
        self.area.undo()

    def action_redo(self) -> None:
        """Do it again."""
        self.area.redo()

    def action_continue(self) -> None:
        """Let the model write on."""
        self.area.focus()
        self.ghosts.skip()
        self.continuation.start()
        self._show_status()

    @work
    async def action_rewrite(self, task: str, usual: bool = False, style: str = "") -> None:
        """Let the model rephrase, summarise or tell; the writer sees it before it is in the text.

        In a `style`, or in the `usual` one, the writer is not asked which.
        """
        self.area.focus()
        self.ghosts.skip()
        self.continuation.stop()
        await self.revising.ask(task, usual=usual, style=style)

    def action_stop(self) -> None:
        """Stop the model's writing, and reading aloud."""
        self.continuation.stop()
        self.revising.stop()
        self.dictating.hush()

    def action_dictate(self) -> None:
        """Listen to the writer, or stop listening."""
        self.area.focus()
        self.dictating.toggle()

    def action_another(self) -> None:
        """Another suggestion than the one that is shown, or one where none is."""
        self.area.focus()
        if self.area.offered:
            self.noted.settled("dismissed")
        if self.continuation.running or not self.ghosts.another():
            self.notify("Suggestions come at the end of a word, in a text that has begun.")

    def action_toggle_ghost(self) -> None:
        """Ghost text on or off."""
        self.ghosts.turn(self.ghosts.state in ("off", "failed"))

    def action_toggle_theme(self) -> None:
        """The other colours, also for the next session."""
        other = "light" if self.theme == theme.DARK.name else "dark"
        self.theme = f"killah-{other}"
        try:
            set_value("theme", other)
        except KillahError as error:
            self.filing.complain(error)

    @work
    async def action_choose_persona(self) -> None:
        """Ask whose manner suggestions are to follow."""
        try:
            answers = choosing.offers(self._model, self._persona)
        except KillahError as error:
            self.filing.complain(error)
            return
        ask = Ask("Whose manner?", answers, chosen=self._persona or choosing.NOBODY)
        if (name := await self.push_screen_wait(ask)) is not None:
            self.action_use_persona("" if name == choosing.NOBODY else name)

    def action_use_persona(self, name: str) -> None:
        """Write in the manner of a persona, a blend or nobody, for this session; ask for ghost text anew."""
        if name == self._persona:
            return
        self.noted.finish()
        self._engine.use_persona(name or None)
        self.likeness.use(name)
        self._persona = name
        self.area.forget_ghost()
        self.ghosts.touched()
        self._show_status()

    @work
    async def action_choose_kind(self) -> None:
        """Ask what kind of text it is; a kind that is chosen again is none any more."""
        if not self._codes:
            self.notify("The model knows no kinds of text, or is not loaded yet.")
            return
        answers = choosing.kinds(self._codes, self._kind)
        ask = Ask("What kind of text?", answers, chosen=self._kind[-1] if self._kind else "")
        if (code := await self.push_screen_wait(ask)) is not None:
            self._kind = choosing.taken(self._codes, self._kind, code)
            self._engine.use_codes(self._kind)
            self.area.forget_ghost()
            self.ghosts.touched()
            self._show_status()

    def action_figures(self) -> None:
        """Tell what ghost text did so far."""
        f = self.ghosts.figures
        self.notify(
            f"Shown {f.shown} of {f.asked} times asked. Taken whole {f.accepted}, by the word {f.word}, "
            f"typed through {f.typed}, dismissed {f.dismissed}. Half of them came within "
            f"{f.percentile(0.5):.0f} ms, 95 % within {f.percentile(0.95):.0f} ms.",
            title="Ghost text",
            timeout=12,
        )

    def action_keys(self) -> None:
        """Show the keys, and what can be said."""
        self.push_screen(KeysHelp(help_parts()))

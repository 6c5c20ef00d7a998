"""The file under the text: saving, opening and leaving, each with its question before anything is lost."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Thread

from textual.app import App

from killah.app.dialogs import Ask, AskPath
from killah.app.document import Document, Stamp, WouldOverwrite, open_document
from killah.app.journal import Journal, Recovered, left_behind
from killah.app.plain_text import changed, count_words
from killah.app.text_area import GhostTextArea
from killah.errors import KillahError

LONG = 12  # seconds an error stays on screen
SOON = 1.0  # seconds that the clocks of two folders may differ


class Filing:
    """The document of one text area, and its journal. Async methods ask on the screen, so run in a worker."""

    def __init__(
        self, app: App, area: GhostTextArea, document: Document, folder: Path, now: Callable[[], datetime]
    ) -> None:
        self.document = document
        self.saved = ""  # when, for the status bar
        self._app = app
        self._area = area
        self._folder = folder
        self._now = now
        self._journal = Journal(folder, document.path)
        self._told = ""  # the journal's last complaint
        self._noticed: Stamp | None = document.stamp  # of the file, when it was last looked at
        area.document.before_change = self._journal.record

    @property
    def modified(self) -> bool:
        """Whether the text differs from the file."""
        now, saved = self._area.document, self.document.text
        return now.characters != len(saved) or now.text != saved

    def complain(self, error: KillahError) -> None:
        """Show an error for a while; the text is untouched by it."""
        self._app.notify(str(error), severity="error", timeout=LONG, markup=False)

    # Keeping ----------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Every few seconds: what the journal holds goes to the disk itself, and the file is looked at."""
        self._look()
        if self._journal.error is not None:
            self._journal.retry(self._area.text)
        else:
            Thread(target=self._journal.sync, name="journal", daemon=True).start()

    def check(self) -> None:
        """After a change: tell, once, when it could not be journalled."""
        problem = str(self._journal.error or "")
        if problem and problem != self._told:
            self._warn(f"Unsaved text is not being kept: {problem}")
        self._told = problem

    def _look(self) -> None:
        """Show what another program did to the file; where there is unsaved text, only tell."""
        now = self.document.stamp_now
        if now in (self.document.stamp, self._noticed) or len(self._app.screen_stack) > 1:
            return
        self._noticed, name = now, self.document.name
        if now is None:
            self.document.text, self.document.stamp = "", None  # the text is nowhere else: quitting asks
            self._warn(f"{name} was removed by another program. Your text is here: saving writes it again.")
        elif self.modified:
            self._warn(f"{name} was changed by another program. Saving asks before it writes over that.")
        else:
            self._reload()

    def _reload(self) -> None:
        """The file's new text instead of its old one; the caret stays, and undo has the old text."""
        assert self.document.path is not None
        try:
            document = open_document(self.document.path)
        except KillahError as error:  # it is no text any more: ours is the better one
            self.complain(error)
            return
        start, end, new = changed(self._area.text, document.text)
        place = self._area.document.location
        self._area.history.checkpoint()
        with self._area.history.written(None):
            self._area.replace(new, place(start), place(end))
        self._area.history.checkpoint()
        self._area.fresh = False  # ghost text is for what the writer types
        self._take(document)
        what = f"{document.name} was changed by another program; this is its new text."
        self._app.notify(what, markup=False)

    def _warn(self, message: str) -> None:
        self._app.notify(message, severity="warning", timeout=LONG, markup=False)

    def forget(self) -> None:
        """The text is saved, or not wanted."""
        self._journal.discard()

    async def recover(self) -> None:
        """Ask about each unsaved text that an earlier session of this file left."""
        for found in left_behind(self._folder, self.document.path):
            answer = "forget" if found.text == self._area.text else await self._ask_about(found)
            if answer == "restore":
                with self._area.history.written(None):  # nobody knows any more
                    end = self._area.document.end
                    self._area.replace(found.text, (0, 0), end, maintain_selection_offset=False)
            if answer is not None:
                found.file.unlink(missing_ok=True)

    async def _ask_about(self, found: Recovered) -> str | None:
        when = datetime.fromtimestamp(found.changed).strftime("%d %B, %H:%M")
        words = count_words(found.text.split("\n"))
        file = self.document.stamp
        later = file is not None and file[-1] / 1e9 > found.changed + SOON
        since = " The file was changed since." if later else ""
        name = self.document.name
        return await self._app.push_screen_wait(
            Ask(
                f"An editor closed without saving {name} on {when}. It had {words:,} words.{since}",
                {"restore": "Restore that text (undo takes it back)", "forget": "Throw it away"},
            )
        )

    # Saving -----------------------------------------------------------------------------------------

    async def save(self) -> bool:
        """Write the file; False when it was not written."""
        if self.document.path is None:
            return await self.save_as()
        return await self._write(None)

    async def save_as(self) -> bool:
        """Ask for a name, and write there; asks again where that cannot be done."""
        name = str(self.document.path or self._place)
        while (path := await self._app.push_screen_wait(AskPath("Save as", name))) is not None:
            if await self._write(path):
                return True
            name = str(path)
        return False

    async def _write(self, path: Path | None, *, overwrite: bool = False) -> bool:
        try:
            self.document.save(self._area.text, path, overwrite=overwrite)
        except WouldOverwrite as error:
            answers = {"no": "No", "other": "Save under another name", "yes": "Yes, write over it"}
            answer = await self._app.push_screen_wait(Ask(f"{error} Write over it?", answers))
            if answer == "other":
                return await self.save_as()
            return answer == "yes" and await self._write(path, overwrite=True)
        except KillahError as error:
            self.complain(error)
            return False
        self.saved = f"saved {self._now():%H:%M}"
        self._take(self.document)
        return True

    # Leaving ----------------------------------------------------------------------------------------

    async def may_leave(self) -> bool:
        """Whether the text may go: it is saved, or the writer says so."""
        if not self.modified:
            return True
        answers = {"save": "Save", "drop": "Don't save", "stay": "Cancel"}
        answer = await self._app.push_screen_wait(Ask(f"Save changes to {self.document.name}?", answers))
        return await self.save() if answer == "save" else answer == "drop"

    async def open(self) -> None:
        """Ask for a file and show it instead."""
        path = await self._app.push_screen_wait(AskPath("Open", self._place))
        if path is None:
            return
        try:
            document = open_document(path)
        except KillahError as error:
            self.complain(error)
            return
        if await self.may_leave():
            await self._show(document)

    @property
    def _place(self) -> str:
        """The folder a new name is likely to be in, with its slash."""
        return f"{self.document.path.parent if self.document.path else Path.cwd()}/"

    async def new(self) -> None:
        """Show an empty text instead."""
        if await self.may_leave():
            await self._show(Document())

    async def _show(self, document: Document) -> None:
        self._area.load_text(document.text)
        self.saved = ""
        self._take(document)
        await self.recover()

    def _take(self, document: Document) -> None:
        self._journal.discard()
        self.document, self._noticed = document, document.stamp
        self._journal = Journal(self._folder, document.path)
        self._area.document.before_change = self._journal.record

"""Rewriting from the key to the text: which passage, in which style, and shown before it counts."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from textual.app import App

from killah.app.dialogs import Ask
from killah.app.passage import Passage, chosen
from killah.app.preview import Preview
from killah.app.protocol import Engine
from killah.app.rewriting import TASKS, Rewriting, Task
from killah.app.text_area import GhostTextArea, Origin
from killah.errors import KillahError


@dataclass(eq=False)
class _Wish:
    """What the writer asked for; `origin` tells whether they went on to something else since."""

    task: Task
    passage: Passage
    origin: Origin


class Revising:
    """At most one passage at a time. All methods run on the UI thread; `ask` asks, so in a worker.

    The preview opens by itself only while the writer waits for it: it never takes keys from somebody
    who goes on typing. They open it when they want, by any of the three commands.
    """

    def __init__(
        self,
        app: App,
        area: GhostTextArea,
        engine: Engine,
        complain: Callable[[KillahError], None],
        changed: Callable[[], None],
    ) -> None:
        self._app = app
        self._area = area
        self._engine = engine
        self._complain = complain
        self._changed = changed
        self._wish: _Wish | None = None
        self._rewriting: Rewriting | None = None
        self._preview: Preview | None = None

    @property
    def label(self) -> str:
        """For the status bar: what is being written and how far it is, or that it is there; or nothing."""
        if self._wish is None:
            return ""
        if self._rewriting is None or self._rewriting.running:
            words = len(self._rewriting.new.split()) if self._rewriting else 0
            done = f"writing {words:,} word{'' if words == 1 else 's'}" if words else self._wish.task.doing
            return f"{done}, Esc stops"
        return "" if self._preview else "new text ready, F8 shows it"

    async def ask(self, name: str, *, usual: bool = False, style: str = "") -> None:
        """Begin a task of `TASKS` with the selection or the paragraph, or show the one that is under way.

        In a `style`, or in the `usual` one, nobody is asked which.
        """
        if self._wish is not None:
            if self._rewriting is not None:
                self._show()
            return
        task, passage = TASKS[name], chosen(self._area.document, self._area.selection)
        if passage is None:
            self._app.notify("There are no words here. Select some, or put the caret in a paragraph.")
            return
        self._wish = wish = _Wish(task, passage, self._area.origin)
        self._changed()
        chosen_style = await self._style(wish, usual, style)
        if chosen_style is not None and self._wish is wish:
            self._begin(wish, chosen_style)
        elif self._wish is wish:
            self._end()

    def stop(self) -> None:
        """End what is under way; what is ready stays ready."""
        if self._rewriting is None or self._rewriting.running:
            self._end()

    def _begin(self, wish: _Wish, style: str) -> None:
        self._rewriting = Rewriting(
            self._area,
            self._engine,
            wish.task,
            style,
            wish.passage,
            changed=self._progress,
            ended=self._ended,
        )
        self._rewriting.another()

    def _end(self) -> None:
        if self._rewriting is not None:
            self._rewriting.stop()
        self._wish = self._rewriting = self._preview = None
        self._changed()

    # Style ------------------------------------------------------------------------------------------

    async def _style(self, wish: _Wish, usual: bool, asked: str) -> str | None:
        """The style to take, or None where the writer or the engine does not want to."""
        if not wish.task.styled:
            return ""
        try:
            styles = await self._learn_styles(wish.task)
        except KillahError as error:
            if self._wish is wish:
                self._complain(error)
            return None
        if asked:
            return self._known(asked, styles)
        if len(styles) < 2 or usual or self._wish is not wish:
            return styles[0] if styles else ""
        if not self._waited_for(wish):
            self._app.notify("The style was not asked for, as you went on writing.")
            return None
        question = Ask(f"{wish.task.title} in which style?", {style: style.capitalize() for style in styles})
        return await self._app.push_screen_wait(question)

    def _known(self, asked: str, styles: list[str]) -> str | None:
        if asked in styles:
            return asked
        hint = f"It can rewrite in these styles: {', '.join(styles)}." if styles else ""
        self._complain(KillahError("The model has not learned to rewrite like that.", hint))
        return None

    async def _learn_styles(self, task: Task) -> list[str]:
        """On its own thread: the engine waits for the model."""
        answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

        def settle(settled: Callable[[], None]) -> None:
            if not answer.done():
                settled()

        def learn() -> None:
            try:
                styles = self._engine.styles(task.name)
            except KillahError as error:
                failure = error
                self._area.call_later(settle, lambda: answer.set_exception(failure))
            else:
                self._area.call_later(settle, lambda: answer.set_result(styles))

        Thread(target=learn, name="styles", daemon=True).start()
        return await answer

    # Preview ----------------------------------------------------------------------------------------

    def _waited_for(self, wish: _Wish) -> bool:
        return self._area.origin == wish.origin and len(self._app.screen_stack) == 1

    def _progress(self) -> None:
        self._changed()
        if self._preview is not None:
            self._preview.draw_soon()
        elif self._wish and self._rewriting and self._rewriting.new and self._waited_for(self._wish):
            self._show()

    def _show(self) -> None:
        if self._rewriting is not None:
            self._preview = Preview(self._rewriting)
            self._app.push_screen(self._preview, self._closed)

    def _closed(self, _: None) -> None:
        self._end()

    def _ended(self, error: KillahError | None, text: str) -> None:
        if error is not None:
            self._complain(error)
        elif not text:
            self._app.notify("The model adds nothing here.")
        if self._rewriting is None:
            return
        if not self._rewriting.candidates:
            self._leave()
            return
        if self._preview is not None:
            self._preview.draw()
        elif self._wish is not None and not self._waited_for(self._wish):
            self._app.notify("The new text is ready: F8 shows it.")
        self._progress()

    def _leave(self) -> None:
        if self._preview is not None:
            self._preview.dismiss(None)
        else:
            self._end()

"""`killah write` and bare `killah`: the editor."""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from killah.cli.output import print_json
from killah.errors import KillahError


def register(app: typer.Typer) -> None:
    """Add `write` to the root."""
    app.command("write", epilog="Example: killah write draft.md --persona default")(write)


def write(
    file: Annotated[
        str | None,
        typer.Argument(help="Text file; made when you save, if there is none.", show_default=False),
    ] = None,
    persona: Annotated[
        str | None,
        typer.Option(help="Persona (or saki=0.7,wells=0.3) whose writing counts; 'none' for nobody's."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Base model, by name or folder.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary of the session at the end.")
    ] = False,
) -> None:
    """Open a file in the editor, with ghost text while you type. F1 shows the keys."""
    open_editor(file, persona=persona, model=model, as_json=as_json)


def open_editor(
    path: str | None, *, persona: str | None = None, model: str | None = None, as_json: bool = False
) -> None:
    """Run the editor until it is closed. Raises `KillahError` where there is no terminal, or no such text."""
    # Textual draws at most 60 times a second; a key that comes just after a frame would wait 16 ms.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from killah import paths
    from killah.app.document import Document, open_document
    from killah.app.terminal import need_terminal, quiet_stderr
    from killah.config import load
    from killah.persona import blends

    need_terminal(drawing_on_stdout=not as_json)
    if persona not in (None, "none"):
        blends.check(persona)
    settings = load()
    changes = {key: value for key, value in (("persona", persona), ("model", model)) if value is not None}
    settings = settings.model_copy(update=changes)
    if model is not None:
        _there(model)
    document = open_document(Path(path)) if path else Document()
    log = paths.state_dir() / "editor.log"
    with quiet_stderr(log):
        from killah.app.editor import Editor
        from killah.engine import Engine

        # The model's thread may keep Python from the keys this long at a time (5 ms otherwise), and the
        # garbage collector is not to walk through all that was imported (20 ms).
        sys.setswitchinterval(0.0005)
        gc.freeze()
        with Engine(settings) as engine:
            editor = Editor(document, engine, settings)
            summary = editor.run()
    if (code := editor.return_code or 0) > 1:  # a signal
        print("killah: The editor was ended. Unsaved text is kept: open the file again.", file=sys.stderr)
        sys.exit(code)
    if code:
        raise KillahError(
            f"The editor stopped on an error; see {log}.",
            "Your text is kept: open the file again to restore it.",
        )
    if as_json:
        print_json(summary)


def _there(model: str) -> None:
    """Raise `KillahError` unless a model of that name is installed: the editor would open and stay silent."""
    from killah.gemma import catalog

    catalog.find(model)

"""The command line. One small file a verb group: parse, call, print. Heavy imports live in functions."""

import errno
import io
import os
import signal
import sys

import typer

from killah import __version__
from killah.cli import (
    adapters,
    compose,
    config,
    demo,
    doctor,
    generate,
    index,
    models,
    rewrite,
    train,
    vocabulary,
    write,
)
from killah.cli.export import commands as export
from killah.cli.listing import Group
from killah.cli.persona import commands as persona
from killah.cli.speech import dictate, speak, talk, transcribe
from killah.errors import KillahError

app = typer.Typer(
    name="killah",
    cls=Group,
    help="A writing assistant that lives on this machine and writes like you.",
    epilog="Start with: killah index ~/Documents, then: killah write draft.md",
    no_args_is_help=False,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
write.register(app)
generate.register(app)
rewrite.register(app)
dictate.register(app)
transcribe.register(app)
speak.register(app)
talk.register(app)
index.register(app)
app.add_typer(persona.app, name="persona", cls=Group)
app.add_typer(vocabulary.app, name="vocabulary", cls=Group)
app.add_typer(models.app, name="models", cls=Group)
app.add_typer(adapters.app, name="adapters", cls=Group)
app.add_typer(compose.app, name="compose", cls=Group)
app.add_typer(export.app, name="export", cls=Group)
app.add_typer(train.app, name="train", cls=Group)
app.add_typer(config.app, name="config", cls=Group)
doctor.register(app)
demo.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"killah {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001 - typer calls _version
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """A writing assistant that lives on this machine and writes like you. Alone, it opens the editor."""
    if context.invoked_subcommand is None:
        write.open_editor(None)


def main() -> None:
    """Run the command line; every `KillahError` becomes one line on stderr and exit code 1."""
    _speak_unicode()
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:  # None where a script has closed it
                sys.stdout.flush()
    except KillahError as error:
        print(f"killah: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        # The reader (head, less) has gone: nobody is left to tell.
        _end_output()
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        _end_output()
        print(f"killah: Cannot write the output: {(error.strerror or '').lower()}.", file=sys.stderr)
        sys.exit(1)


def _speak_unicode() -> None:
    """UTF-8 into files and pipes; a terminal of another encoding gets a ? for what it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and "utf" not in stream.encoding.lower():
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8")


def _end_output() -> None:
    """What is still to be written goes nowhere, and nobody hears of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

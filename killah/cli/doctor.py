"""`killah doctor`: what works on this machine, and what to do about what does not."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import typer

from killah.cli.output import JSON, print_json
from killah.errors import KillahError


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it works, what was found or what to do."""

    subject: str
    ok: bool
    detail: str


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("doctor", epilog="Example: killah doctor --json")(doctor)


def doctor(as_json: bool = JSON) -> None:
    """Look whether all is well here.

    Device, models, adapters, persona, memory, sound and terminal: each line is ok or says what to do.
    """
    findings = []
    for check in (
        _settings,
        _device,
        _model,
        _adapters,
        _embedder,
        _persona,
        _memory,
        _disk,
        _sound,
        _terminal,
    ):
        found = list(_guarded(check))
        findings += found
        if not as_json:
            for finding in found:
                typer.echo(f"{'ok ' if finding.ok else '!  '} {finding.subject:<10} {finding.detail}")
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except KillahError as error:
        yield Finding(check.__name__.strip("_"), False, str(error))


def _settings() -> Iterator[Finding]:
    from killah import config, paths

    config.load()
    yield Finding("settings", True, str(paths.config_file()))


def _device() -> Iterator[Finding]:
    from importlib.metadata import version

    from killah import devices

    device = devices.prepare()
    yield Finding("device", True, f"{device.kind}, MLX {version('mlx')}, mlx-lm {version('mlx-lm')}")
    if device.kind == "cpu":
        fast = device.blas is not None and "openblas" in device.blas
        advice = (
            ""
            if fast
            else " Install OpenBLAS (Debian: libopenblas0-pthread) to read text 2 to 5 times faster."
        )
        yield Finding(
            "blas", device.blas is not None, f"{device.blas or 'reference BLAS: very slow.'}{advice}"
        )


def _model() -> Iterator[Finding]:
    from killah import config
    from killah.gemma import catalog, manifest

    about = manifest.read_verified(catalog.find(config.load().model))
    yield Finding("model", True, f"{about.name}, {about.parameters / 1e6:,.1f} M parameters, files verified")


def _adapters() -> Iterator[Finding]:
    from killah import config
    from killah.adapters import catalog as adapters
    from killah.adapters import package
    from killah.engine import compositions
    from killah.gemma import catalog, manifest

    folder = catalog.find(config.load().model)
    about = manifest.read(folder)
    compositions.load()
    names = []
    for each in adapters.installed(about.name):
        package.read(each.folder, about, base_folder=folder)
        names.append(each.name)
    advice = "" if names else f" {about.name} works without, but cannot rephrase, summarise or tell stories."
    yield Finding("adapters", True, f"{', '.join(names) or 'none.'}{advice}")


def _embedder() -> Iterator[Finding]:
    from killah import config
    from killah.persona.embedding import find

    name = config.load().embedder
    yield Finding("embedder", True, f"{name} at {find(name)}")


def _persona() -> Iterator[Finding]:
    """The personas in use: none yet is no failure, unless one was named."""
    from killah import config
    from killah.persona import blends, personas
    from killah.persona.store import Store

    used = config.load().persona
    usual = (config.Settings().persona, personas.NOBODY)
    if used in usual and not blends.usable(used):
        yield Finding("persona", True, "none; to sound like you: killah index ~/Documents")
        return
    for name in blends.parse(used):
        with Store.open(personas.existing(name)) as store:
            counts, paused = store.counts(), store.setting("paused")
        documents = f"{counts['documents']:,} document{'s' if counts['documents'] != 1 else ''}"
        size = f"{documents}, {counts['words']:,} words"
        yield Finding("persona", True, f"{name}: {size}{', paused' if paused else ''}")


def _memory() -> Iterator[Finding]:
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / 2**30, memory.total / 2**30
    advice = "" if free > 1 else " Close something: Killah needs about 1 GB."
    yield Finding("memory", free > 1, f"{free:.1f} of {total:.1f} GB free.{advice}")


def _disk() -> Iterator[Finding]:
    from killah import paths

    folder = paths.private_dir(paths.data_dir())
    free = shutil.disk_usage(folder).free / 2**30
    writable = os.access(folder, os.W_OK)
    advice = (
        ""
        if free > 0.5 and writable
        else " Free some space, or set KILLAH_HOME to a folder you can write to."
    )
    yield Finding("disk", free > 0.5 and writable, f"{folder}, {free:.1f} GB free.{advice}")


def _sound() -> Iterator[Finding]:
    """Nothing of it is needed to write: what is missing is advice, not a failure."""
    yield Finding("encoder", True, _advised(_encoder))
    yield Finding("microphone", True, _advised(_microphone))
    yield Finding("speech out", True, _advised(_speech_out))


def _encoder() -> str:
    from killah import config
    from killah.audio.encoder import SpeechEncoder

    name = config.load().encoder
    encoder = SpeechEncoder.load(SpeechEncoder.find(name))
    letters = "" if encoder.letters else " It has no letters to dictate with: take ear-nano."
    return f"{name}, a frame each {1000 * encoder.seconds_per_frame:.0f} ms.{letters}"


def _microphone() -> str:
    from killah.audio.capture.inputs import devices

    found = devices()
    return ", ".join(each.name for each in found) or "none; connect one, or allow this terminal to use it."


def _speech_out() -> str:
    from killah.audio.synthesis.voices import program

    return f"{len(program().voices)} voices"


def _advised(look: Callable[[], str]) -> str:
    try:
        return look()
    except KillahError as error:
        return str(error)


def _terminal() -> Iterator[Finding]:
    columns, rows = shutil.get_terminal_size()
    kind = os.environ.get("COLORTERM") or os.environ.get("TERM", "unknown")
    wide = columns >= 40
    advice = "" if wide else " The editor is better with 40 columns or more."
    yield Finding("terminal", wide, f"{columns} x {rows}, {kind}.{advice}")

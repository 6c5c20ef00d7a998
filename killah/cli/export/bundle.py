"""`killah export executorch|adapter|check|run`: a composition as a bundle for ExecuTorch."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from killah.cli.export import parts
from killah.cli.export.options import NOBODY, Base, Composition, Force, somebody
from killah.cli.output import JSON, print_json
from killah.cli.steps import steps
from killah.errors import KillahError

if TYPE_CHECKING:
    import numpy as np

    from killah.export.executorch.manifest import Manifest

Bundle = Annotated[Path, typer.Argument(help="Folder of a bundle.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to `killah export`."""
    app.command(epilog="Example: killah export executorch --composition continue --out ./continue")(
        executorch
    )
    app.command(epilog="Example: killah export adapter ./continue --composition story")(adapter)
    app.command(epilog="Example: killah export check ./continue --json")(check)
    app.command(epilog="Example: killah export run ./continue --prompt 'It was'")(run)


def executorch(
    composition: Composition,
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    backend: Annotated[
        Literal["xnnpack", "mlx", "coreml", "portable"], typer.Option(help="What computes on the device.")
    ] = "xnnpack",
    quantize: Annotated[
        Literal["int4", "int8", "none"] | None,
        typer.Option(help="Weights; int4 where the backend knows it, if left out.", show_default=False),
    ] = None,
    persona: Annotated[
        str | None,
        typer.Option(callback=somebody, help="Persona (or saki=0.7,wells=0.3) whose soft tokens go in."),
    ] = None,
    context: Annotated[int, typer.Option(help="Tokens that a text may have.", min=8)] = 2048,
    rank: Annotated[
        int | None,
        typer.Option(help="Room for adapters; enough for every task if left out.", min=1, show_default=False),
    ] = None,
    attention: Annotated[
        Literal["fused", "plain"],
        typer.Option(help="fused is faster and needs ExecuTorch's llama kernels, plain does not."),
    ] = "fused",
    merge: Annotated[bool, typer.Option("--merge", help="Put LoRAs into the weights: one file.")] = False,
    base: Base = None,
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """One program for phones and other apps, with adapters that swap; compared with MLX before it is done."""
    _need()
    made_of = parts.of_bundle(composition, base, persona)
    _load()
    if quantize is None:
        quantize = "int4" if backend in ("xnnpack", "mlx") else "none"
    layers, usual = parts.room(made_of.composed, hears=made_of.ear is not None)
    from killah.export.executorch import bundle, describing
    from killah.export.executorch.wish import Wish

    wish = Wish(
        out,
        backend,
        quantize,
        attention,
        context,
        rank=rank or usual,
        layers=layers,
        merge=merge,
        force=force,
    )
    with steps() as step:
        about = bundle.export(made_of, wish, step)
    if as_json:
        print_json({"folder": str(out)} | about.model_dump(exclude={"slot", "cards"}))
        return
    typer.echo(
        f"Wrote {out}: {about.base} for {about.backend}, {about.precision}, {about.bytes / 1e6:.1f} MB."
    )
    typer.echo(
        describing.described(about, about.parity) if about.parity else f"Not checked: {about.unchecked}."
    )
    for method, why in about.absent.items():
        typer.echo(f"No {method}: {why}.")
    for method, share in about.delegated.items():
        if share < 1 and about.backend != "portable":
            left = ", ".join(f"{name} {count}" for name, count in about.left[method].items())
            typer.echo(f"{method}: the backend took {share:.0%} of the operators; left: {left}")


def adapter(
    folder: Bundle,
    composition: Composition,
    persona: Annotated[str | None, typer.Option(callback=somebody, help="Whose own LoRA takes part.")] = None,
    force: Force = False,
    as_json: bool = JSON,
) -> None:
    """Another composition for a bundle's program, as one more small file: nothing is lowered again."""
    _need()
    from killah.export.executorch import manifest

    about = manifest.read_verified(folder)
    made, task = parts.gather(composition, about.base, persona)
    _load()
    from killah.export.executorch import swapping

    made_of = swapping.add(folder, made, task.mix, force=force)
    size = manifest.read(folder).files[made_of.file].bytes
    if as_json:
        print_json({"file": str(folder / made_of.file), "bytes": size} | made_of.model_dump())
    else:
        typer.echo(f"Wrote {folder / made_of.file}, {size / 1e6:.1f} MB.")


def check(
    folder: Bundle,
    audio: Annotated[Path | None, typer.Option(help="A recording to hear.")] = None,
    persona: Annotated[str | None, typer.Option(help="A persona to project.")] = None,
    as_json: bool = JSON,
) -> None:
    """Compare a bundle with the same composition in MLX. Exit code 1 if they differ."""
    _need()
    from killah.export.executorch import manifest

    about = manifest.read(folder)
    _load()
    from killah.export.executorch import check as checking
    from killah.export.executorch import describing

    name = persona or (about.persona.name if about.persona else "")
    vector = _vector(name, about) if name else None
    found = checking.check(folder, _sound(audio), vector)
    if as_json:
        parity = found.parity.model_dump() if found.parity else None
        print_json({"parity": parity, "probe": found.probe.model_dump(), "unchecked": found.unchecked})
    elif found.parity:
        verdict = "the same" if found.parity.passed else "DIFFERENT"
        typer.echo(f"{folder} and MLX are {verdict}: {describing.described(about, found.parity)}.")
    else:
        typer.echo(f"{folder} is whole, but not checked: {found.unchecked}.")
    if found.parity and not found.parity.passed and not as_json:
        raise typer.Exit(1)


def run(
    folder: Bundle,
    prompt: Annotated[str, typer.Option(help="Text to go on from.")] = "",
    audio: Annotated[Path | None, typer.Option(help="A recording that stands before the text.")] = None,
    persona: Annotated[
        str | None, typer.Option(help="Persona whose soft tokens stand first; 'none' for nobody's.")
    ] = None,
    use: Annotated[str, typer.Option("--adapter", help="One of the bundle's; its own if left out.")] = "",
    max_tokens: Annotated[int, typer.Option(help="Tokens to write at most.", min=1)] = 128,
    as_json: bool = JSON,
) -> None:
    """Write with a bundle in ExecuTorch's runtime, the likeliest words; a recording alone is written down."""
    _need()
    if not prompt and audio is None:
        raise KillahError("There is nothing to go on from.", "Give --prompt TEXT or --audio FILE.")
    from killah.export.executorch import manifest

    manifest.read(folder)
    sound = _sound(audio)
    _load()
    from killah.export.executorch import transcribing, writing
    from killah.export.executorch.running import Program

    program = Program(folder, use)
    if sound is not None and not prompt:
        _put(transcribing.words(program, folder, sound), as_json)
        return
    soft = None
    if persona is None:
        soft = program.persona()
    elif persona != NOBODY:
        soft = program.project(_vector(persona, program.about))
    _put(writing.stream(program, folder, prompt, soft, sound, max_tokens), as_json)


def _put(pieces: Iterator[str], as_json: bool) -> None:
    """Text as it comes, or all at once."""
    if as_json:
        print_json({"text": "".join(pieces).rstrip(" ")})
        return
    for piece in pieces:
        typer.echo(piece, nl=False)
    typer.echo()


def _need() -> None:
    """Say how to install what bundles are made with, where it is missing."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "executorch", "torchao")):
        raise KillahError("ExecuTorch is not installed.", "Run: pip install 'killah[export]'")


def _load() -> None:
    """Import what bundles are made with: seconds, so what can be refused without is refused before."""
    from killah.export.executorch.quiet import quiet

    with quiet():  # they tell of optional parts that are not there
        importlib.import_module("killah.export.executorch.bundle")


def _vector(persona: str, about: "Manifest") -> "np.ndarray":
    if about.persona is None:
        raise KillahError("This bundle knows no personas.", "Export it with --persona NAME.")
    return parts.vector(persona, about.persona.width)


def _sound(path: Path | None) -> "np.ndarray | None":
    from killah.audio.recordings import files

    return None if path is None else files.read(path)

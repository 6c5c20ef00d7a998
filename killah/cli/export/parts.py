"""What goes out, of what is installed: a composition's LoRAs, and for a bundle projectors, persona, ear."""

from typing import TYPE_CHECKING, Any, Literal

from killah.errors import KillahError

if TYPE_CHECKING:
    import numpy as np

    from killah.adapters.package import Adapter
    from killah.engine.compositions import Composition
    from killah.export.composed import Composed
    from killah.export.executorch.wish import Parts
    from killah.gemma.stack import Merge


def of_bundle(text: str, base: str | None, persona: str | None) -> "Parts":
    """What goes into a bundle, of what is installed."""
    from killah.export.executorch.wish import Parts

    made, task = gather(text, base, persona)
    absent: dict[str, str] = {}
    persona_projector = _projector("persona", made, task, absent, asked=persona is not None)
    audio_projector = _projector("audio", made, task, absent)
    ear = _ear() if audio_projector else None
    read = None
    if persona is not None:
        if persona_projector is None:
            raise KillahError(
                f"There is no persona projector for {made.about.name}.", "Train one: killah train"
            )
        read = vector(persona, persona_projector.card.input_width or 0)
    return Parts(
        made, persona_projector, audio_projector, ear, persona or "", read, task.mix, tuple(absent.items())
    )


def gather(
    text: str, base: str | None, persona: str | None, *, how: "Merge | None" = None, soft: bool = True
) -> "tuple[Composed, Composition]":
    """A task's LoRAs, or a list's; none of an empty text. `how` they merge, if not as the task says.

    Where prompts have `soft` tokens, standing members take part as far as there is something for them to
    read, and a persona without a LoRA of its own has the common one. Where there are none, standing members
    take part only where they are named, and a persona is its LoRA.
    """
    from killah import config
    from killah.adapters import personal
    from killah.engine import compositions
    from killah.export import composed
    from killah.gemma import catalog, manifest

    folder = catalog.find(base or config.load().model)
    about, known = manifest.read(folder), compositions.load()
    if text in known:
        task = known[text]
        read = {"persona": persona is not None, "audio": "audio" in task.projectors} if soft else {}
        members = {n: weight for n, weight in task.members.items() if n in task.loras or read.get(n)}
        required = [task.needs] if task.needs else []
    else:
        members = composed.parse(text) if text else {}
        required = list(members)
        _check(required, about.name, list(known))
        task = compositions.Composition(loras=members, projectors=("persona",))
    own = persona if not soft or (persona and about.name in personal.trained().get(persona, [])) else None
    made = composed.gather(
        folder, members, how or task.merge, name=text, mix=task.mix, required=required, persona=own
    )
    return made, task


def _check(adapters: list[str], base: str, tasks: list[str]) -> None:
    """Raise `KillahError` for the first adapter that is not there, with what there is."""
    from killah.adapters import catalog

    here = {each.name for each in catalog.installed(base)}
    if missing := next((name for name in adapters if name not in here), None):
        raise KillahError(
            f"There is no composition or adapter {missing!r} for {base}.",
            f"Compositions: {', '.join(tasks)}. Adapters: {', '.join(sorted(here)) or 'none'}.",
        )


def _projector(
    role: Literal["persona", "audio"],
    made: "Composed",
    task: "Composition",
    absent: dict[str, str],
    *,
    asked: bool = False,
) -> "Adapter | None":
    """A projector that the task takes; where there is none, `absent` is told why."""
    from killah.adapters import catalog, package

    method = "audio_encoder" if role == "audio" else "persona_projector"
    name, base = f"{role}-projector", made.about
    if role not in task.projectors and not asked:
        absent[method] = f"{made.name} takes no {role}"
        return None
    if all(each.name != name for each in catalog.installed(base.name)):
        absent[method] = f"no {name} is installed for {base.name}"
        return None
    return package.read(catalog.find(name, base.name), base, base_folder=made.folder)


def _ear() -> Any:
    from killah import config
    from killah.audio.encoder import SpeechEncoder
    from killah.audio.encoders.wav2vec2 import Wav2Vec2

    ear = SpeechEncoder.load(SpeechEncoder.find(config.load().encoder))
    if not isinstance(ear, Wav2Vec2):
        raise KillahError(f"{ear.name} is no Wav2Vec2: it cannot be exported.", "Choose another encoder.")
    return ear


def room(made: "Composed", *, hears: bool) -> tuple[tuple[str, ...], int]:
    """The layers that adapters of this base change, and the rank of the widest task that a bundle serves.

    Without ears it serves none with audio in its prompt, and the audio adapter is silent in the others.
    """
    from killah.adapters import catalog, shapes
    from killah.engine import compositions

    cards = {each.name: each.card for each in catalog.installed(made.about.name) if each.card}
    loras = {name: card for name, card in cards.items() if card.kind == "lora"}
    targets = {target for card in loras.values() for target in card.target_modules}
    layers = [name for name in shapes.linears(made.folder) if name.rpartition(".")[2] in targets]
    served = [task for task in compositions.load().values() if hears or "audio" not in task.projectors]
    widths = [
        sum(loras[name].rank or 0 for name in task.members if name in loras and (hears or name != "audio"))
        for task in served
    ]
    own = sum(each.adapter.card.rank or 0 for each in made.loras)
    return tuple(layers), max([own, *widths])


def vector(persona: str, width: int) -> "np.ndarray":
    """A persona as the projector reads it."""
    from killah import config
    from killah.export.executorch import persona as reading

    return reading.vector(persona, config.load().embedder, width)

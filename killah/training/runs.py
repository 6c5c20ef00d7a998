"""One call from a configuration to a finished package."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from killah import paths
from killah.errors import KillahError
from killah.gemma import base, catalog
from killah.gemma.trees import flat
from killah.stopping import Stop
from killah.training import checkpoint, config, memory
from killah.training.config import Config
from killah.training.group import Group
from killah.training.stages import Stage
from killah.training.trainer import Report, Trainer
from killah.training.watchdog import Watchdog

RESULT = "adapter"  # folder of the finished package, inside the run's


def _lora(loaded: base.Base, settings: Config) -> Stage:
    from killah.training.stages.lora import LoraStage

    return LoraStage(loaded, settings)


def _persona_projector(loaded: base.Base, settings: Config) -> Stage:
    from killah.training.stages.persona_projector import PersonaProjectorStage

    return PersonaProjectorStage(loaded, settings)


def _audio_projector(loaded: base.Base, settings: Config) -> Stage:
    from killah.training.stages.audio_projector import AudioProjectorStage

    return AudioProjectorStage(loaded, settings)


def _audio_lora(loaded: base.Base, settings: Config) -> Stage:
    if not settings.audio_projector:
        raise KillahError("There is no audio projector to learn behind.", "Name one with audio_projector.")
    return _lora(loaded, settings)


def _compose(loaded: base.Base, settings: Config) -> Stage:
    from killah.training.stages.compose import ComposeStage

    return ComposeStage(loaded, settings)


def _codes(loaded: base.Base, settings: Config) -> Stage:
    from killah.training.stages.codes import CodesStage

    return CodesStage(loaded, settings)


STAGES: dict[str, Callable[[base.Base, Config], Stage]] = {
    "lora": _lora,
    "persona-projector": _persona_projector,
    "audio-projector": _audio_projector,
    "audio-lora": _audio_lora,
    "compose": _compose,
    "codes": _codes,
}


def say(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr, flush=True)


def run(
    stage: str,
    file: Path,
    overrides: Sequence[str] = (),
    report: Report = lambda _: None,
    *,
    warn: Callable[[str], object] = say,
    stop: Stop | None = None,
) -> dict[str, Any]:
    """Train a stage by a configuration file; returns the figures of the best state and where the package is.

    A run that was interrupted goes on from its last checkpoint. `stop` ends it after a step, as Ctrl-C does:
    with `KeyboardInterrupt`. Raises `KillahError` for an unknown stage, a bad file or bad rows, a loss that
    is no number, or a machine that is too small (with what to lower; `warn` says so before, where it looks
    like it).
    """
    if stage not in STAGES:
        raise KillahError(f"There is no training stage {stage!r}.", f"Known: {', '.join(STAGES)}.")
    settings = config.read(file, overrides)
    group = Group()
    if group.rank:
        return _train(stage, settings, group, report, stop)[2]
    with alone(paths.private_dir(settings.adapter_path)):
        loaded, part, figures = _train(stage, settings, group, report, stop, warn)
        return _publish(loaded, part, settings, figures)


def _train(
    stage: str,
    settings: Config,
    group: Group,
    report: Report,
    stop: Stop | None,
    warn: Callable[[str], object] = lambda _: None,
) -> tuple[base.Base, Stage, dict[str, Any]]:
    watchdog = Watchdog(settings.hang_seconds if group.size > 1 else float("inf"), group.rank)
    with watchdog:
        loaded = base.load(catalog.find(settings.model))
        weights = weight_bytes(loaded)
        watchdog.beat()
        part = STAGES[stage](loaded, settings)
        watchdog.beat()
        identity = {"stage": stage, "base": loaded.manifest.fingerprint}
        trainer = Trainer(
            part, settings, settings.adapter_path, group, identity=identity, stop=stop, beat=watchdog.beat
        )
        sized = settings if stage == "lora" else memory.bare(settings)
        with memory_watched(loaded, part, sized, weights, warn):
            return loaded, part, trainer.run(report)


def weight_bytes(loaded: base.Base) -> int:
    """What a model takes before anything is trained in it."""
    return sum(value.nbytes for value in flat(loaded.model.parameters()).values())


@contextmanager
def memory_watched(
    loaded: base.Base,
    part: Stage,
    settings: Config,
    weights: int,
    warn: Callable[[str], object] = lambda _: None,
) -> Iterator[None]:
    """Warn where a step may not fit beside the base's `weights` (bytes).

    Raises `KillahError` that says what to lower where it did not fit.
    """
    length = max(len(row.ids) for row in part.train)
    step = memory.Step(loaded.model.config, settings, length, weights, memory.activation_bytes())
    _warn_if_tight(step, warn)
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not memory.exhausted(error):
            raise
        raise KillahError(
            "The machine ran out of memory.", memory.advice(memory.remedies(step, 0))
        ) from error


def _warn_if_tight(step: memory.Step, warn: Callable[[str], object]) -> None:
    need = memory.lora_step(step).total
    room = int(memory.SHARE * memory.free()) + step.weights  # which are there already
    if need > room:
        warn(
            f"A step may need {memory.gigabytes(need)}, and {memory.gigabytes(room)} are free. "
            f"{memory.advice(memory.remedies(step, room))}"
        )


def _publish(loaded: base.Base, part: Stage, settings: Config, figures: dict[str, Any]) -> dict[str, Any]:
    folder = settings.adapter_path
    result = folder / RESULT
    best = checkpoint.load_best(folder)
    metrics = {
        "steps": figures["step"],
        "tokens": figures["tokens"],
        "validation_nats": round(figures["valid"], 4),
    }
    part.publish(best, metrics, result)
    if settings.install:
        place = paths.adapters_dir() / loaded.manifest.name / settings.name
        part.publish(best, metrics, place)
        result = place
    return figures | {
        "adapter": str(result),
        "log": str(folder / "log.jsonl"),
        "curve": str(folder / "curve.png"),
    }


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else trains in `folder`. Raises `KillahError`. The lock goes with the process that holds it."""
    with os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise KillahError(
                f"Another process is training in {folder}.", "Wait for it, or choose another adapter_path."
            ) from error
        yield

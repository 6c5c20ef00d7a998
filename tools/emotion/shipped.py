"""From recordings to models/emotion: chosen over training speakers; test speakers are measured once, last."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from killah.audio.emotion import CARD, WEIGHTS, Card, fingerprint
from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.metrics.intervals import Estimate
from tools.emotion.fitting import Choice, Fitted, figures, fit, unheard
from tools.emotion.measured import COPIES, Measured, measure, read
from tools.evaluate.report import as_text, progress

TRAINING = (
    "Berlin Database of Emotional Speech (EmoDB, Burkhardt et al. 2005): {clips} clips of {speakers} German "
    "actors who play seven emotions in ten sentences, clean and in {copies} augmented copies; speakers "
    "{tested} were kept for the test"
)
LICENCE = "Apache-2.0 (weights); data: CC0-1.0 as audEERING's dataset definition declares"


def ship(manifest: Path, folder: Path, out: Path) -> None:
    """Print how well each choice does, and write the best. Raises `KillahError`."""
    encoder = Wav2Vec2(folder)
    progress("hearing all clips")
    measured = measure(read(manifest), encoder)
    tested = measured.splits == "test"
    train, test = measured.where(~tested), measured.where(tested)
    best = _best(train, encoder.config.num_hidden_layers)
    progress(f"chosen: {best}")
    fitted = fit(best, train)
    found: dict[str, Any] = {
        "commonest label": figures(test, [_commonest(train)] * len(test.labels)),
        "prosody": figures(test, fit(Choice(True), train).guesses(test)),
        str(best): figures(test, fitted.guesses(test)),
    }
    print(as_text({"test speakers": found}))
    _write(out, _card(folder, fitted, train, test, found[str(best)]), fitted)


def choices(layers: int) -> list[Choice]:
    """What is tried: prosody, every layer, both, mixtures of layers."""
    single = [(layer,) for layer in range(layers + 1)]
    pairs = [(layer, layer + 2) for layer in range(layers - 2)]
    every = tuple(range(layers + 1))
    return [
        Choice(True),
        *(Choice(False, layer) for layer in single),
        Choice(False, every, mixed=True),
        *(Choice(True, layer) for layer in [*single, *pairs]),
        Choice(True, every, mixed=True),
    ]


def _best(train: Measured, layers: int) -> Choice:
    """The choice with the highest mean of macro-F1 on clean and augmented clips of unheard speakers."""
    scores: dict[Choice, float] = {}
    for choice in choices(layers):
        found = figures(train, unheard(choice, train))
        scores[choice] = sum(_value(found, name, "macro_f1") for name in found) / len(found)
        cells = [f"{_value(found, name, what):.3f}" for name in found for what in found[name]]
        progress(f"{choice!s:45} {' '.join(cells)}")
    return max(scores, key=lambda choice: scores[choice])


def _value(found: dict[str, dict[str, Estimate]], name: str, what: str) -> float:
    return found[name][what].value


def _commonest(train: Measured) -> str:
    labels, counts = np.unique(train.labels, return_counts=True)
    return str(labels[counts.argmax()])


def _card(
    folder: Path, fitted: Fitted, train: Measured, test: Measured, found: dict[str, dict[str, Estimate]]
) -> Card:
    return Card(
        labels=fitted.labels,
        prosody=train.names if fitted.choice.prosody else [],
        encoder=folder.name,
        encoder_sha256=fingerprint(folder),
        layers=list(fitted.choice.layers),
        language="German, acted",
        training=TRAINING.format(
            clips=int((train.copies == 0).sum()),
            speakers=len(set(train.speakers)),
            copies=COPIES,
            tested=" and ".join(sorted(set(test.speakers))),
        ),
        licence=LICENCE,
        metrics={
            f"{name}_{what}": round(_value(found, name, what), 4) for name in found for what in found[name]
        },
    )


def _write(out: Path, card: Card, fitted: Fitted) -> None:
    out.mkdir(parents=True, exist_ok=True)
    names = ("mean", "deviation", "weight", "bias")
    save_file({name: getattr(fitted, name).astype(np.float32) for name in names}, out / WEIGHTS)
    (out / CARD).write_text(card.model_dump_json(indent=2) + "\n", "utf-8")

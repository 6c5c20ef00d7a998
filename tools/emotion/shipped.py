"""From recordings to models/emotion: chosen over training speakers; test speakers are measured once, last."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.audio.recognition.emotion import CARD, WEIGHTS, Card, fingerprint
from killah.metrics.classes import accuracy
from killah.metrics.intervals import Estimate
from tools.emotion.fitting import Choice, Fitted, figures, fit, unheard
from tools.emotion.measured import COPIES, Measured, measure, read, read_aloud, together
from tools.evaluate.report import as_text, progress

TRAINING = (
    "Berlin Database of Emotional Speech (EmoDB, Burkhardt et al. 2005): {clips} clips of {speakers} German "
    "actors who play seven emotions in ten sentences; as neutral, {aloud} clips of English read aloud "
    "(speechocean762, kathleen, LibriSpeech train-clean-100); each clean and in {copies} augmented copies; "
    "speakers {tested} were kept for the test"
)
# Clips of English read aloud that are learned as neutral: without them every reader is bored.
READ_ALOUD = {"so762": 34, "kathleen": 33, "ls_tc": 33}
TESTED_ALOUD = {"so762": 60, "ls_to": 50}  # speakers that were not heard
LICENCE = (
    "Apache-2.0 (weights); data: EmoDB CC0-1.0 as audEERING's dataset definition declares, speechocean762 "
    "Apache-2.0, kathleen CC0-1.0, LibriSpeech CC BY 4.0"
)


def ship(manifest: Path, folder: Path, out: Path) -> None:
    """Print how well each choice does, and write the best. Raises `KillahError`."""
    encoder, sha256 = Wav2Vec2(folder), fingerprint(folder)
    progress("hearing all clips")
    acted = measure(read(manifest), encoder)
    neutral, unheard_neutral = (
        measure(read_aloud(manifest, names, tested=tested), encoder)
        for names, tested in ((READ_ALOUD, False), (TESTED_ALOUD, True))
    )
    tested = acted.splits == "test"
    train, test = acted.where(~tested), acted.where(tested)
    best = _best(train, neutral, encoder.config.num_hidden_layers)
    progress(f"chosen: {best}")
    fitted = fit(best, together(train, neutral))
    found: dict[str, Any] = {
        "commonest label": figures(test, [_commonest(train)] * len(test.labels)),
        "prosody": figures(test, fit(Choice(True), together(train, neutral)).guesses(test)),
        "without English": figures(test, fit(best, train).guesses(test)),
        str(best): figures(test, fitted.guesses(test)),
    }
    print(as_text({"test speakers": found}))
    aloud = {
        name: _called_neutral(fitter, unheard_neutral)
        for name, fitter in (("without English", fit(best, train)), (str(best), fitted))
    }
    print(as_text({"English read aloud, called neutral": aloud}))
    _write(out, _card(folder.name, sha256, fitted, train, test, found[str(best)], aloud[str(best)]), fitted)


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


def _called_neutral(fitted: Fitted, aloud: Measured) -> Estimate:
    """Share of clean clips."""
    clean = aloud.where(aloud.copies == 0)
    return accuracy(clean.labels.tolist(), fitted.guesses(clean))


def _best(train: Measured, neutral: Measured, layers: int) -> Choice:
    """The choice with the highest mean of macro-F1 on clean and augmented clips of unheard speakers."""
    scores: dict[Choice, float] = {}
    for choice in choices(layers):
        found = figures(train, unheard(choice, train, neutral))
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
    encoder: str,
    sha256: str,
    fitted: Fitted,
    train: Measured,
    test: Measured,
    found: dict[str, dict[str, Estimate]],
    aloud: Estimate,
) -> Card:
    return Card(
        labels=fitted.labels,
        prosody=train.names if fitted.choice.prosody else [],
        encoder=encoder,
        encoder_sha256=sha256,
        layers=list(fitted.choice.layers),
        language="German, acted; English, read aloud",
        training=TRAINING.format(
            clips=int((train.copies == 0).sum()),
            speakers=len(set(train.speakers)),
            copies=COPIES,
            aloud=sum(READ_ALOUD.values()),
            tested=" and ".join(sorted(set(test.speakers))),
        ),
        licence=LICENCE,
        metrics={
            f"{name}_{what}": round(_value(found, name, what), 4) for name in found for what in found[name]
        }
        | {"read_aloud_neutral": round(aloud.value, 4)},
    )


def _write(out: Path, card: Card, fitted: Fitted) -> None:
    out.mkdir(parents=True, exist_ok=True)
    names = ("mean", "deviation", "weight", "bias")
    save_file({name: getattr(fitted, name).astype(np.float32) for name in names}, out / WEIGHTS)
    (out / CARD).write_text(card.model_dump_json(indent=2) + "\n", "utf-8")

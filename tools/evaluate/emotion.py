"""How well emotions are told from speech: of clips with an `emotion`; of `split` only "test" counts.

Beside the shipped classifier stand the commonest label, named every time, and a simple acoustic baseline: a
logistic regression on prosody, fitted to the clips of other splits and speakers, where there are any. What
the manifest calls `anger` or `fear` is the label `angry` or `afraid`; clips with a label that the classifier
does not know are left out and counted.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from killah import paths
from killah.audio.recognition.emotion import Emotions
from killah.audio.recordings import files
from killah.metrics.calibration import expected_calibration_error
from killah.metrics.classes import accuracy, class_recall, macro_f1
from killah.metrics.intervals import bootstrap_paired
from tools.emotion.fitting import Choice, fit
from tools.emotion.measured import measure, read
from tools.evaluate.report import progress


def emotions(
    manifest: Path, datasets: Sequence[str] | None = None, *, seed: int = 0
) -> dict[str, Any] | None:
    """Accuracy and macro-F1 with intervals over clips; None where no clip (of `datasets`) has an emotion."""
    rows = [row for row in read(manifest) if datasets is None or row.get("dataset") in datasets]
    tested = [row for row in rows if row.get("split", "test") == "test"]
    if not tested:
        return None
    classifier = Emotions.load(paths.shipped("models") / "emotion")
    known = [row for row in tested if row["emotion"] in classifier.card.labels]
    if not known:
        return {"unknown_labels": sorted({row["emotion"] for row in tested})}
    progress(f"emotion: {len(known)} clips")
    truths = [row["emotion"] for row in known]
    found = [classifier.of(files.read(row["audio"])) for row in known]
    guesses = [max(each, key=lambda label: each[label]) for each in found]
    heard = {row.get("speaker") for row in tested}
    others = [row for row in rows if row not in tested and row.get("speaker") not in heard]
    return {
        "clips": len(known),
        "speakers": len({row.get("speaker") for row in known}),
        "left_out": len(tested) - len(known),
        "at_random": {"accuracy": 1 / len(classifier.card.labels)},
        "commonest_label": _figures(truths, [_commonest(others or known)] * len(truths), seed),
        **_beside_baseline(known, others, guesses, seed),
        "killah": _figures(truths, guesses, seed)
        | {
            "calibration_error": _doubt(found, truths),
            "recall": class_recall(truths, guesses),
        },
    }


def _figures(truths: Sequence[str], guesses: Sequence[str], seed: int) -> dict[str, Any]:
    return {
        "accuracy": accuracy(truths, guesses, seed=seed),
        "macro_f1": macro_f1(truths, guesses, seed=seed),
    }


def _commonest(rows: Sequence[dict[str, Any]]) -> str:
    return Counter(row["emotion"] for row in rows).most_common(1)[0][0]


def _beside_baseline(
    known: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]], guesses: Sequence[str], seed: int
) -> dict[str, Any]:
    """The baseline's figures, and the accuracy over its, where there is something to fit it to."""
    if len({row["emotion"] for row in others}) < 2:
        return {}
    fitted = fit(Choice(prosody=True), measure(others, copies=0))
    simple = fitted.guesses(measure(known, copies=0))
    truths = [row["emotion"] for row in known]
    ours, theirs = (
        [guess == truth for guess, truth in zip(g, truths, strict=True)] for g in (guesses, simple)
    )
    return {
        "acoustic_baseline": _figures(truths, simple, seed),
        "accuracy_over_baseline": bootstrap_paired(ours, theirs, seed=seed),
    }


def _doubt(found: Sequence[dict[str, float]], truths: Sequence[str]) -> float:
    """How far the likeliest label's probability is from the share that is right."""
    best = [max(each.items(), key=lambda item: item[1]) for each in found]
    right = [label == truth for (label, _), truth in zip(best, truths, strict=True)]
    return expected_calibration_error([probability for _, probability in best], right)

"""What INT4 costs: perplexity of one checkpoint as bfloat16 and as INT4, on the same passages.

Converts a Hugging Face folder on the fly, by the converter that `killah models convert` uses. Per cent is how
much higher the perplexity is than that of bfloat16; the same passages are resampled for both.

Example: python -m tools.evaluate quantisation --checkpoint runs/pushkin-nano/model
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from killah.gemma import base as gemma
from killah.gemma.convert import convert
from killah.metrics.intervals import Estimate, bootstrap, bootstrap_paired
from killah.metrics.likelihood import bits_per_byte
from tools.evaluate import likelihood, passages
from tools.evaluate.report import progress


class Form(NamedTuple):
    """A way to store the matrices, in the converter's terms."""

    bits: int | None
    group_size: int = 64
    embedding_bits: int | None = None


FORMS = {
    "bfloat16": Form(None),
    "int4_g64": Form(4, 64),
    "int4_g32": Form(4, 32),
    "int4_g64_embedding_int8": Form(4, 64, 8),
    "int4_g32_embedding_int8": Form(4, 32, 8),
}


class Measured(NamedTuple):
    """Total nats, predicted tokens and UTF-8 bytes of each passage, (passages,) each; megabytes on disk."""

    nats: np.ndarray
    tokens: np.ndarray
    sizes: np.ndarray
    megabytes: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `quantisation`."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="Hugging Face folder of a Gemma 3")
    parser.add_argument("--data", type=Path, default=Path(".data/text-en"), help="DIR/<author>/*.txt")
    parser.add_argument(
        "--authors", type=lambda names: names.split(","), help="comma-separated folders of DIR"
    )
    parser.add_argument("--passages", type=int, default=80, help="passages in all (default 80)")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Perplexity of every form, and what it costs over bfloat16."""
    chosen = passages.read(options.data, options.passages, only=options.authors, seed=options.seed)
    texts = [p.text for p in chosen]
    result: dict[str, Any] = {"checkpoint": str(options.checkpoint), "passages": len(texts)}
    reference: Measured | None = None
    for name, form in FORMS.items():
        progress(f"{name}: converting and measuring {len(texts)} passages")
        measured = _measure(options.checkpoint, form, texts)
        reference = reference or measured
        result[name] = _figures(measured, reference, options.seed)
    return result


def _measure(checkpoint: Path, form: Form, texts: list[str]) -> Measured:
    with tempfile.TemporaryDirectory(prefix="killah-") as scratch:
        folder = Path(scratch) / "model"
        manifest = convert(checkpoint, folder, form.bits, form.group_size, form.embedding_bits)
        model = gemma.load(folder)
    tokens = likelihood.sequences(model, texts)
    counts = np.array([len(s) - 1 for s in tokens])
    return Measured(
        likelihood.nats(model, tokens), counts, likelihood.sizes(model, tokens), manifest.bytes / 1e6
    )


def _figures(measured: Measured, reference: Measured, seed: int) -> dict[str, Any]:
    """Perplexity and its rise; both are exponentials of a mean over tokens, and so are their intervals."""
    perplexity = _through(np.exp, bootstrap(measured.nats, measured.tokens, seed=seed))
    rise = bootstrap_paired(measured.nats, reference.nats, measured.tokens, seed=seed)
    return {
        "perplexity": perplexity,
        "bits_per_byte": bits_per_byte(float(measured.nats.sum()), int(measured.sizes.sum())),
        "cost_per_cent": _through(lambda x: 100 * np.expm1(x), rise) if measured is not reference else None,
        "megabytes": round(measured.megabytes, 1),
    }


def _through(function: Any, estimate: Estimate) -> Estimate:
    """An estimate of a growing function of what was estimated."""
    value, low, high = (float(function(x)) for x in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high)

"""What INT4 costs: perplexity of one checkpoint as bfloat16 and as INT4, on the same passages.

Converts a Hugging Face folder on the fly, by the converter that `killah models convert` uses. Per cent is how
much higher the perplexity is than that of bfloat16; the same passages are resampled for both.

Example: python -m tools.evaluate quantisation --checkpoint runs/pushkin-nano/model
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from killah.gemma import base as gemma
from killah.gemma.convert import convert
from killah.metrics.likelihood import bits_per_byte, perplexity, perplexity_rise
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
    parser.add_argument("--passages", type=int, default=64, help="passages in all (default 64)")
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
    rise = perplexity_rise(measured.nats, reference.nats, measured.tokens, seed=seed)
    return {
        "perplexity": perplexity(measured.nats, measured.tokens, seed=seed),
        "bits_per_byte": bits_per_byte(measured.nats, measured.sizes, seed=seed),
        "cost_per_cent": None if measured is reference else rise,
        "megabytes": round(measured.megabytes, 1),
    }

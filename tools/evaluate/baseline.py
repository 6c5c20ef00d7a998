"""The 5-gram baseline: fitted on the base model's own training text, asked about the same passages.

It sees the same tokens and the same beginning of text as the model it is compared with.
"""

import hashlib
import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from killah.gemma.tokenizer import Tokenizer
from killah.persona.ngram import KneserNey, fit
from tools.evaluate.report import progress
from tools.pretrain.corpus import MODERN, books, posts
from tools.pretrain.rows import pieces

ORDER = 5
PIECE = 3000  # characters of training text after each <bos>, about what a training row holds


def fitted(model: Path, tokenizer: Tokenizer, run: Path, train: Path) -> tuple[KneserNey | None, str]:
    """The baseline and what it was fitted on, or None and why there is none.

    Takes the packed rows of `run` where they were made with this tokenizer, else the text of `train`.
    """
    if (run / "train.npy").is_file() and _same_tokens(model, run / "model"):
        rows = np.load(run / "train.npy", mmap_mode="r")
        return _cached(rows.reshape(-1), tokenizer, train), f"{len(rows):,} training rows of {run}"
    if (train / "text-en").is_dir() and all((train / "text-modern-en" / name).is_file() for name in MODERN):
        tokens = _encode(train, tokenizer)
        return _cached(tokens, tokenizer, train), f"{len(tokens):,} tokens of {train}"
    return None, f"none: no rows of this tokenizer in {run}, no text-en and text-modern-en in {train}"


def nats(baseline: KneserNey, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """Total negative log-likelihood of each sequence after its `<bos>`, (sequences,) float64."""
    stream = np.concatenate([np.asarray(s) for s in tokens])
    p = baseline.probabilities(stream)
    starts = np.cumsum([0, *(len(s) for s in tokens[:-1])])
    p[starts] = 1.0  # <bos> is given
    return np.add.reduceat(-np.log(p), starts)


def _same_tokens(model: Path, other: Path) -> bool:
    files = [folder / "tokenizer.json" for folder in (model, other)]
    if not files[1].is_file():
        return False
    a, b = (json.loads(file.read_text("utf-8"))["model"] for file in files)
    return a == b


def _encode(train: Path, tokenizer: Tokenizer) -> np.ndarray:
    """The training corpus as one stream of ids, `<bos>` before each piece."""
    progress(f"encoding {train} for the 5-gram baseline")
    texts = (piece for document in chain(books(train), posts(train)) for piece in pieces(document, PIECE))
    kind = np.uint16 if tokenizer.size <= 2**16 else np.int32
    return np.concatenate([np.array([tokenizer.bos, *tokenizer.encode(text)], dtype=kind) for text in texts])


def _cached(tokens: np.ndarray, tokenizer: Tokenizer, folder: Path) -> KneserNey:
    """Fit, or read what an earlier call fitted on the same tokens and left in `folder`."""
    digest = hashlib.blake2b(tokens.tobytes(), digest_size=8).hexdigest()
    path = folder / f"kneser-ney-{ORDER}-{digest}.npz"
    if path.is_file():
        return KneserNey.load(path)
    progress(f"fitting the 5-gram baseline on {len(tokens):,} tokens (a minute or two)")
    model = fit(tokens, vocabulary=tokenizer.size, bos=tokenizer.bos, order=ORDER)
    if folder.is_dir():
        _keep(model, path)
    return model


def _keep(model: KneserNey, path: Path) -> None:
    """Leave the model for the next call; without room on the disk, that one fits it again."""
    new = path.with_suffix(".new.npz")
    try:
        model.save(new)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        progress(f"the baseline is not kept: {error.strerror}")

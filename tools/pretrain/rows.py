"""Text to training rows: `<bos>`, sometimes a control code, then text from a paragraph's start.

The product's prompts begin with `<bos>` and then the writer's own paragraph, so rows do too.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from .corpus import Document, straighten
from .tokenizer import SPECIAL

CODE_SHARE = 0.3  # rows that carry their genre's control code
STRAIGHT_SHARE = 0.35  # rows in keyboard quotes
VALIDATION_SHARE = 0.005


def pieces(document: Document, characters: int) -> Iterator[str]:
    """Cut at paragraph ends into pieces of about `characters` that join to the whole."""
    piece: list[str] = []
    size = 0
    for paragraph in re.split(r"(?<=\n\n)(?!\n)", document.text):
        piece.append(paragraph)
        size += len(paragraph)
        if size >= characters:
            yield "".join(piece)
            piece, size = [], 0
    if piece:
        yield "".join(piece)


def encode_rows(
    documents: Iterable[Document], tokenizer: Tokenizer, length: int, seed: int = 0
) -> Iterator[np.ndarray]:
    """Yield rows of shape (length + 1,) uint16: inputs are `row[:-1]`, targets `row[1:]`.

    A long piece becomes several rows; a short one (a post, a chapter's end) is followed by
    `<eos><bos>` and the next piece.
    """
    random = np.random.default_rng(seed)
    bos, eos = SPECIAL.index("<bos>"), SPECIAL.index("<eos>")
    row: list[int] = []
    cut = ((d, p) for d in documents for p in chain(pieces(d, 6 * length), [None]))
    while batch := list(islice(cut, 512)):
        texts = [straighten(p) if random.random() < STRAIGHT_SHARE else p for _, p in batch if p is not None]
        encoded = iter(tokenizer.encode_batch_fast(texts, add_special_tokens=False))
        for document, piece in batch:
            if piece is None:
                row.append(eos)
                continue
            ids = next(encoded).ids
            while ids:
                if not row or row[-1] == eos:
                    row.append(bos)
                    if random.random() < CODE_SHARE:
                        row.append(SPECIAL.index(document.genre))
                room = length + 1 - len(row)
                row += ids[:room]
                ids = ids[room:]
                if len(row) > length:
                    yield np.array(row[: length + 1], dtype=np.uint16)
                    row = []
    # The last, unfilled row is dropped: a fraction of a millionth of the text.


def write_rows(
    documents: Iterable[Document], tokenizer: Tokenizer, length: int, folder: Path
) -> tuple[int, int]:
    """Write `train.npy` and `valid.npy` of shape (rows, length + 1); return both row counts."""
    rows = np.stack(list(encode_rows(documents, tokenizer, length)))
    validation = np.random.default_rng(1).random(len(rows)) < VALIDATION_SHARE
    np.save(folder / "train.npy", rows[~validation])
    np.save(folder / "valid.npy", rows[validation])
    return int((~validation).sum()), int(validation.sum())

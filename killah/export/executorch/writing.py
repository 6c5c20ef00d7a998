"""Text from a bundle as it is written."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from killah.export.executorch.running import Program
from killah.gemma.tokenizer import Decoder, Tokenizer


def stream(
    program: Program,
    folder: Path,
    prompt: str,
    persona: Tensor | None = None,
    sound: np.ndarray | None = None,
    max_tokens: int = 128,
) -> Iterator[str]:
    """What the bundle in `folder` writes after [BOS] [persona] [audio] [prompt], in pieces.

    `persona` are soft tokens (1, n, hidden), `sound` samples (samples,) at 16 kHz.
    """
    tokenizer, decoder = Tokenizer(folder), Decoder()
    parts = [program.embed([program.about.bos])]
    if persona is not None:
        parts.append(persona)
    if sound is not None:
        parts.append(program.hear(sound))
    if prompt:
        parts.append(program.embed(tokenizer.encode(prompt)))
    says = tokenizer.token_bytes
    for token in program.write(torch.cat(parts, 1), max_tokens):
        # A vocabulary may have more rows than its tokenizer has tokens: those say nothing.
        if token < len(says) and (piece := decoder.push(says[token])):
            yield piece

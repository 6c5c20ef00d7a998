"""Speech written down by a bundle, as `killah.engine.hearing.projected` has it done by MLX.

A chunk's soft tokens, the words that end in it, `<sil>`, the next chunk.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from killah.export.executorch.running import Program
from killah.gemma import hearing
from killah.gemma.tokenizer import Tokenizer

MOST = 16  # tokens of words that end in a chunk


def words(program: Program, folder: Path, sound: np.ndarray) -> Iterator[str]:
    """The words of a recording (samples,) at 16 kHz, those of a chunk at a time."""
    tokenizer = Tokenizer(folder)
    soft, about = program.hear(sound), program.about.audio
    assert about is not None
    size = hearing.chunk_tokens(about.samples_per_token / about.rate)
    silence = hearing.silence(tokenizer)
    closed = torch.from_numpy(hearing.closed(tokenizer, program.about.vocabulary))
    opening = closed + _inner(tokenizer, program.about.vocabulary)
    program.begin(program.embed([program.about.bos]))
    for piece in soft.split(size, 1):
        logits, ids = program.read(piece), []
        while len(ids) < MOST:
            best = int((logits + (closed if ids else opening)).argmax())
            if best == silence:
                break
            ids.append(best)
            logits = program.step(best)
        program.step(silence)
        if text := " ".join(tokenizer.decode(ids).split()):
            yield f"{text} "


def _inner(tokenizer: Tokenizer, vocabulary: int) -> torch.Tensor:
    """Closes the tokens that would go on a word, (vocabulary,): behind a chunk there is none."""
    found = torch.zeros(vocabulary)
    inner = [i for i, token in enumerate(tokenizer.token_bytes) if token and not token.startswith(b" ")]
    found[inner] = -torch.inf
    return found

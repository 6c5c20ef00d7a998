"""CTC training of the encoder: bfloat16 weights with float32 masters, batches of seconds, exact resume.

Loss: CTC at the last layer and, with a third of the weight, at the middle one through the same head
(intermediate CTC, Lee and Watanabe 2021, arXiv 2102.03216), which gets a model of this size off the ground.
Everything random is a function of (seed, step); the first pass takes short clips first (Amodei et al. 2015).
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import Wav2Vec2ForCTC

from killah.audio import RATE
from tools.pretrain.train import Run

from . import clips
from .augment import augment
from .clips import Clip
from .letters import LETTERS, encode

MIDDLE = 0.3  # share of the loss that the middle layer has
AUGMENTED = 0.6  # share of the batches that are made harder
GENTLE = 0.4  # share of the steps after which every batch would be
POOL = 40  # batches between which clips of similar length are brought together


@dataclass(frozen=True)
class Batch:
    """Clips padded with silence: samples (batch, samples), ids of all texts joined, lengths of both."""

    samples: Tensor
    lengths: list[int]
    targets: Tensor
    target_lengths: list[int]


def batches(found: Sequence[Clip], seconds: float, epoch: int, seed: int) -> list[list[Clip]]:
    """An epoch's batches of up to `seconds` with padding, in random order; the first epoch's by length."""
    random = np.random.default_rng((seed, epoch))
    order = [found[i] for i in random.permutation(len(found))]
    pool = max(1, round(POOL * seconds * RATE / max(1.0, float(np.mean([c.samples for c in found])))))
    result: list[list[Clip]] = []
    for start in range(0, len(order), pool):
        result += _packed(sorted(order[start : start + pool], key=lambda c: c.samples), seconds)
    random.shuffle(result)
    return result if epoch else sorted(result, key=lambda batch: batch[-1].samples)


def _packed(ordered: Sequence[Clip], seconds: float) -> list[list[Clip]]:
    packed: list[list[Clip]] = [[]]
    for clip in ordered:
        if packed[-1] and (len(packed[-1]) + 1) * clip.samples > seconds * RATE:
            packed.append([])
        packed[-1].append(clip)
    return packed


def collate(folder: Path, batch: Sequence[Clip], random: np.random.Generator | None) -> Batch:
    """Read a batch, augmented if `random` is given, each clip to zero mean and unit variance."""
    heard = [clips.samples(folder, clip) for clip in batch]
    if random is not None:
        heard = [augment(each, random) for each in heard]
    heard = [(each - each.mean()) / np.sqrt(each.var() + 1e-7) for each in heard]
    padded = np.zeros((len(heard), max(map(len, heard))), np.float32)
    for row, each in zip(padded, heard, strict=True):
        row[: len(each)] = each
    targets = [encode(clip.text) for clip in batch]
    return Batch(
        torch.from_numpy(padded),
        [len(each) for each in heard],
        torch.tensor([letter for each in targets for letter in each]),
        [len(each) for each in targets],
    )


def ctc(model: Wav2Vec2ForCTC, hidden: Tensor, batch: Batch) -> Tensor:
    """CTC loss a letter of hidden states (batch, frames, width)."""
    frames = [min(hidden.shape[1], int(model._get_feat_extract_output_lengths(n))) for n in batch.lengths]  # pyright: ignore[reportArgumentType]
    log_probs = model.lm_head(hidden).float().log_softmax(-1).transpose(0, 1)
    losses = F.ctc_loss(
        log_probs,
        batch.targets,
        torch.tensor(frames),
        torch.tensor(batch.target_lengths),
        reduction="none",
        zero_infinity=True,
    )
    return losses.sum() / sum(batch.target_lengths)


def loss_of(model: Wav2Vec2ForCTC, batch: Batch) -> tuple[Tensor, Tensor]:
    """The training loss, and the last layer's own, nats a letter."""
    samples = batch.samples.to(next(model.parameters()).dtype)
    found = model.wav2vec2(samples, output_hidden_states=True)
    last = ctc(model, found.last_hidden_state, batch)
    states = found.hidden_states
    middle = model.wav2vec2.encoder.layer_norm(states[len(states) // 2])
    return (1 - MIDDLE) * last + MIDDLE * ctc(model, middle, batch), last


@torch.no_grad()
def validate(
    model: Wav2Vec2ForCTC, folder: Path, found: Sequence[Clip], seconds: float
) -> tuple[float, list[str]]:
    """Loss a letter over clips never trained on, and what is heard of the first few."""
    model.eval()
    total, letters, heard = 0.0, 0, []
    for packed in _packed(sorted(found, key=lambda clip: clip.samples), seconds):
        batch = collate(folder, packed, None)
        count = sum(batch.target_lengths)
        total += float(loss_of(model, batch)[1]) * count
        letters += count
    for clip in found[:: max(1, len(found) // 3)]:
        batch = collate(folder, [clip], None)
        best = model(batch.samples.to(next(model.parameters()).dtype)).logits[0].argmax(-1).tolist()
        kept = [each for i, each in enumerate(best) if each and (i == 0 or best[i - 1] != each)]
        heard.append(f"{clip.text} -> {''.join(LETTERS[each] for each in kept).replace('|', ' ')}")
    model.train()
    return total / max(1, letters), heard


def mixture(folder: Path, real: int) -> list[Clip]:
    """An epoch's clips: synthetic ones once, real ones `real` times."""
    return clips.listed(folder, "train-*") + clips.listed(folder, "train-real") * (real - 1)


def train(
    run: Run[Wav2Vec2ForCTC],
    folder: Path,
    seconds: float,
    report: Callable[[str], object] = print,
    *,
    real: int = 1,
) -> None:
    """Train to `recipe.steps`; Ctrl-C saves and ends. New shards take part from the next epoch on."""
    model, recipe = run.model, run.recipe
    model.train()
    valid = clips.listed(folder, "dev-*")
    epoch, first = 0, 0
    planned = batches(mixture(folder, real), seconds, epoch, recipe.seed)
    with (run.folder / "log.jsonl").open("a") as log:
        try:
            while run.step < recipe.steps:
                while run.step >= first + len(planned):
                    first, epoch = first + len(planned), epoch + 1
                    planned = batches(mixture(folder, real), seconds, epoch, recipe.seed)
                random = np.random.default_rng((recipe.seed, run.step))
                torch.manual_seed(run.step)
                np.random.seed(run.step)  # transformers draws its time masks from it
                began = time.perf_counter()
                share = min(AUGMENTED, run.step / (GENTLE * recipe.steps))
                harder = random if random.random() < share else None
                batch = collate(folder, planned[run.step - first], harder)
                loss, last = loss_of(model, batch)
                loss.backward()
                norm = run.update()
                speed = sum(batch.lengths) / RATE / (time.perf_counter() - began)
                entry = {
                    "step": run.step,
                    "epoch": epoch,
                    "loss": last.item(),
                    "norm": norm,
                    "times_real": speed,
                }
                if run.step % recipe.save_every == 0 or run.step == recipe.steps:
                    run.save()
                    entry["valid"], heard = validate(model, folder, valid, seconds)
                    entry["heard"] = heard
                log.write(json.dumps(entry, ensure_ascii=False) + "\n")
                log.flush()
                report(
                    " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in entry.items())
                )
        except KeyboardInterrupt:
            run.save()
            raise

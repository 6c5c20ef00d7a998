"""The training loop: bfloat16 weights with float32 masters, Muon for matrices, exact resume.

Everything random is a function of (seed, step), so a run that was killed and resumed is the run
that was not. Checkpoints are safetensors, written beside the old one and renamed over it.

Schedule: warm-up, constant, then linear decay to zero (WSD, Hu et al. 2024, arXiv 2404.06395), so
that a run can be ended at any time by asking for fewer steps, or prolonged before the decay began.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import Gemma3ForCausalLM


@dataclass(frozen=True)
class Recipe:
    """Numbers of a run. A step is `batch` rows; `decay` is the share of steps spent decaying."""

    steps: int
    batch: int = 16
    warmup: int = 60
    decay: float = 0.25
    muon_lr: float = 0.02
    adam_lr: float = 0.003
    weight_decay: float = 0.01
    clip: float = 1.0
    seed: int = 1
    save_every: int = 100

    def scale(self, step: int) -> float:
        """Learning-rate factor of `step`, counted from 0."""
        start = int(self.steps * (1 - self.decay))
        falling = (self.steps - step) / max(1, self.steps - start)
        return min(1.0, (step + 1) / self.warmup, max(0.0, falling))


def batch_at(rows: np.ndarray, recipe: Recipe, step: int) -> Tensor:
    """Rows of one step, (batch, length + 1) int64: a fresh permutation of all rows each epoch."""
    first = step * recipe.batch
    picks = []
    for position in range(first, first + recipe.batch):
        epoch, index = divmod(position, len(rows))
        picks.append(np.random.default_rng((recipe.seed, epoch)).permutation(len(rows))[index])
    return torch.from_numpy(rows[np.sort(picks)].astype(np.int64))


def token_losses(model: Gemma3ForCausalLM, rows: Tensor, chunk: int = 1024) -> Tensor:
    """Cross-entropy in nats of every target, flat; float32 logits exist for `chunk` tokens at a time."""
    hidden = model.model(input_ids=rows[:, :-1]).last_hidden_state.flatten(0, 1)
    targets = rows[:, 1:].flatten()
    parts = [
        F.cross_entropy(model.lm_head(h).float(), t, reduction="none")
        for h, t in zip(hidden.split(chunk), targets.split(chunk), strict=True)
    ]
    return torch.cat(parts)


Model = TypeVar("Model", bound=nn.Module)


class Run(Generic[Model]):
    """Masters, optimisers and position of one training run in `folder`."""

    def __init__(self, model: Model, recipe: Recipe, folder: Path, device: str):
        self.recipe, self.folder, self.step = recipe, folder, 0
        self.masters = {n: p.detach().float().to(device).clone() for n, p in model.named_parameters()}
        for master in self.masters.values():
            master.requires_grad_(True)
        self.model = model
        model.to(device=device, dtype=torch.bfloat16)  # pyright: ignore[reportCallIssue]
        matrices = [m for n, m in self.masters.items() if m.ndim == 2 and "embed" not in n]
        others = [m for n, m in self.masters.items() if m.ndim != 2 or "embed" in n]
        self.optimisers = [
            torch.optim.Muon(matrices, lr=recipe.muon_lr, weight_decay=recipe.weight_decay),
            torch.optim.AdamW(others, lr=recipe.adam_lr, betas=(0.9, 0.95), weight_decay=0.0),
        ]
        self._publish()

    def update(self) -> float:
        """One optimiser step from the model's gradients; returns the gradient norm before clipping."""
        for name, parameter in self.model.named_parameters():
            self.masters[name].grad = parameter.grad.float() if parameter.grad is not None else None
        norm = nn.utils.clip_grad_norm_(self.masters.values(), self.recipe.clip)
        rates = (self.recipe.muon_lr, self.recipe.adam_lr)
        for optimiser, rate in zip(self.optimisers, rates, strict=True):
            optimiser.param_groups[0]["lr"] = rate * self.recipe.scale(self.step)
            optimiser.step()
        self.model.zero_grad(set_to_none=True)
        self._publish()
        self.step += 1
        return float(norm)

    @torch.no_grad()
    def _publish(self) -> None:
        for name, parameter in self.model.named_parameters():
            parameter.copy_(self.masters[name])

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Every tensor of the run's state under a stable name, optimiser moments included."""
        yield from ((f"master/{n}", m) for n, m in self.masters.items())
        names = {id(m): n for n, m in self.masters.items()}
        for optimiser in self.optimisers:
            for parameter, state in optimiser.state.items():
                yield from ((f"{key}/{names[id(parameter)]}", value) for key, value in state.items())

    def save(self) -> None:
        """Write `checkpoint.safetensors`, whole or not at all."""
        new = self.folder / "checkpoint.new"
        metadata = {"step": str(self.step), "recipe": json.dumps(asdict(self.recipe))}
        save_file({n: t.detach().cpu().contiguous() for n, t in self._tensors()}, new, metadata)
        new.replace(self.folder / "checkpoint.safetensors")

    @torch.no_grad()
    def resume(self) -> bool:
        """Load the folder's checkpoint if there is one."""
        path = self.folder / "checkpoint.safetensors"
        if not path.exists():
            return False
        with safe_open(path, "pt") as file:
            self.step = int(file.metadata()["step"])
            for key in file.keys():  # noqa: SIM118 - a safetensors handle is not iterable
                kind, name = key.split("/", 1)
                value, master = file.get_tensor(key), self.masters[name]
                if kind == "master":
                    master.copy_(value)
                else:
                    optimiser = self.optimisers[0 if kind == "momentum_buffer" else 1]
                    optimiser.state[master][kind] = value.to(master.device) if value.ndim else value
        self._publish()
        return True


@torch.no_grad()
def validate(
    loss_of: Callable[[Gemma3ForCausalLM, Tensor], Tensor], run: Run[Gemma3ForCausalLM], rows: np.ndarray
) -> float:
    """Mean loss in nats per token over all validation rows."""
    size = run.recipe.batch
    batches = [rows[i : i + size] for i in range(0, len(rows) - size + 1, size)]
    losses = [loss_of(run.model, torch.from_numpy(b.astype(np.int64)).to(run.model.device)) for b in batches]
    return float(torch.stack(losses).mean())


def train(
    run: Run[Gemma3ForCausalLM], data: Path, report: Callable[[str], object] = print, *, compiled: bool = True
) -> None:
    """Train to `recipe.steps`, logging to `log.jsonl`; Ctrl-C saves and ends.

    `compiled` needs a C++ compiler on a CPU and is about twice as fast.
    """
    train_rows, valid_rows = (np.load(data / f"{n}.npy", mmap_mode="r") for n in ("train", "valid"))
    recipe = run.recipe

    def mean_loss(model: Gemma3ForCausalLM, rows: Tensor) -> Tensor:
        return token_losses(model, rows).mean()

    loss_of = torch.compile(mean_loss) if compiled else mean_loss
    with (run.folder / "log.jsonl").open("a") as log:
        try:
            while run.step < recipe.steps:
                start = time.perf_counter()
                rows = batch_at(train_rows, recipe, run.step).to(run.model.device)
                loss = loss_of(run.model, rows)
                loss.backward()
                norm = run.update()
                seconds = time.perf_counter() - start
                tokens = rows[:, 1:].numel()
                entry = {"step": run.step, "loss": loss.item(), "norm": norm, "tokens_s": tokens / seconds}
                if run.step % recipe.save_every == 0 or run.step == recipe.steps:
                    run.save()
                    entry["valid"] = validate(loss_of, run, valid_rows)
                log.write(json.dumps(entry) + "\n")
                log.flush()
                report(" ".join(f"{k}={v:.4g}" for k, v in entry.items()))
        except KeyboardInterrupt:
            run.save()
            raise

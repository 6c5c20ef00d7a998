"""The training loop: any stage, any parameters, exact resume.

A step's gradient is the sum over all its rows, on all machines and in all passes, divided by the tokens
learned: how the rows are spread over machines and passes changes nothing.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_map, tree_unflatten

from killah.errors import KillahError
from killah.gemma.trees import flat
from killah.stopping import Stop
from killah.training import checkpoint, data, log, optimiser
from killah.training.checkpoint import Position
from killah.training.config import Config
from killah.training.data import Batch
from killah.training.group import Group
from killah.training.log import Entry, Log
from killah.training.stages import Stage

Report = Callable[[Entry], object]


class Trainer:
    """One run of a stage in `folder`, taken up where it was left; only the first process uses the folder.

    `identity` are facts beside the settings that a run cannot change on its way, `beat` is called whenever
    there was progress. After `seconds` the run ends as if it had no more steps; several processes must not
    be given any, as their clocks differ.
    """

    def __init__(
        self,
        stage: Stage,
        config: Config,
        folder: Path,
        group: Group,
        *,
        identity: dict[str, str] | None = None,
        stop: Stop | None = None,
        beat: Callable[[], object] = lambda: None,
        seconds: float = math.inf,
    ) -> None:
        self.stage, self.config, self.folder, self.group = stage, config, folder, group
        self._stop, self._beat = stop or Stop(), beat
        self._until = time.monotonic() + seconds
        self._optimiser = optimiser.adamw(config)
        self._optimiser.init(stage.module.trainable_parameters())
        about = config.model_dump(mode="json") | {"processes": group.size} | (identity or {})
        self._about = json.dumps(about)
        self.position = self._resume()
        self._gradient = nn.value_and_grad(stage.module, lambda batch: mx.sum(stage.nats(batch)))

    def run(self, report: Report) -> Entry:
        """Train to the end, or until nothing gets better; returns the figures of the best state.

        Ctrl-C finishes the step, keeps the state and raises `KeyboardInterrupt`. Raises `KillahError` where
        the loss is no number any more; what was good last is kept.
        """
        journal = Log(self.folder, self.position.step) if self.group.rank == 0 else None
        with self._stop.on_interrupt():
            over = self._over
            while not over and self.position.waited < self.config.patience:
                entry, stopped = self._step()
                over = self._over  # asked once a step: the last one is looked at in any case
                if self.position.step % self.config.steps_per_eval == 0 or over:
                    entry |= self._look()
                if journal:
                    journal.write(entry)
                report(entry)
                self._beat()
                if stopped:
                    self._save()
                    raise KeyboardInterrupt
        self._save()
        if self.group.rank == 0:
            log.draw(self.folder, self.config.name)
        return {"valid": self.position.best, "step": self.position.best_step, "tokens": self.position.tokens}

    @property
    def _over(self) -> bool:
        return self.position.step >= self.config.iters or time.monotonic() >= self._until

    # A step -----------------------------------------------------------------------------------------

    def _step(self) -> tuple[Entry, bool]:
        """Figures of one step, and whether any process has been asked to stop."""
        start = time.perf_counter()
        self.stage.module.train()
        batches = self._batches()
        nats, gradients = 0.0, None
        for number, batch in enumerate(batches):
            self._seed(number)
            loss, more = self._gradient(batch)
            gradients = more if gradients is None else tree_map(mx.add, gradients, more)
            mx.eval(loss, gradients)
            nats += loss.item()
        tokens = sum(batch.tokens for batch in batches)
        counts = mx.array([nats, tokens, float(self._stop.asked)])
        total = self.group.sum({"gradients": gradients, "counts": counts})
        nats, tokens, asked = total["counts"].tolist()
        gradients = tree_map(lambda gradient: gradient / tokens, total["gradients"])
        norms = self._update(gradients)
        self.position.tokens += int(tokens)
        seconds = time.perf_counter() - start
        seen = sum(batch.ids.size for batch in batches) * self.group.size
        entry = {
            "step": self.position.step,
            "loss": nats / tokens,
            "learning_rate": optimiser.learning_rate(self.config, self.position.step - 1),
            **{f"norm_{kind}": norm for kind, norm in norms.items()},
            "tokens_per_second": seen / seconds,
            "peak_memory": mx.get_peak_memory(),
        }
        return entry, asked > 0

    def _batches(self) -> list[Batch]:
        """This process's rows of the step, one batch a pass."""
        config, passes = self.config, self.config.grad_accumulation_steps
        size = config.batch_size * passes * self.group.size
        if len(self.stage.train) < size:
            raise KillahError(
                f"A step takes {size} rows, and {config.data} has {len(self.stage.train)} to train on.",
                "Lower batch_size.",
            )
        rows = data.step_rows(self.stage.train, size, self.position.step, config.seed)
        return [data.collate(rows[self.group.rank :: self.group.size][i::passes]) for i in range(passes)]

    def _update(self, gradients: Any) -> dict[str, float]:
        """Change the parameters; returns the norms of the gradient before it was clipped."""
        norms = optimiser.norms(gradients)
        figures = {kind: float(np.array(norm)) for kind, norm in norms.items()}
        if not math.isfinite(figures["all"]):
            raise self._no_number("gradient")
        if self.position.step % self.config.save_every == 0:
            self._save()  # only now is it known that the last change was a good one
        gradients = optimiser.clipped(gradients, norms["all"], self.config.clip)
        if self.position.frozen:
            kept = [(k, v) for k, v in flat(gradients).items() if not k.endswith("lora_a")]
            gradients = tree_unflatten(kept)
        self._optimiser.learning_rate = optimiser.learning_rate(self.config, self.position.step)
        self._optimiser.update(self.stage.module, gradients)
        mx.eval(self.stage.module.trainable_parameters(), self._optimiser.state)
        self.position.step += 1
        return figures

    def _seed(self, number: int) -> None:
        """Dropout of one pass of one step on one machine."""
        state = (self.config.seed, self.position.step, number, self.group.rank)
        mx.random.seed(int(np.random.SeedSequence(state).generate_state(1)[0]))

    # Between steps ----------------------------------------------------------------------------------

    def _look(self) -> Entry:
        """Validation loss, and what the stage watches; keeps the parameters if they are the best so far."""
        figures = self.stage.watch() if self.group.rank == 0 else {}
        self._beat()
        valid = self.validate()
        if not math.isfinite(valid):
            raise self._no_number("validation loss")
        intruders = figures.get("intruder_share", 0.0) > self.config.intruders.share
        # The first process decides for all of them.
        self.position.frozen = self.group.share_note(self.position.frozen or intruders)
        if valid < self.position.best:
            self.position.best, self.position.best_step, self.position.waited = valid, self.position.step, 0
            if self.group.rank == 0:
                checkpoint.save_best(self.folder, self.stage.module)
        else:
            self.position.waited += 1
        return {"valid": valid, "frozen": self.position.frozen, **figures}

    def validate(self) -> float:
        """Nats a token on the validation rows."""
        self.stage.module.eval()
        config = self.config
        count = len(self.stage.valid) if config.val_batches < 0 else config.val_batches * config.batch_size
        rows = sorted(self.stage.valid[:count], key=lambda row: len(row.ids))
        nats, tokens = 0.0, 0
        rows = rows[self.group.rank :: self.group.size]
        for first in range(0, len(rows), config.batch_size):
            batch = data.collate(rows[first : first + config.batch_size])
            nats += float(np.array(mx.sum(self.stage.nats(batch))))
            tokens += batch.tokens
            self._beat()
        nats, tokens = self.group.sum({"counts": mx.array([nats, tokens])})["counts"].tolist()
        return nats / tokens

    def _no_number(self, what: str) -> KillahError:
        return KillahError(
            f"After step {self.position.step} the {what} is not finite; the last good state is kept.",
            "Lower learning_rate and run the same command, or look for broken rows in the data.",
        )

    def _resume(self) -> Position:
        """The state of the folder, which only the first process has, in all of them."""
        module, position = self.stage.module, Position()
        if self.group.rank == 0:
            position = checkpoint.resume(self.folder, module, self._optimiser, self._about)
        if self.group.size > 1:
            position = Position(**self.group.share_note(asdict(position)))
            state = {"parameters": module.trainable_parameters(), "optimiser": self._optimiser.state}
            shared = self.group.share(state)
            module.update(shared["parameters"])
            self._optimiser.state = shared["optimiser"]
            self._beat()
        return position

    def _save(self) -> None:
        if self.group.rank == 0:
            checkpoint.save(self.folder, self.stage.module, self._optimiser, self.position, self._about)

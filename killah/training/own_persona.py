"""A persona's own LoRA: trained on its writer's text, judged on what was held out of that, installed.

It is installed as `persona-NAME`, and only where it predicts the validation text, which it never
learns from, better than what it began with.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from math import ceil
from pathlib import Path
from typing import Any, Literal

from killah import paths
from killah.adapters import catalog as adapters
from killah.adapters import package, personal
from killah.errors import KillahError
from killah.gemma import base, catalog
from killah.gemma.base import Base
from killah.persona import personas
from killah.persona.store import Store
from killah.stopping import Stop
from killah.training import checkpoint, judging, runs
from killah.training.config import TARGETS, Config, Intruders, Lora
from killah.training.group import Group
from killah.training.judging import Adherence, Judge, Perplexity, Tensors, put, silent
from killah.training.stages.lora import LoraStage
from killah.training.trainer import Report, Trainer
from killah.training.writing import Split, Writing, own, split, words

# Words. Adapters of 1,600 and 4,100 words made other stories of their writer dearer (+0.5 %, +2.4 %): they
# learned the text. Those of 8,200 and 21,500 made held-out sections cheaper (-3.4 %, -5.5 %).
LEAST = 8000
LEAST_MORE = 300  # words, to go on with an adapter
BATCH = 8  # rows a step
ROW = 512  # tokens of a row, at most
PASSES = 4  # over the text; a validation that gets no better ends it before
LOOKS = 8  # at the validation rows
RATE = 0.5  # learning rate times the base's width: 2e-3 for 256, 2e-4 for 2,560
BEGUN = "begun.json"

Follow = Callable[[int], AbstractContextManager[tuple[Report, Callable[[str], object]]]]
Ended = Literal["", "no better", "time", "interrupted"]


@dataclass(frozen=True)
class Outcome:
    """What came of a run. `adherence` is None where there is too little text to know a style from."""

    name: str
    base: str
    source: str
    words: dict[str, int]
    steps: int
    best_step: int
    ended: Ended
    perplexity: Perplexity | None = None
    adherence: Adherence | None = None
    adapter: str = ""
    """Folder of the installed package; empty where it predicts no better than what it began with."""
    log: str = ""
    skipped: list[str] = field(default_factory=list)


@contextmanager
def _unseen(_: int) -> Iterator[tuple[Report, Callable[[str], object]]]:
    yield lambda _: None, lambda _: None


def train(
    persona: str,
    writing: Writing,
    model: str,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    going_on: bool = False,
    follow: Follow = _unseen,
    stop: Stop | None = None,
) -> Outcome:
    """Train, judge and install `persona-NAME`; `follow` shows so many steps as they are reported, and warns.

    The same call takes up a run that was interrupted; another text or other steps begin anew. `going_on`
    begins with the adapter that is installed. Ctrl-C installs the best so far and keeps the run; it raises
    `KeyboardInterrupt` where there is none yet, and with `going_on`. Raises `KillahError` for too little
    text, and for what `training.runs.run` raises it.
    """
    personas.path_of(persona)
    personas.refuse_blend(persona)
    _check_adapter_name(persona)
    parts = split(writing, LEAST_MORE if going_on else LEAST)
    folder = paths.private_dir(personal.training_folder(persona))
    with runs.alone(folder):
        run = _Run(persona, writing, parts, folder, model, steps, going_on)
        return run.train(minutes, follow, stop or Stop())


class _Run:
    """One run, in its folder."""

    def __init__(
        self,
        persona: str,
        writing: Writing,
        parts: Split,
        folder: Path,
        model: str,
        steps: int | None,
        going_on: bool,
    ) -> None:
        self._persona, self._writing, self._parts, self._folder = persona, writing, parts, folder
        self._loaded = base.load(catalog.find(model))
        self._weights = runs.weight_bytes(self._loaded)
        self._begin = _installed(persona, self._loaded) if going_on else None
        self._config = self._recipe(personal.name_of(persona), steps)
        self._take_up()
        self._stage = LoraStage(self._loaded, self._config)
        self._untouched = silent(self._stage)
        if self._begin:
            put(self._stage, self._begin.tensors)
        self._judge = Judge(self._stage, self._loaded, parts, self._config)

    def train(self, minutes: float | None, follow: Follow, stop: Stop) -> Outcome:
        """To the end, or as far as time and the writer's patience go."""
        identity = {"stage": "lora", "base": self._loaded.manifest.fingerprint}
        trainer = Trainer(
            self._stage, self._config, self._folder, Group(), identity=identity, stop=stop,
            seconds=60 * minutes if minutes else float("inf"),
        )  # fmt: skip
        ended: Ended = ""
        try:
            with (
                follow(self._config.iters) as (report, warn),
                runs.memory_watched(self._loaded, self._stage, self._config, self._weights, warn),
            ):
                trainer.run(report)
            if trainer.position.waited >= self._config.patience:
                ended = "no better"
            elif trainer.position.step < self._config.iters:
                ended = "time"
        except KeyboardInterrupt:
            if self._begin or not trainer.position.best_step:
                raise  # what it began with stays, and is needed to go on
            ended = "interrupted"
        return self._finish(trainer, ended)

    def _finish(self, trainer: Trainer, ended: Ended) -> Outcome:
        best = checkpoint.load_best(self._folder)
        models = {"base": self._untouched, "adapter": best}
        if self._begin:
            models["before"] = self._begin.tensors
        put(self._stage, models.get("before", self._untouched))
        better = trainer.position.best < trainer.validate()
        judged = None if ended == "interrupted" else self._judge.perplexity(models)
        adherence = self._judge.adherence(models) if judged else None
        metrics = _metrics(trainer) | judging.metrics(judged, adherence)
        return Outcome(
            self._config.name,
            self._loaded.manifest.name,
            self._writing.source,
            {name: sum(map(words, getattr(self._parts, name))) for name in ("train", "valid", "test")},
            trainer.position.step,
            trainer.position.best_step,
            ended,
            judged,
            adherence,
            self._install(best, metrics) if better else "",
            self._close(keep=ended == "interrupted"),
            [str(each) for each in self._writing.skipped],
        )

    # The run on disk ---------------------------------------------------------------------------------

    def _recipe(self, name: str, steps: int | None) -> Config:
        """Settings for this base and as much text: a small base takes a lower rank and a higher rate."""
        width = self._loaded.model.config.hidden_size
        tokens = sum(len(self._loaded.tokenizer.encode(own(row))) for row in chain(*self._parts.train))
        rows = sum(map(len, self._parts.train))
        batch = min(BATCH, rows)
        iters = steps or max(LOOKS, ceil(PASSES * rows / batch))
        begin, card = self._begin, self._begin.card if self._begin else None
        learned = sum(map(words, self._parts.train))
        rank = card.rank if card and card.rank else min(64, max(1, width // 8))
        return Config(
            model=str(self._loaded.folder),
            data=self._folder,
            adapter_path=self._folder,
            name=name,
            role=personal.ROLE,
            install=False,
            batch_size=batch,
            iters=iters,
            learning_rate=RATE / width / (5 if card else 1),
            warmup=0.1,
            max_seq_length=min(ROW, self._loaded.context),
            steps_per_eval=max(1, iters // LOOKS),
            val_batches=-1,
            save_every=max(1, iters // LOOKS),
            patience=3,
            lora_parameters=Lora(
                rank=rank,
                alpha=2.0 * rank,
                scale=card.scale if card else None,
                keys=_keys(begin.tensors) if begin else TARGETS,
            ),
            intruders=Intruders(watched=0),
            about=f"{learned:,} words ({tokens:,} tokens) of {self._writing.source}.",
            licence="private",
        )

    def _take_up(self) -> None:
        """Go on with the run of this folder if it is the same one, and forget it if not."""
        begun = {
            "text": self._parts.digest,
            "settings": self._config.model_dump(mode="json"),
            "base": self._loaded.manifest.fingerprint,
            "begin": self._begin.card.sha256 if self._begin else "",
        }
        path = self._folder / BEGUN
        with suppress(OSError, ValueError):
            if json.loads(path.read_text("utf-8")) == begun:
                return
        self._forget()
        self._parts.write(self._folder)
        paths.write_private(path, json.dumps(begun))

    def _close(self, *, keep: bool) -> str:
        """Leave the log and the curve; the text only as long as the run may be taken up. Returns the log."""
        if not keep:
            self._forget()
        return str(self._folder / "log.jsonl")

    def _forget(self) -> None:
        for name in (BEGUN, "train.jsonl", "valid.jsonl", "test.jsonl", checkpoint.NAME, checkpoint.BEST):
            (self._folder / name).unlink(missing_ok=True)

    def _install(self, best: Tensors, metrics: dict[str, Any]) -> str:
        place = adapters.own_folder(self._config.name, self._loaded.manifest.name)
        self._stage.publish(best, metrics, place)
        if self._persona not in personas.names():  # a persona is there wherever one is named
            with personas.lock(self._persona), Store.create(personas.path_of(self._persona)):
                pass
        return str(place)


def _check_adapter_name(persona: str) -> None:
    """Raise `KillahError` for a persona whose name is too free for an adapter."""
    try:
        personal.name_of(persona)
    except KillahError as error:
        raise KillahError(
            f"An adapter cannot be named after {persona!r}: a space or a sign in it is too much.",
            "Copy the persona under another name (killah persona export, import --name), and train that.",
        ) from error


def _installed(persona: str, loaded: Base) -> package.Adapter:
    """The persona's own adapter. Raises `KillahError` where there is none."""
    name, about = personal.name_of(persona), loaded.manifest
    if not any(each.name == name for each in adapters.installed(about.name)):
        raise KillahError(
            f"The persona {persona!r} has no adapter for {about.name} yet.",
            f"Train it first: killah persona train {persona} FOLDER",
        )
    return package.read(adapters.find(name, about.name), about)


def _keys(tensors: Tensors) -> list[str]:
    """Linear layers of an adapter, as `lora_parameters.keys` names them: self_attn.k_proj, ..."""
    return sorted({name.split(".", 3)[3].rpartition(".")[0] for name in tensors})


def _metrics(trainer: Trainer) -> dict[str, Any]:
    """For the adapter's card."""
    return {
        "steps": trainer.position.best_step,
        "tokens": trainer.position.tokens,
        "validation_nats": round(trainer.position.best, 4),
    }

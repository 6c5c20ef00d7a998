"""A composition out to another program: written, checked beside the original, then put in its place."""

import contextlib
import importlib.metadata
import importlib.util
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from killah import __version__, paths
from killah.errors import KillahError
from killah.export import checking, folder, foreign, hf, mlx_lm, peft
from killah.export.checking import Check, Logits
from killah.export.composed import Composed
from killah.export.gguf import reading, writing

EXACT, ROUNDED = 2e-3, 0.05  # of the logits: what float32 may differ by, and what rounded weights may
INSTALL = "pip install 'killah[export]'"


@dataclass(frozen=True)
class Wish:
    """Where an export goes. `checked` None: where the base is small and the other program is there."""

    target: Path
    force: bool = False
    checked: bool | None = None


@dataclass(frozen=True)
class Done:
    """An export in its place; `unchecked` says why there is no `check`."""

    folder: Path
    format: str
    composed: Composed
    check: Check | None
    unchecked: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """The contents of `export.json`."""
        composed = self.composed
        adapters = [
            {"name": card.name, "weight": each.weight, "sha256": card.sha256}
            for each in composed.loras
            for card in [each.adapter.card]
        ]
        return {
            "format": self.format,
            "composition": composed.name,
            "base": composed.about.name,
            "base_fingerprint": composed.about.fingerprint,
            "adapters": adapters,
            "merge": composed.merge,
            "check": asdict(self.check) if self.check else None,
            "unchecked": self.unchecked,
            "created_by": f"killah {__version__}",
        }


def to_hf(
    composed: Composed, wish: Wish, dtype: hf.Dtype = "float32", progress: hf.Progress | None = None
) -> Done:
    """A Hugging Face checkpoint, for transformers and whatever reads its files."""

    def make(new: Path) -> Logits:
        hf.write(composed, new, dtype=dtype, progress=progress)

        def logits(ids: list[int], last: int) -> np.ndarray:
            hf.check_tokenizer(new)
            return hf.logits(new, ids, last)

        return logits

    needed = hf.size(composed, dtype)
    tolerance = EXACT if dtype == "float32" else ROUNDED
    return _through("hf", composed, wish, make, ("transformers", "torch"), tolerance, needed)


def to_peft(composed: Composed, wish: Wish) -> Done:
    """A LoRA for `PeftModel.from_pretrained`; several become one, side by side."""
    adapter = composed.as_adapter()

    def make(new: Path) -> Logits:
        peft.write(adapter, new)
        return lambda ids, last: _on_plain_base(composed, new, ids, last)

    return _through("peft", composed, wish, make, ("peft", "transformers", "torch"), EXACT)


def to_mlx_lm(composed: Composed, wish: Wish) -> Done:
    """A LoRA for `mlx_lm.load(..., adapter_path=...)`; several become one, side by side."""
    adapter = composed.as_adapter()

    def make(new: Path) -> Logits:
        mlx_lm.write(adapter, new)
        return lambda ids, last: mlx_lm.logits(new, composed.folder, ids, last)

    return _through("mlx-lm", composed, wish, make, ("mlx-lm",), EXACT)


def to_gguf(
    composed: Composed, wish: Wish, kind: writing.Type = "f16", progress: writing.Progress | None = None
) -> Done:
    """A GGUF file, for llama.cpp and what is built on it."""
    writing.library()

    def make(new: Path) -> Logits:
        path = writing.write(composed, new, kind=kind, progress=progress)
        return lambda ids, last: reading.logits(path, ids, last)

    tolerance = EXACT if kind == "f32" else ROUNDED
    return _through("gguf", composed, wish, make, ("gguf",), tolerance, writing.size(composed, kind))


def _through(
    format_: str,
    composed: Composed,
    wish: Wish,
    make: Callable[[Path], Logits],
    packages: tuple[str, ...],
    tolerance: float,
    needed: int = 0,
) -> Done:
    target = wish.target.expanduser().absolute()
    why = _why_unchecked(composed, wish.checked, packages)
    with folder.new(target, force=wish.force, needed=needed) as new:
        logits = make(new)
        found = None
        if not why:
            program = reading.program() if format_ == "gguf" else _version(packages[0])
            with _quiet():
                found = checking.check(composed, program, logits, tolerance)
        done = Done(target, format_, composed, found, why)
        if not (new / "README.md").exists():
            paths.write_private(new / "README.md", _readme(composed))
        paths.write_private(new / folder.RECORD, json.dumps(done.record, indent=2) + "\n")
    return done


def _why_unchecked(composed: Composed, checked: bool | None, packages: tuple[str, ...]) -> str:
    """Why there will be no check, if so. Raises `KillahError` where one is asked for in vain."""
    if checked is False:
        return "not asked for"
    missing = [name for name in packages if importlib.util.find_spec(name.replace("-", "_")) is None]
    if missing and checked:
        raise KillahError(f"To check it {missing[0]} is needed.", f"Run: {INSTALL}")
    if missing:
        return f"{missing[0]} is not installed ({INSTALL})"
    if checked is None and composed.about.parameters > checking.USUAL_LIMIT:
        return "a check of so large a model takes minutes and four bytes a weight: ask for it with --check"
    return ""


def _on_plain_base(composed: Composed, adapter: Path, ids: list[int], last: int) -> np.ndarray:
    """The adapter's logits on the base as a Hugging Face checkpoint, which is made for this and let go of."""
    with tempfile.TemporaryDirectory(prefix="killah-") as made:
        plain = hf.write(Composed(composed.folder, composed.about), Path(made) / "base")
        return peft.logits(adapter, plain, ids, last)


def _version(package: str) -> str:
    return f"{package} {importlib.metadata.version(package)}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, hints and failed look-ups of other libraries between our lines."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        if importlib.util.find_spec("transformers"):
            from transformers.utils import logging as theirs

            theirs.disable_progress_bar()
        yield
    finally:
        logging.disable(before)


def _readme(composed: Composed) -> str:
    """A model card: what it is made of, and under which licences."""
    about = composed.about
    cards = [each.adapter.card for each in composed.loras]
    licences = " AND ".join(dict.fromkeys([about.licence, *(card.licence for card in cards)]))
    base = foreign.repository(about.name)
    front = f"---\nbase_model: {base}\nlicense: {licences}\ntags: [killah]\n---\n"
    title = " ".join(filter(None, [about.name, composed.name]))
    parts = [
        f"- {card.name} ({each.weight:g}): a LoRA for {card.role}, trained on: {card.data}\n"
        for each, card in zip(composed.loras, cards, strict=True)
    ]
    return f"{front}# {title}\n\nMade by Killah of {base} and:\n\n{''.join(parts) or '- no LoRA'}\n"

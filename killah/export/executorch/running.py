"""A bundle in the ExecuTorch runtime of this machine: embed, hear, read, write."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from executorch.extension.llm.custom_ops import custom_ops  # noqa: F401 - llama operators
from executorch.extension.pybindings.portable_lib import (
    _load_for_executorch,
    _load_for_executorch_from_buffer,
)
from executorch.kernels import quantized  # noqa: F401 - operators of quantised embeddings
from executorch.runtime import Runtime
from torch import Tensor

from killah.audio.features import fitted
from killah.errors import KillahError
from killah.export.executorch import manifest, slot
from killah.export.executorch.quiet import quiet

RUNTIMES = {"xnnpack": "XnnpackBackend", "mlx": "MLXBackend", "coreml": "CoreMLBackend"}


def missing(backend: manifest.Backend) -> str:
    """Why a bundle for this backend cannot run here; empty where it can."""
    with quiet():
        here = Runtime.get().backend_registry.registered_backend_names
    if backend == "portable" or RUNTIMES[backend] in here:
        return ""
    return (
        f"its backend, {backend}, is not in this machine's ExecuTorch: `killah export check` on a Mac tells"
    )


class Program:
    """A bundle, its files checked, with one of its adapters at work: the composition's, or the one named."""

    def __init__(self, folder: Path, adapter: str = "") -> None:
        """Raise `KillahError` for a bundle that is damaged, newer, or for another machine."""
        self.about = manifest.read_verified(folder)
        if why := missing(self.about.backend):
            raise KillahError(f"{folder} cannot run here: {why}.")
        self._folder, self._position = folder, 0
        data = [folder / name for name in (self.about.base_data, self._adapter(adapter)) if name]
        path = folder / self.about.program
        # The runtime reads from these as long as it lives, and does not keep them.
        self._buffers = (path.read_bytes(), slot.merged(data)) if len(data) > 1 else ()
        try:
            with quiet():
                self._program = (
                    _load_for_executorch_from_buffer(*self._buffers)
                    if self._buffers
                    else _load_for_executorch(str(path), str(data[0]) if data else None)
                )
        except RuntimeError as error:
            raise KillahError(f"{path} is no program that runs here.", "Export the bundle again.") from error

    def embed(self, ids: Sequence[int]) -> Tensor:
        """Token ids (n,) -> vectors (1, n, hidden)."""
        pieces = [ids[i : i + self.about.chunk] for i in range(0, len(ids), self.about.chunk)]
        return torch.cat([self._run("token_embedding", torch.tensor([list(piece)])) for piece in pieces], 1)

    def hear(self, sound: np.ndarray) -> Tensor:
        """Samples (samples,) -> soft tokens (1, n, hidden). Raises `KillahError` for too long a recording."""
        about = self.about.audio
        if about is None:
            why = self.about.absent.get("audio_encoder", "it was exported without")
            raise KillahError(f"This bundle has no ears: {why}.")
        whole = fitted(sound, about.samples_per_token, about.extra_samples)
        seconds = about.longest * about.samples_per_token / about.rate
        if len(sound) > seconds * about.rate:
            raise KillahError(
                f"The recording lasts {len(sound) / about.rate:.0f} s.",
                f"The bundle hears {seconds:.0f} s at a time: cut it into parts.",
            )
        return self._run("audio_encoder", torch.from_numpy(whole)[None, None])

    def project(self, vector: np.ndarray) -> Tensor:
        """A persona's vector (width,) -> soft tokens (1, n, hidden)."""
        if self.about.persona is None:
            raise KillahError("This bundle knows no personas.", "Export it with --persona NAME.")
        return self._run("persona_projector", torch.from_numpy(vector)[None])

    def persona(self) -> Tensor | None:
        """Soft tokens (1, n, hidden) of the persona that the bundle was made for; None for nobody."""
        about = self.about.persona
        if about is None or not about.file:
            return None
        values = np.fromfile(self._folder / about.file, "<f4")
        return torch.from_numpy(values.reshape(1, about.tokens, self.about.hidden))

    def begin(self, embedded: Tensor) -> Tensor:
        """Read vectors (1, n, hidden) as a new text; logits (vocabulary,) of what follows."""
        self._position = 0
        return self.read(embedded)

    def read(self, embedded: Tensor) -> Tensor:
        """Append vectors (1, n, hidden); logits (vocabulary,) of what follows."""
        if self._position + embedded.shape[1] > self.about.context:
            raise KillahError(
                f"There is no room for more than {self.about.context} tokens in the bundle.",
                "Export with a longer --context.",
            )
        logits = torch.empty(0)
        for piece in embedded.split(self.about.chunk, 1):
            logits = self._read(piece)
        return logits

    def step(self, token: int) -> Tensor:
        """Append a token; logits (vocabulary,) of what follows."""
        return self.read(self.embed([token]))

    def write(self, embedded: Tensor, count: int) -> Iterator[int]:
        """Greedy ids after `embedded`, up to `count`, an end or the end of the context."""
        logits = self.begin(embedded)
        for left in range(count - 1, -1, -1):
            token = int(logits.argmax())
            if token in self.about.ends:
                return
            yield token
            if not left or self._position >= self.about.context:
                return
            logits = self.step(token)

    def _read(self, piece: Tensor) -> Tensor:
        end = self._position + piece.shape[1]
        logits = self._run("text_decoder", piece.contiguous(), torch.arange(self._position, end))
        self._position = end
        return logits[0, -1]

    def _run(self, method: str, *inputs: Tensor) -> Tensor:
        try:
            with quiet():
                return self._program.run_method(method, list(inputs))[0].clone()
        except RuntimeError as error:
            raise KillahError(f"{method} failed in ExecuTorch: {str(error).splitlines()[0]}") from error

    def _adapter(self, name: str) -> str:
        """The data file of an adapter."""
        about, name = self.about, name or self.about.adapter
        if name and name not in about.adapters:
            known = ", ".join(about.adapters) or "none, it is merged"
            raise KillahError(f"The bundle has no adapter {name!r}.", f"It has: {known}.")
        return about.adapters[name].file if name else ""

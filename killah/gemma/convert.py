"""A Hugging Face checkpoint of Gemma 3 -> a Killah model folder, one block of rows at a time.

Matrices become INT4 (or stay bfloat16), everything else bfloat16. The sizes of the result follow from
the configuration, so each shard is written from front to back: memory holds a few blocks, never a shard.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np

from killah import __version__, manifests, paths
from killah.errors import KillahError
from killah.gemma import checkpoint, manifest, placing
from killah.gemma.checkpoint import Checkpoint
from killah.gemma.manifest import Manifest, Quantisation
from killah.gemma.quantise import BITS, GROUP_SIZES, quantise
from killah.gemma.shards import Spec, Stored, Writer, split
from killah.gemma.tokenizer import Tokenizer
from killah.hub.files import licence as licence_of
from killah.manifests import File

SHARD_BYTES = 512_000_000
BLOCK_ITEMS = 1_000_000  # weights in memory at a time; their intermediate values fit into a CPU cache
EMBEDDING = "model.embed_tokens.weight"
TEXT_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "generation_config.json",
)
CARDS = ("README*", "LICENSE*", "LICENCE*", "NOTICE*")

Progress = Callable[[int, int], None]  # bytes of weights done, bytes of weights in all


@dataclass(frozen=True)
class _Part:
    """One parameter: where it comes from and how it will be stored; `bits` None means bfloat16."""

    source: Stored
    name: str
    bits: int | None
    group_size: int

    def specs(self) -> list[Spec]:
        """What it becomes, in the order in which `_encode` returns it."""
        shape = self.source.spec.shape
        if self.bits is None:
            return [Spec(self.name, "BF16", shape)]
        stem, (rows, columns) = self.name.removesuffix("weight"), shape
        grouped = (rows, columns // self.group_size)
        packed = Spec(self.name, "U32", (rows, columns * self.bits // 32))
        return [packed, Spec(f"{stem}scales", "BF16", grouped), Spec(f"{stem}biases", "BF16", grouped)]

    @property
    def bytes(self) -> int:
        return sum(spec.bytes for spec in self.specs())


def convert(
    source: Path,
    target: Path,
    bits: int | None = 4,
    group_size: int = 64,
    embedding_bits: int | None = None,
    *,
    licence: str = "",
    origin: str = "",
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Convert the checkpoint in `source` to the model folder `target`, whole or not at all.

    `bits` is 4, 8 or None (bfloat16); `embedding_bits`, when given, is for the embedding, which is the
    output layer too. `origin` and `licence` are recorded. An existing model is replaced only with `force`.
    Raises `KillahError` for anything the checkpoint or the disk does not allow.
    """
    target = target.absolute()
    if source.resolve() == target.resolve():
        raise KillahError(f"{target} would be converted onto itself.", "Choose another name.")
    placing.check(target, manifest.NAME, force=force)
    found = checkpoint.read(source)
    _check_tokenizer(found)
    quantisation = _quantisation(bits, group_size, embedding_bits)
    parts = _plan(found, quantisation)
    placing.check_space(target, sum(part.bytes for part in parts))
    with placing.new_folder(target) as folder:
        files = _write_weights(folder, parts, progress) | _write_texts(folder, found, quantisation)
        result = Manifest(
            name=target.name,
            architecture=found.config.model_type,
            source=origin or source.resolve().name,
            quantisation=quantisation,
            parameters=sum(int(np.prod(part.source.spec.shape)) for part in parts),
            files=files,
            fingerprint=manifest.fingerprint(files),
            codes=_codes(source),
            licence=licence or licence_of(source) or "unknown",
            created_by=f"killah {__version__}",
        )
        paths.write_private(folder / manifest.NAME, result.model_dump_json(indent=2) + "\n")
    return result


def _quantisation(bits: int | None, group_size: int, embedding_bits: int | None) -> Quantisation | None:
    if bits is None:
        return None
    if bits not in BITS or embedding_bits not in (None, *BITS) or group_size not in GROUP_SIZES:
        raise KillahError(
            f"Weights cannot have {bits} bits (embedding {embedding_bits}) in groups of {group_size}.",
            f"Bits: {', '.join(map(str, BITS))}; group sizes: {', '.join(map(str, GROUP_SIZES))}.",
        )
    return Quantisation(bits=bits, group_size=group_size, embedding_bits=embedding_bits or bits)


def _plan(found: Checkpoint, quantisation: Quantisation | None) -> list[_Part]:
    """How every parameter will be stored: matrices quantised, norms bfloat16."""
    parts = []
    for name, stored in found.tensors.items():
        shape, bits, group = stored.spec.shape, None, 0
        if quantisation is not None and len(shape) == 2:
            bits = quantisation.embedding_bits if name == EMBEDDING else quantisation.bits
            group = quantisation.group_size
            if shape[1] % group:
                raise KillahError(
                    f"{name} has {shape[1]} columns, not a multiple of the group size {group}.",
                    "Convert with --group-size 32, or --bits none.",
                )
        parts.append(_Part(stored, name, bits, group))
    return parts


def _write_weights(folder: Path, parts: list[_Part], progress: Progress | None) -> dict[str, File]:
    shards = split(parts, SHARD_BYTES)
    total, done = sum(part.source.spec.bytes for part in parts), 0
    files: dict[str, File] = {}

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        with Writer(folder / name, [spec for part in shard for spec in part.specs()]) as writer:
            for part in shard:
                _encode(part, writer, advance)
        files[name] = File(bytes=writer.size, sha256=writer.sha256)
    return files


def _encode(part: _Part, writer: Writer, advance: Callable[[int], None]) -> None:
    """Write one parameter. Scales and biases, an eighth of the codes, wait until all codes are out."""
    later: list[list[bytes]] = [[], []]
    for block in part.source.blocks(BLOCK_ITEMS):
        values = _floats(block)
        if not mx.isfinite(values).all().item():
            raise KillahError(
                f"{part.source.spec.name} in {part.source.file} holds numbers that are not finite.",
                "The checkpoint is damaged: download it again.",
            )
        if part.bits is None:
            writer.write(_raw(values.astype(mx.bfloat16)))
        else:
            packed, *lines = quantise(values, part.bits, part.group_size)
            writer.write(_raw(packed))
            for wait, line in zip(later, lines, strict=True):
                wait.append(_raw(line))
        advance(block.nbytes)
    for wait in later:
        writer.write(b"".join(wait))


def _floats(block: np.ndarray) -> mx.array:
    values = mx.array(block)
    return values.view(mx.bfloat16) if values.dtype == mx.uint16 else values


def _raw(values: mx.array) -> bytes:
    return np.asarray(values.view(mx.uint16) if values.dtype == mx.bfloat16 else values).tobytes()


def _write_texts(folder: Path, found: Checkpoint, quantisation: Quantisation | None) -> dict[str, File]:
    """Configuration, tokenizer and cards; the cards may be edited later and are not in the manifest."""
    _write_config(folder, found, quantisation)
    for name in TEXT_FILES:
        placing.copy(found.folder / name, folder / name)
    for card in (path for pattern in CARDS for path in found.folder.glob(pattern)):
        placing.copy(card, folder / card.name)
    names = (name for name in ("config.json", *TEXT_FILES) if (folder / name).exists())
    return {name: manifests.describe(folder / name) for name in names}


def _write_config(folder: Path, found: Checkpoint, quantisation: Quantisation | None) -> None:
    """One spelling, plus what lets mlx-lm and transformers read the folder as well."""
    config = found.config.model_dump(mode="json") | {"dtype": "bfloat16"}
    full = [i + 1 for i, kind in enumerate(found.config.layer_types) if kind == "full_attention"]
    if full:
        config["sliding_window_pattern"] = full[0]
    if quantisation is not None:
        group = {"group_size": quantisation.group_size}
        config["quantization"] = (
            group
            | {"bits": quantisation.bits}
            | {EMBEDDING.removesuffix(".weight"): group | {"bits": quantisation.embedding_bits}}
        )
    paths.write_private(folder / "config.json", json.dumps(config, indent=2) + "\n")


def _check_tokenizer(found: Checkpoint) -> None:
    folder = found.folder
    if not (folder / "tokenizer.json").exists() and (folder / "tokenizer.model").exists():
        raise KillahError(
            f"{folder} has tokenizer.model but no tokenizer.json.",
            "Take tokenizer.json from the same model, or save it with transformers' AutoTokenizer.",
        )
    size = Tokenizer(folder).size
    if size > found.config.vocab_size:
        raise KillahError(
            f"The tokenizer in {folder} has {size:,} tokens, the model only {found.config.vocab_size:,}.",
            "Take both from the same model.",
        )


def _codes(source: Path) -> list[str]:
    """Control codes that the checkpoint's configuration says it was trained with."""
    codes = json.loads((source / "config.json").read_text("utf-8")).get("control_codes", [])
    return [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []

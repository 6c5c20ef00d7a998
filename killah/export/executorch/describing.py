"""What a manifest says of a bundle, and what the program itself says to ExecuTorch's own runner."""

import importlib.metadata
from collections.abc import Sequence
from typing import Any

from killah import __version__
from killah.adapters import personal
from killah.export.composed import PERSONA, Composed
from killah.export.executorch import manifest, quantising
from killah.export.executorch.lowering import Lowered
from killah.export.executorch.manifest import Manifest, Member, Parity
from killah.export.executorch.wish import Parts, Wish
from killah.gemma.gemma3 import Config
from killah.gemma.tokenizer import Tokenizer

PROGRAM = "killah.pte"


def described(about: Manifest, parity: Parity) -> str:
    """The figures of a check in one line."""
    worse = parity.perplexity / parity.perplexity_mlx - 1
    soft = {"audio": parity.audio, "persona": parity.persona}
    apart = "".join(f", {name} soft tokens by {each:.1g}" for name, each in soft.items() if each is not None)
    return (
        f"logits differ by {parity.logits:.2g}{apart}, {parity.equal_tokens} of {parity.tokens} greedy "
        f"tokens are the same, perplexity is {parity.perplexity:.2f} ({worse:+.1%}), "
        f"{parity.tokens_per_second:.0f} tokens/s with {about.precision}"
    )


def entry(composed: Composed, file: str, rank: int, mix: str = "") -> manifest.Composed:
    """What a manifest says of a composition."""
    members = [
        Member(
            place=PERSONA if card.name.startswith(personal.PREFIX) else card.name,
            name=card.name,
            weight=each.weight,
            sha256=card.sha256,
        )
        for each in composed.loras
        for card in [each.adapter.card]
    ]
    cat = composed.merge == "cat"
    return manifest.Composed(
        file=file, members=members, merge=composed.merge, mix=mix if cat else "", rank=rank
    )


def file_of(name: str) -> str:
    """The data file of a composition's adapters."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "_" for c in name)
    return f"adapter-{plain or 'base'}.ptd"


def constants(parts: Parts, wish: Wish) -> dict[str, Any]:
    """What ExecuTorch's own multimodal runner asks a program."""
    about = Config.of(parts.composed.folder)
    return {
        "get_max_seq_len": wish.chunk,
        "get_max_context_len": wish.context,
        "get_bos_id": _bos(parts.composed),
        "get_eos_ids": _ends(about),
        "get_vocab_size": about.vocab_size,
        "use_kv_cache": True,
        "enable_dynamic_shape": wish.backend != "coreml",
        "use_sdpa_with_kv_cache": wish.attention == "fused",
    }


def describe(parts: Parts, wish: Wish, bits: int, done: Lowered, methods: Sequence[str]) -> Manifest:
    """The manifest but for its LoRAs, projectors and parity; the embedding has `bits`."""
    composed, shape = parts.composed, Config.of(parts.composed.folder)
    projector_cards = [each.card for each in (parts.persona_projector, parts.audio_projector) if each]
    operators = ["llama"] if wish.attention == "fused" else []
    return Manifest(
        composition=composed.name,
        base=composed.about.name,
        base_fingerprint=composed.about.fingerprint,
        backend=wish.backend,
        quantisation=wish.quantisation,
        precision=quantising.described(wish.quantisation, wish.backend, bits),
        program=PROGRAM,
        methods=list(methods),
        operators=operators + (["quantized"] if wish.quantisation != "none" else []),
        hidden=shape.hidden_size,
        vocabulary=shape.vocab_size,
        context=wish.context,
        chunk=wish.chunk,
        bos=_bos(composed),
        ends=_ends(shape),
        absent=dict(parts.absent),
        delegated=done.delegated,
        left=done.left,
        cards=[*(each.adapter.card for each in composed.loras), *projector_cards],
        versions={"killah": __version__}
        | {name: importlib.metadata.version(name) for name in ("torch", "executorch", "torchao")},
    )


def _bos(composed: Composed) -> int:
    return Tokenizer(composed.folder).bos


def _ends(about: Config) -> list[int]:
    ends = about.eos_token_id
    return list(ends) if isinstance(ends, list) else [ends]

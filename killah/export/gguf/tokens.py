"""A `tokenizer.json` as GGUF metadata: byte-level BPE (pushkin-nano) and SentencePiece BPE (Gemma)."""

import re
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from killah.errors import KillahError
from killah.hub.files import read_json

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


class Kind(IntEnum):
    """What a token is; the numbers are llama.cpp's."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True)
class Vocabulary:
    """`scores` are for `model` "llama" (SentencePiece), `merges` for "gpt2" (byte-level)."""

    model: str
    pre: str
    tokens: list[str]
    kinds: list[Kind]
    scores: list[float]
    merges: list[str]


def read(folder: Path, size: int) -> Vocabulary:
    """The tokenizer in `folder`, filled up to `size` tokens with unused ones.

    Raises `KillahError` for one that splits text in a way llama.cpp has no name for.
    """
    told = read_json(folder / "tokenizer.json")
    model = told["model"]
    pieces = _is_sentencepiece(told)
    if not pieces and not _is_gpt2(told):
        raise KillahError(
            f"The tokenizer in {folder} has no form in GGUF.", "Export with `killah export hf` instead."
        )
    tokens = [f"[PAD{i}]" for i in range(size)]
    kinds = [Kind.UNUSED] * size
    for token, i in model["vocab"].items():
        tokens[i] = token
        kinds[i] = Kind.BYTE if pieces and _BYTE.fullmatch(token) else Kind.NORMAL
    for added in told["added_tokens"]:
        kind = Kind.CONTROL if added["special"] else Kind.USER_DEFINED
        # llama.cpp looks for tokens of the user's in the text itself, where a space is a space.
        text = added["content"] if added["special"] else added["content"].replace("▁", " ")
        tokens[added["id"]], kinds[added["id"]] = text, Kind.UNKNOWN if text == "<unk>" else kind
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    scores = _scores(tokens, merges) if pieces else []
    merges = merges or ["<bos> <bos>"]  # llama.cpp wants one; this one never applies
    return Vocabulary(
        "llama" if pieces else "gpt2", "default" if pieces else "gpt-2", tokens, kinds, scores, merges
    )


def _is_gpt2(told: dict[str, Any]) -> bool:
    """Whether text is split as in GPT-2 and then read as bytes."""
    split = told["pre_tokenizer"] or {}
    plain = split.get("type") == "ByteLevel" and split.get("use_regex") and not split.get("add_prefix_space")
    return bool(plain) and told["normalizer"] is None and not told["model"].get("byte_fallback")


def _is_sentencepiece(told: dict[str, Any]) -> bool:
    """Whether a space is written "▁" and nothing else is changed, and rare characters are bytes."""
    normal = told["normalizer"] or {}
    steps = normal.get("normalizers", [normal])
    spaces = [step.get("pattern") == {"String": " "} and step.get("content") == "▁" for step in steps]
    return bool(told["model"].get("byte_fallback")) and spaces == [True]


def _scores(tokens: list[str], merges: list[str]) -> list[float]:
    """SentencePiece joins the pair of the highest score first: the earlier a merge, the higher."""
    ranks: dict[str, int] = {}
    for rank, pair in enumerate(merges):
        ranks.setdefault(pair.replace(" ", "", 1), rank)
    return [-float(ranks.get(token, len(merges) + i)) for i, token in enumerate(tokens)]

"""Tokens as the bytes they stand for: encoding, streaming decoding, and token healing.

Works from `tokenizer.json` alone, for byte-level BPE (pushkin-nano) and for SentencePiece-style BPE
with byte fallback (Gemma).
"""

import codecs
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer as FastTokenizer

from killah.errors import KillahError

# The piece of text at the end that the next keystroke may still change: a word with its space, a run of
# punctuation, or white space.
_UNFINISHED = re.compile(r"(?: ?\w+| ?[^\s\w]+|\s+)\Z")


class Tokenizer:
    """`tokenizer.json` with every token's bytes."""

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise KillahError(f"{path} is missing.", "Convert the model again.")
        try:
            self._fast = FastTokenizer.from_file(str(path))
        except Exception as error:  # the Rust library raises bare Exception
            raise KillahError(f"{path} is not a tokenizer: {error}.", "Convert the model again.") from error
        # Asked of the library: parsing Gemma's 33 MB a second time would cost 170 MB and a second.
        self._special = {i for i, token in self._fast.get_added_tokens_decoder().items() if token.special}
        # What a writer types is text, also where it reads like a control token.
        self._fast.encode_special_tokens = True
        decoder = self._fast.decoder
        self._byte_level = decoder is not None and b'"ByteLevel"' in decoder.__getstate__()
        self.size = self._fast.get_vocab_size()
        self.bos = self.id("<bos>")

    def id(self, token: str) -> int:
        """Id of a special token; raises `KillahError` if the model has none of that name."""
        found = self.find(token)
        if found is None:
            raise KillahError(f"The model's tokenizer has no {token} token.", "Choose another model.")
        return found

    def find(self, token: str) -> int | None:
        """Id of a special token, or None."""
        return self._fast.token_to_id(token)

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, nothing added."""
        return self._fast.encode(text, add_special_tokens=False).ids

    def condition(self, text: str) -> tuple[list[int], bytes]:
        """Split `text` into ids that stay as they are whatever is typed next, and the bytes after them.

        A model must begin its answer with those bytes (token healing). They are the unfinished word
        while some token begins with it, else only its last token.
        """
        encoding = self._fast.encode(text, add_special_tokens=False)
        ids, ends = encoding.ids, [end for _, end in encoding.offsets]
        match = _UNFINISHED.search(text)
        keep = bisect_right(ends, match.start()) if match else len(ids)
        required = text[ends[keep - 1] if keep else 0 :].encode()
        if required and not len(self.beginning_with(required)):
            keep = len(ids) - 1
            required = self.token_bytes[ids[-1]]
        return ids[:keep], required

    def decode(self, ids: Iterable[int]) -> str:
        """Text of whole ids; special tokens are silent, broken UTF-8 becomes U+FFFD."""
        return b"".join(self.token_bytes[i] for i in ids).decode("utf-8", "replace")

    @cached_property
    def token_bytes(self) -> list[bytes]:
        """The bytes each id adds to the text; empty for special tokens."""
        read = _byte_level_bytes if self._byte_level else _sentencepiece_bytes
        names = (self._fast.id_to_token(i) for i in range(self.size))
        return [b"" if name is None or i in self._special else read(name) for i, name in enumerate(names)]

    @cached_property
    def id_of(self) -> dict[bytes, int]:
        """The id that adds these bytes to the text."""
        return {token: i for i, token in enumerate(self.token_bytes) if token}

    @cached_property
    def _sorted(self) -> tuple[list[bytes], np.ndarray]:
        order = sorted((i for i in range(self.size) if self.token_bytes[i]), key=self.token_bytes.__getitem__)
        return [self.token_bytes[i] for i in order], np.array(order, dtype=np.int32)

    @cached_property
    def audible(self) -> np.ndarray:
        """Ids that add text, (n,) int32: all but the special tokens."""
        return np.array([i for i, token in enumerate(self.token_bytes) if token], dtype=np.int32)

    @cached_property
    def word_inner(self) -> np.ndarray:
        """Ids, (n,) int32, that go on a word rather than end it."""
        starts = (token.decode("utf-8", "replace")[:1] for token in self.token_bytes)
        return np.array(
            [i for i, c in enumerate(starts) if c.isalnum() or c in ("'", "’", "-")], dtype=np.int32
        )

    def beginning_with(self, required: bytes) -> np.ndarray:
        """Ids, (n,) int32, whose bytes begin with `required`; there is one for what `condition` returns.

        A shorter token that `required` begins with is not among them: written as a whole, the model would
        hardly ever have begun the word with it, yet as a word of its own (" a" of " able") it is likely.
        """
        tokens, order = self._sorted
        return order[bisect_left(tokens, required) : bisect_left(tokens, required + b"\xff" * 8)]


class Decoder:
    """Turns bytes into text as they come, holding back those of an unfinished character."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, new: bytes) -> str:
        """Text that the bytes `new` complete; may be empty."""
        return self._utf8.decode(new)


def _byte_level_bytes(name: str) -> bytes:
    return bytes(_BYTE_OF[c] for c in name)


def _sentencepiece_bytes(name: str) -> bytes:
    if re.fullmatch(r"<0x[0-9A-F]{2}>", name):
        return bytes([int(name[3:5], 16)])
    return name.replace("▁", " ").encode()


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte, inverted."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    moved = [b for b in range(256) if b not in kept]
    return {chr(b): b for b in kept} | {chr(256 + i): b for i, b in enumerate(moved)}


_BYTE_OF = _byte_alphabet()

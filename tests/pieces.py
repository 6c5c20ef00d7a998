"""A tokenizer of Gemma's kind, small: "▁" for a space, bytes for what is rare."""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers

MERGES = [("t", "h"), ("th", "e"), ("▁", "the"), ("o", "n"), ("i", "s"), ("▁", "is")]


def write(folder: Path) -> Tokenizer:
    """`tokenizer.json` in `folder`, and what it holds."""
    words = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3}
    words |= {f"<0x{byte:02X}>": 4 + byte for byte in range(256)}
    for piece in [*"▁theonisa", *("".join(pair) for pair in MERGES)]:
        words[piece] = len(words)
    model = models.BPE(words, MERGES, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    made = Tokenizer(model)
    made.normalizer = normalizers.Replace(" ", "▁")
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    made.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>"])
    made.save(str(folder / "tokenizer.json"))
    return made

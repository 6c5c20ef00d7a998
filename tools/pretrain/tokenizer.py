"""Byte-level BPE with the special tokens of the design; Gemma's own ids for pad, eos, bos, unk."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

# Order is the id. `<sil>` is dictation's "nothing yet"; `<audio>` and `<persona>` stand where soft
# tokens are spliced in; control codes (CTRL, Keskar et al. 2019) name a register or genre.
SPECIAL = [
    *("<pad>", "<eos>", "<bos>", "<unk>", "<sil>"),
    *("<audio>", "</audio>", "<persona>", "</persona>", "<passage>", "</passage>"),
    *("<instruction>", "<input>", "<output>", "<prefix>", "<suffix>", "<middle>"),
    *("<story>", "<essay>", "<article>", "<letter>", "<dialogue>", "<poem>", "<news>", "<email>"),
    *("<formal>", "<plain>", "<informal>", "<archaic>", "<rephrase>", "<summary>", "<continue>"),
    *(f"<unused{i}>" for i in range(32)),
]


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Learn merges over GPT-2's pre-tokens; `<bos>` is added by `encode` as Gemma's tokenizer does."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", SPECIAL.index("<bos>"))]
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json` as transformers reads them."""
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    ).save_pretrained(folder)

"""Shapes of the models we train, as ordinary Gemma 3 configurations."""

from typing import Any

import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

SHAPES = {
    # 6.6 M parameters: what two CPU cores can feed in an evening.
    "nano": {
        "hidden_size": 256,
        "intermediate_size": 768,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
    # 45 M parameters: an hour of one data-centre GPU.
    "micro": {
        "hidden_size": 512,
        "intermediate_size": 2048,
        "num_hidden_layers": 12,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
    },
}
GLOBAL_EVERY = 3  # every third layer attends to everything, the others to the window
WINDOW = 256
CONTEXT = 2048
CODES = ["story", "essay", "article"]  # genres that rows begin with; killah models convert notes them


def configuration(shape: str, vocab_size: int) -> Gemma3TextConfig:
    """The `Gemma3TextConfig` of a named shape; special ids as in `tokenizer.SPECIAL`."""
    layers = SHAPES[shape]["num_hidden_layers"]
    sizes: dict[str, Any] = SHAPES[shape] | {"control_codes": CODES}
    return Gemma3TextConfig(
        **sizes,
        vocab_size=vocab_size,
        head_dim=64,
        query_pre_attn_scalar=64,
        sliding_window=WINDOW,
        layer_types=[
            "full_attention" if (i + 1) % GLOBAL_EVERY == 0 else "sliding_attention" for i in range(layers)
        ],
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        use_cache=False,
    )


def build(shape: str, vocab_size: int, seed: int) -> Gemma3ForCausalLM:
    """A freshly initialised model in float32 on the CPU."""
    torch.manual_seed(seed)
    return Gemma3ForCausalLM(configuration(shape, vocab_size))

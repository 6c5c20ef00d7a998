"""Tiny Gemma 3 checkpoints as other people's tools write them, for tests of conversion."""

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

SLIDING, GLOBAL = "sliding_attention", "full_attention"
CONFIG: dict[str, Any] = {
    "architectures": ["Gemma3ForCausalLM"],
    "model_type": "gemma3_text",
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "query_pre_attn_scalar": 32,
    "sliding_window": 16,
    "layer_types": [SLIDING, SLIDING, GLOBAL],
    "max_position_embeddings": 256,
    "rope_parameters": {
        GLOBAL: {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
        SLIDING: {"rope_type": "default", "rope_theta": 1e4},
    },
    "tie_word_embeddings": True,
}


def tensors(config: dict[str, Any] = CONFIG, seed: int = 0) -> dict[str, mx.array]:
    """Random bfloat16 weights under their names in `Gemma3ForCausalLM`."""
    hidden, head, mlp = config["hidden_size"], config["head_dim"], config["intermediate_size"]
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (config["vocab_size"], hidden)}
    for i in range(config["num_hidden_layers"]):
        own = {"q_proj": (queries, hidden), "k_proj": (keys, hidden), "v_proj": (keys, hidden)}
        own |= {"o_proj": (hidden, queries), "q_norm": (head,), "k_norm": (head,)}
        mlps = {"gate_proj": (mlp, hidden), "up_proj": (mlp, hidden), "down_proj": (hidden, mlp)}
        norms = ("input", "post_attention", "pre_feedforward", "post_feedforward")
        shapes |= {f"model.layers.{i}.self_attn.{k}.weight": s for k, s in own.items()}
        shapes |= {f"model.layers.{i}.mlp.{k}.weight": s for k, s in mlps.items()}
        shapes |= {f"model.layers.{i}.{k}_layernorm.weight": (hidden,) for k in norms}
    shapes["model.norm.weight"] = (hidden,)
    noise = mx.random.split(mx.random.key(seed), len(shapes))
    return {
        name: (0.1 * mx.random.normal(shape, key=key)).astype(mx.bfloat16)
        for (name, shape), key in zip(shapes.items(), noise, strict=True)
    }


def write_tokenizer(folder: Path) -> None:
    """256 bytes and four special tokens."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({c: i + 4 for i, c in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    definition = json.loads(tokenizer.to_str())
    definition["added_tokens"] = [
        {"id": i, "content": name, "special": True, "single_word": False, "lstrip": False, "rstrip": False}
        | {"normalized": False}
        for i, name in enumerate(special)
    ]
    definition["model"]["vocab"] |= {name: i for i, name in enumerate(special)}
    (folder / "tokenizer.json").write_text(json.dumps(definition))


def write(
    folder: Path,
    weights: dict[str, mx.array] | None = None,
    config: dict[str, Any] = CONFIG,
    shards: int = 1,
) -> Path:
    """A whole checkpoint folder, with an index when there are several shards."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = tensors() if weights is None else weights
    (folder / "config.json").write_text(json.dumps(config))
    write_tokenizer(folder)
    if shards == 1:
        mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "pt"})
        return folder
    weight_map: dict[str, str] = {}
    for number in range(shards):
        file = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        part = dict(list(weights.items())[number::shards])
        mx.save_safetensors(str(folder / file), part, {"format": "pt"})
        weight_map |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder

"""PEFT in torch and mlx-lm, each at its best: their loops, their caches, their ways to swap an adapter."""

from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tools.bench.adapters_worker import ACTIVE, DECODE, IDS, SWAPS, Measured, Way, in_turns, milliseconds

RELOADS = 6


def peft(folder: Path, adapters: list[Path], logits: Path | None) -> Measured:
    """transformers' Gemma 3 with PEFT; all adapters are loaded, `set_adapter` says which are active."""
    import numpy as np
    import torch
    from peft import PeftModel
    from transformers import Gemma3ForCausalLM

    def load() -> Any:
        return Gemma3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    plain, names = load(), [path.name for path in adapters]
    model: Any = PeftModel.from_pretrained(load(), str(adapters[0]), adapter_name=names[0])
    for path, name in zip(adapters[1:], names[1:], strict=True):
        model.load_adapter(str(path), adapter_name=name)
    model.eval()

    def activate(count: int) -> None:
        # Taking turns within one model, the one that runs must be set anew.
        model.base_model.set_adapter(names[:count], inference_mode=True)

    with torch.inference_mode():
        ways = {"base": _torch_way(plain, lambda: None)}
        for count in ACTIVE[1:]:
            ways[f"{count}_active"] = _torch_way(model, lambda count=count: activate(count))
        times = in_turns(ways)
        four = [*([names[0], task] for task in names[1:4]), names[4:5]]
        times["swap"] = [
            milliseconds(lambda chosen=chosen: model.base_model.set_adapter(chosen, inference_mode=True))
            for chosen in islice(cycle(four), SWAPS)
        ]
        if logits is not None:
            activate(1)
            np.save(logits, model(torch.tensor([IDS])).logits[0].numpy())
    return times


def _torch_way(model: Any, activate: Callable[[], None]) -> Way:
    """Greedy decoding with keys and values kept, without the extras of `generate`."""
    import torch
    from transformers import DynamicCache

    cache: list[Any] = []

    def write(ids: Any, tokens: int) -> None:
        for _ in range(tokens):
            out = model(ids, past_key_values=cache[0], use_cache=True, logits_to_keep=1)
            ids = out.logits[:, -1].argmax(-1, keepdim=True)

    def before() -> None:
        activate()
        cache[:] = [DynamicCache(config=model.config)]
        write(torch.tensor([IDS[:-1]]), 1)

    return before, lambda: write(torch.tensor([IDS[-1:]]), DECODE)


def mlx_lm(folder: Path, adapters: list[Path], _: Path | None) -> Measured:
    """mlx-lm with one adapter, all it can hold; another one means loading the model again."""
    import mlx.core as mx
    from mlx_lm.utils import load, load_adapters, load_model

    def reload(path: Path) -> None:
        mx.eval(load(str(folder), adapter_path=str(path))[0].parameters())

    def reload_model(path: Path) -> None:
        mx.eval(load_adapters(load_model(folder)[0], str(path)).parameters())

    plain, adapted = load(str(folder))[0], load(str(folder), adapter_path=str(adapters[0]))[0]
    times = in_turns({"base": _mlx_way(plain), "1_active": _mlx_way(adapted)})
    for name, work in (("swap", reload), ("swap_without_tokenizer", reload_model)):
        times[name] = [
            milliseconds(lambda work=work, path=path: work(path))
            for path in islice(cycle(adapters[:2]), RELOADS)
        ]
    return times


def _mlx_way(model: Any) -> Way:
    """mlx-lm's own loop with its prompt cache."""
    import mlx.core as mx
    from mlx_lm.generate import generate_step
    from mlx_lm.models.cache import make_prompt_cache

    cache: list[Any] = []

    def write(ids: list[int], tokens: int) -> None:
        steps = generate_step(mx.array(ids), model, max_tokens=tokens, prompt_cache=cache)
        for _ in islice(steps, tokens):
            pass

    def before() -> None:
        cache[:] = make_prompt_cache(model)
        write(IDS[:-1], 1)

    return before, lambda: write(IDS[-1:], DECODE)

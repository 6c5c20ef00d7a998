"""One contender of the adapters' benchmark in a process of its own; prints JSON lists of milliseconds."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

ACTIVE = (0, 1, 3, 5)
TEXT, DECODE = 64, 64  # tokens read before, and written
REPEATS = 5
SWAPS, COLD = 200, 12
IDS = [100 + (37 * i) % 7000 for i in range(TEXT)]

Measured = dict[str, list[float]]
Way = tuple[Callable[[], object], Callable[[], object]]  # untimed before, and timed


def milliseconds(work: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def in_turns(ways: dict[str, Way], repeats: int = REPEATS) -> Measured:
    """Every way once after the other, again and again, so that all meet the same machine."""
    times: Measured = {name: [] for name in ways}
    for number in range(repeats + 1):
        for name, (before, work) in ways.items():
            before()
            taken = milliseconds(work)
            if number:  # the first is a warm-up
                times[name].append(taken)
    return times


def killah(folder: Path, adapters: list[Path], logits: Path | None) -> Measured:
    """The product's own session, decode loop and stack."""
    import mlx.core as mx
    import numpy as np

    from killah.adapters import package
    from killah.engine.session import Session
    from killah.gemma.base import load
    from killah.gemma.stack import NOTHING, AdapterStack, Blend

    base, plain = load(folder), load(folder)
    stack, names = AdapterStack(base.model), []
    for path in adapters:
        adapter = package.read(path, base.manifest)
        assert adapter.card.scale is not None
        stack.load(adapter.card.name, adapter.tensors, adapter.card.scale, adapter.card.sha256)
        names.append(adapter.card.name)
    blends = {count: Blend(tuple((name, 1.0) for name in names[:count])) for count in ACTIVE}
    ways = {"base": decoding_way(plain, Session(plain.model), NOTHING)}
    for count, blend in blends.items():
        ways[f"{count}_active"] = decoding_way(base, Session(base.model, stack), blend)
    times = in_turns(ways) | swaps(stack, names)
    if logits is not None:
        stack.use(blends[1])
        np.save(logits, np.array(base.model(mx.array([IDS]))[0]))
    return times


def decoding_way(base: Any, session: Any, blend: Any) -> Way:
    """Writing `DECODE` tokens greedily after `TEXT` that are read already but for the last."""
    from killah.engine import decoding
    from killah.engine.prompt import Prompt
    from killah.engine.sampling import Sampler, Sampling

    def write(ids: list[int], tokens: int) -> None:
        sampler, prompt = Sampler(Sampling(temperature=0)), Prompt(list(ids), b"")
        for _ in decoding.continuation(
            session, base.tokenizer, prompt, sampler, max_tokens=tokens, ends=[], blend=blend
        ):
            pass

    return lambda: write(IDS[:-1], 1), lambda: write(IDS, DECODE)


def swaps(stack: Any, names: list[str]) -> Measured:
    """Switching between four compositions: prepared ones, and the first use of one, as sum and as pico."""
    from killah.gemma.stack import Blend

    persona, *tasks, alone = names
    four = [Blend(((persona, 1.0), (task, 1.0))) for task in tasks[:3]] + [Blend(((alone, 1.0),))]
    for blend in four:
        stack.use(blend)
    times = {"swap": [milliseconds(lambda b=blend: stack.use(b)) for blend in islice(cycle(four), SWAPS)]}
    for name, new in (
        ("swap_first_use", _new("sum", persona, tasks)),
        ("swap_first_use_pico", _new("pico", persona, tasks)),
    ):
        times[name] = [milliseconds(lambda b=blend: stack.use(b)) for blend in islice(new, COLD)]
    return times


def _new(merge: Any, persona: str, tasks: list[str]) -> Iterator[Any]:
    """Blends that were never used before: the persona's weight differs."""
    from killah.gemma.stack import Blend

    for number, task in enumerate(cycle(tasks)):
        yield Blend(((persona, 1.0 - 1e-3 * (number + 1)), (task, 1.0)), merge)


def killah_slots(folder: Path, adapters: list[Path], logits: Path | None) -> Measured:
    """The same with the adapters kept beside the weights, as on a base too large to hold twice."""
    from killah.gemma import stack

    stack.FOLD_LIMIT = 0
    return killah(folder, adapters, logits)


def main() -> None:
    """Measure one contender."""
    from tools.bench import adapters_peers as peers

    contenders = {"killah": killah, "killah_slots": killah_slots, "peft": peers.peft, "mlx_lm": peers.mlx_lm}
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=contenders)
    parser.add_argument("folder", type=Path)
    parser.add_argument("adapters", type=Path, nargs="+")
    parser.add_argument("--logits", type=Path)
    options = parser.parse_args()
    print(json.dumps(contenders[options.who](options.folder, options.adapters, options.logits)))


if __name__ == "__main__":
    main()

"""One contender of the generation benchmark in a process of its own; prints JSON milliseconds."""

import argparse
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

PREFILL, DECODE, TEXT = 512, 128, 400
REPEATS = 5
IDS = [100 + (37 * i) % 7000 for i in range(PREFILL)]


def milliseconds(
    work: Callable[[], object], before: Callable[[], object] = lambda: None, repeats: int = REPEATS
) -> float:
    """How long `work` takes: the least of several runs, each after an untimed `before`."""
    times = []
    for _ in range(repeats):
        before()
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def killah(folder: Path, _: bool) -> dict[str, float]:
    """The product's own session and decode loop."""
    from killah.engine import decoding
    from killah.engine.prompt import Prompt
    from killah.engine.sampling import Sampler, Sampling
    from killah.engine.session import Session
    from killah.gemma.base import load

    base = load(folder)

    def generate(session: Session, ids: list[int], tokens: int) -> None:
        sampler = Sampler(Sampling(temperature=0))
        prompt = Prompt(list(ids), b"")
        for _ in decoding.continuation(session, base.tokenizer, prompt, sampler, max_tokens=tokens, ends=[]):
            pass

    generate(Session(base.model), IDS[:64], 8)  # warm-up
    prefill = milliseconds(lambda: generate(Session(base.model), IDS, 1))
    session = Session(base.model)
    # One token of the text is read again, as for mlx-lm.
    decode = milliseconds(
        lambda: generate(session, IDS[:65], DECODE), before=lambda: generate(session, IDS[:64], 1)
    )
    keystroke = milliseconds(
        lambda: generate(session, IDS[: TEXT + 1], 1), before=lambda: generate(session, IDS[:TEXT], 1)
    )
    return {"prefill_512": prefill, "decode_128": decode, "keystroke_400": keystroke}


def mlx_lm(folder: Path, prompt_cache: bool) -> dict[str, float]:
    """mlx-lm's own loop; with its prompt cache, or as `mlx_lm.generate` does it (too slow to repeat)."""
    repeats = REPEATS if prompt_cache else 1
    import mlx.core as mx
    from mlx_lm.generate import generate_step
    from mlx_lm.models.cache import make_prompt_cache
    from mlx_lm.utils import load

    model = load(str(folder))[0]

    def generate(ids: list[int], tokens: int, cache: list | None = None) -> None:
        steps = generate_step(mx.array(ids), model, max_tokens=tokens, prompt_cache=cache)
        for _ in itertools.islice(steps, tokens):
            pass

    generate(IDS[:64], 2)  # warm-up
    prefill = milliseconds(lambda: generate(IDS, 1), repeats=repeats)
    # Its caches rotate in sliding layers and cannot be trimmed beyond the window: each run has its own.
    typing: list = []

    def read(ids: list[int]) -> None:
        typing[:] = make_prompt_cache(model)
        generate(ids, 1, typing)

    decode = milliseconds(
        lambda: generate(IDS[:1], DECODE, typing), before=lambda: read(IDS[:64]), repeats=repeats
    )
    if not prompt_cache:
        return {
            "prefill_512": prefill,
            "decode_128": decode,
            "keystroke_400": milliseconds(lambda: generate(IDS[: TEXT + 1], 1), repeats=1),
        }
    # Only the new token is paid for.
    keystroke = milliseconds(
        lambda: generate(IDS[TEXT : TEXT + 1], 1, typing), before=lambda: read(IDS[:TEXT])
    )
    return {"prefill_512": prefill, "decode_128": decode, "keystroke_400": keystroke}


def main() -> None:
    """Measure one contender."""
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=["killah", "mlx_lm"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompt-cache", action="store_true")
    options = parser.parse_args()
    contender = {"killah": killah, "mlx_lm": mlx_lm}[options.who]
    print(json.dumps(contender(options.folder, options.prompt_cache)))


if __name__ == "__main__":
    main()

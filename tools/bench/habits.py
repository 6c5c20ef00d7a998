"""What a persona's n-gram model costs: to fit, to ask, and at the logits, a token at a time.

Fitted on the training text beside a checkout (`.data/text-en`), or on the samples again and again.
"""

import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from killah.engine import habits
from killah.engine.habits import Habits
from killah.gemma import base, catalog
from killah.paths import shipped
from killah.persona.chunks import chunks

CHARACTERS = 4_000_000
ROUNDS = 200
VOCABULARIES = (8_192, 262_144)  # pushkin-nano's and Gemma's


def run() -> dict[str, float | int | str]:
    """Seconds to fit, and the least milliseconds of each step."""
    import mlx.core as mx  # after killah.engine, which prepares it

    loaded = base.load(catalog.find("pushkin-nano"))
    tokenizer = loaded.tokenizer
    texts = _texts()
    start = time.perf_counter()
    model = habits.learn(texts, tokenizer)
    fitting = time.perf_counter() - start
    assert model is not None
    ids = tokenizer.encode("\n\n".join(texts[: ROUNDS // 10]))
    contexts = cycle([ids[at : at + 3] for at in range(0, len(ids) - 3, 7)])
    figures: dict[str, float | int | str] = {
        "characters": sum(map(len, texts)),
        "ngrams": sum(len(order.keys) for order in model.orders),
        "megabytes": sum(a.nbytes for o in model.orders for a in (o.keys, o.share, o.spare)) / 1e6,
        "fit_s": fitting,
        "ask_ms": _least(lambda: model.habit(next(contexts))),
    }
    mixed = Habits(((model, 0.2),))

    def normal(logits: mx.array) -> mx.array:
        return logits - mx.logsumexp(logits)

    for size in VOCABULARIES:
        logits = mx.random.normal((size,))
        plain = _least(lambda logits=logits: np.array(normal(logits)))
        with_habits = _least(lambda logits=logits: np.array(normal(mixed.mix(logits, next(contexts)))))
        figures[f"token_ms_without_{size}"] = plain
        figures[f"token_ms_added_{size}"] = with_habits - plain
    return figures


def _texts() -> list[str]:
    folder = Path(".data/text-en")
    paths = sorted((folder if folder.is_dir() else shipped("samples")).glob("**/*.txt"))
    found: list[str] = []
    for text in islice(cycle(path.read_text("utf-8") for path in paths), 10 * len(paths)):
        found += chunks(text)
        if sum(map(len, found)) > CHARACTERS:
            break
    return found


def _least(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)  # the rest is what else the machine does

"""The choice must be the best way, and several at once only where that is sure; measurements are made up."""

import numpy as np

from killah.engine.personal.choosing import LORAS, PASSAGES, choose, combinations
from killah.engine.personal.measuring import Measured, Way

TEXTS, TOKENS = 12, 50
NOISE = np.random.default_rng(0).normal(1.0, 0.1, (TEXTS, TOKENS))


def measured(habit: float = 0.0, said: float = 0.0) -> tuple[Measured, list[Way]]:
    """A measurement of texts that go on by habit, or as they have before, with such probabilities."""
    known, before = (
        [(np.full(TOKENS, p), np.full(TOKENS, float(p > 0))) for _ in range(TEXTS)] for p in (habit, said)
    )
    return Measured([[0] * TOKENS] * TEXTS, np.full(TEXTS, 200.0), known, before), []


def choice(cost, alone: list[Way], habit: float = 0.0, said: float = 0.0) -> tuple[Way, list[Way]]:
    """What is chosen where the model charges `cost(way)` nats a token, and what it was asked."""
    found, asked = measured(habit, said)

    def ask(ways) -> Measured:
        for way in ways:
            if way.asked not in found.asked:
                asked.append(way)
                found.add(way, list((cost(way) * NOISE).astype(np.float32)))
        return found

    return choose(ask, alone), asked


ALONE = [Way(), Way(passages=PASSAGES), Way(soft=True), *(Way(lora=weight) for weight in LORAS)]


def parts(way: Way) -> int:
    return sum(map(bool, (way.passages, way.soft, way.lora)))


def test_where_nothing_helps_nothing_is_chosen() -> None:
    chosen, _ = choice(lambda way: 4.0 + 0.1 * parts(way), ALONE)
    assert chosen == Way()


def test_the_best_single_way_is_chosen() -> None:
    chosen, asked = choice(lambda w: 4.0 - 0.3 * (parts(w) == 1 and w.lora == 0.5) + 0.1 * parts(w), ALONE)
    assert chosen == Way(lora=0.5)
    assert len(asked) == len(set(asked)) == 12  # every combination once, whatever n-grams count


def test_what_is_clearly_better_together_is_combined() -> None:
    chosen, _ = choice(lambda w: 4.0 - 0.1 * (w.passages > 0) - 0.1 * w.soft + 0.1 * w.lora, ALONE)
    assert chosen == Way(passages=PASSAGES, soft=True)


def test_what_chance_makes_better_together_is_not() -> None:
    """Better by one part in a thousand, with texts that differ twenty times as much."""
    differing = np.resize([0.02, -0.02], (TEXTS, 1))

    def cost(way: Way) -> np.ndarray:
        return 4.0 - 0.1 * (parts(way) > 0) - (0.001 - differing) * (parts(way) > 1)

    assert parts(choice(cost, ALONE)[0]) == 1


def test_habits_cost_no_question() -> None:
    certain, asked = choice(lambda _: 4.0, ALONE[:3], habit=1.0)
    assert certain == Way(ngram=0.5) and all(not way.ngram for way in asked)
    never, _ = choice(lambda _: 4.0, ALONE[:3], habit=0.0)
    assert never == Way()


def test_the_text_so_far_is_weighed_beside_them() -> None:
    both, asked = choice(lambda _: 4.0, ALONE[:3], habit=0.5, said=0.9)
    assert both == Way(ngram=0.5, text=0.3) and all(not way.text for way in asked)


def test_every_combination_comes_once() -> None:
    found = combinations([Way(), Way(passages=2), Way(soft=True), Way(lora=1.0, ngram=0.3)])
    assert len(found) == len(set(found)) == 8
    assert Way(2, True, 1.0) in found and all(not way.ngram for way in found)

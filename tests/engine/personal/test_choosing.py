"""The choice must be the best way, unless a lesser one is as good; measurements here are made up."""

import numpy as np

from killah.engine.personal.choosing import PASSAGES, choose, combinations, least
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


ALONE = [Way(), *(Way(passages=k) for k in PASSAGES), Way(soft=True), Way(lora=1.0)]


def test_where_nothing_helps_nothing_is_chosen() -> None:
    chosen, _ = choice(
        lambda way: 4.0 + 0.1 * len([p for p in (way.passages, way.soft, way.lora) if p]), ALONE
    )
    assert chosen == Way()


def test_what_helps_is_combined() -> None:
    cost = {0: 0.0, 1: 0.05, 2: 0.2, 3: 0.1}
    chosen, asked = choice(lambda w: 4.0 - cost[w.passages] - 0.1 * w.soft + 0.1 * w.lora, ALONE)
    assert chosen == Way(passages=2, soft=True)
    assert len(asked) == len(set(asked)) == 10  # three counts, and every combination of the best one


def test_a_lora_at_half_its_weight_is_tried_where_it_helps() -> None:
    chosen, asked = choice(
        lambda w: 4.0 - {0: 0.0, 0.5: 0.3, 1.0: 0.2}[w.lora], [Way(), *ALONE[1:4], Way(lora=1.0)]
    )
    assert chosen == Way(lora=0.5) and Way(lora=0.5) in asked


def test_habits_cost_no_question() -> None:
    certain, asked = choice(lambda _: 4.0, ALONE[:4], habit=1.0)
    assert certain == Way(ngram=0.5) and all(not way.ngram for way in asked)
    never, _ = choice(lambda _: 4.0, ALONE[:4], habit=0.0)
    assert never == Way()


def test_the_text_so_far_is_weighed_beside_them() -> None:
    both, asked = choice(lambda _: 4.0, ALONE[:4], habit=0.5, said=0.9)
    assert both == Way(ngram=0.5, text=0.3) and all(not way.text for way in asked)


def test_of_ways_as_good_as_the_best_the_least_is_taken() -> None:
    found, _ = measured()
    better_and_worse = np.resize([0.01, -0.01], (TEXTS, 1))
    found.add(Way(), list(4.0 + NOISE))
    found.add(Way(passages=2), list(3.5 + NOISE))
    found.add(Way(passages=3, soft=True), list(3.499 + NOISE + better_and_worse))
    assert least(found, found.asked) == Way(passages=2)
    assert least(found, [Way(), Way(passages=3, soft=True)]) == Way(passages=3, soft=True)


def test_every_combination_comes_once() -> None:
    found = combinations([Way(), Way(passages=2), Way(soft=True), Way(lora=1.0, ngram=0.3)])
    assert len(found) == len(set(found)) == 8
    assert Way(2, True, 1.0) in found and all(not way.ngram for way in found)

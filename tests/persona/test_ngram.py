"""An n-gram model must be exact: a weak one is a poor help to a writer, and a baseline that flatters."""

from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest

from killah.discounts import FALLBACK
from killah.persona.ngram import KneserNey, fit, mixed

BOS, VOCABULARY = 0, 80


def texts(seed: int = 0, count: int = 400) -> list[list[int]]:
    """Random texts with a skewed vocabulary, so that every count from 1 up occurs."""
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, VOCABULARY) ** 1.1
    words = np.arange(1, VOCABULARY - 1)  # the last id never occurs
    weights = weights[: len(words)] / weights[: len(words)].sum()
    return [[BOS, *random.choice(words, random.integers(1, 12), p=weights).tolist()] for _ in range(count)]


def stream(of: list[list[int]]) -> np.ndarray:
    return np.array([t for text in of for t in text], dtype=np.uint16)


class ByHand:
    """The definition, read literally from Chen and Goodman with dictionaries."""

    def __init__(self, of: list[list[int]], order: int) -> None:
        self.order = order
        plain: Counter = Counter()
        before: defaultdict = defaultdict(set)
        for text in of:
            for n in range(1, order + 1):
                for end in range(n, len(text) + 1):
                    gram = tuple(text[end - n : end])
                    plain[gram] += 1
                    if end > n:
                        before[gram].add(text[end - n - 1])
        self.count = {
            g: c if len(g) == order or (g[0] == BOS and len(g) > 1) else len(before[g])
            for g, c in plain.items()
        }
        self.followers: defaultdict = defaultdict(dict)
        for gram, count in self.count.items():
            self.followers[gram[:-1]][gram[-1]] = count
        self.discount = {n: self.discounts(n) for n in range(1, order + 1)}

    def discounts(self, n: int) -> list[float]:
        counts = Counter(c for g, c in self.count.items() if len(g) == n)
        if not all(counts[k] for k in (1, 2, 3, 4)):
            return [0, *FALLBACK]
        y = counts[1] / (counts[1] + 2 * counts[2])
        found = [k - (k + 1) * y * counts[k + 1] / counts[k] for k in (1, 2, 3)]
        sound = all(0 <= d <= k for k, d in enumerate(found, start=1))
        return [0, *(found if sound else FALLBACK)]

    def p(self, word: int, history: tuple[int, ...]) -> float:
        lower = self.p(word, history[1:]) if history else 1 / (VOCABULARY - 1)
        followers = self.followers[history]
        total = sum(followers.values())
        if not total:
            return lower
        discount = self.discount[len(history) + 1]
        count = followers.get(word, 0)
        left = sum(discount[min(c, 3)] for c in followers.values())
        return (count - discount[min(count, 3)] + left * lower) / total


@pytest.mark.parametrize("order", [2, 3, 5])
def test_every_probability_is_the_one_the_paper_defines(order: int) -> None:
    model = fit(stream(texts()), vocabulary=VOCABULARY, bos=BOS, order=order)
    by_hand = ByHand(texts(), order)
    assert by_hand.discount[2][1:] != [*FALLBACK]
    unseen = texts(seed=1, count=30)
    got = model.probabilities(stream(unseen))
    wanted = [
        by_hand.p(text[i], tuple(text[max(0, i - order + 1) : i])) if i else 0.0
        for text in unseen
        for i in range(len(text))
    ]
    np.testing.assert_allclose(got, wanted, rtol=2e-6)


def test_probabilities_after_any_context_sum_to_one() -> None:
    model = fit(stream(texts()), vocabulary=VOCABULARY, bos=BOS, order=5)
    for history in product((1, 2, 30, VOCABULARY - 1), repeat=3):
        for context in ([BOS, *history], [BOS, 1, *history], [BOS, 1, 2, *history]):
            asked = np.array([[*context, word] for word in range(1, VOCABULARY)])
            following = model.probabilities(asked.flatten()).reshape(asked.shape)[:, -1]
            assert following.sum() == pytest.approx(1, abs=1e-6)
    assert model.probabilities(np.array([BOS, 1, BOS]))[-1] == 0


def test_a_count_anyone_can_redo_on_paper() -> None:
    # "a b a c" after <bos>, bigrams. With so few counts the discounts are 0.5, 1 and 1.5. Unigrams count
    # what stands before them: a {<bos>, b} 2, b {a} 1, c {a} 1. Their discounts leave 1 + 0.5 + 0.5 of 4.
    a, b, c = 1, 2, 3
    model = fit(np.array([BOS, a, b, a, c]), vocabulary=4, bos=BOS, order=2)
    uniform = 1 / 3
    one = {a: (2 - 1) / 4 + uniform / 2, b: 0.5 / 4 + uniform / 2, c: 0.5 / 4 + uniform / 2}
    # After a: b once and c once, each discounted by 0.5, so half goes to the unigrams.
    assert model.probabilities(np.array([BOS, a, b]))[-1] == pytest.approx(0.5 / 2 + 0.5 * one[b])
    # Nothing was seen after c.
    assert model.probabilities(np.array([BOS, a, c, a]))[-1] == pytest.approx(one[a])


def test_habit_and_single_words_are_the_whole_probability() -> None:
    model = fit(stream(texts()), vocabulary=VOCABULARY, bos=BOS, order=4)
    random = np.random.default_rng(2)
    alone = np.array([model.probabilities(np.array([BOS, VOCABULARY - 1, w]))[-1] for w in range(VOCABULARY)])
    seen = [text[:end] for text in texts()[:20] for end in range(1, len(text))]
    unseen = [[BOS, *random.integers(1, VOCABULARY, length)] for length in range(6)]
    for context in [*seen, *unseen]:
        asked = np.array([[*context, word] for word in range(VOCABULARY)])
        habit, worth = model.habit(context)
        assert habit.dtype == np.float32 and habit.shape == (VOCABULARY,)
        assert habit.min() >= 0 and habit.sum() == pytest.approx(worth, abs=1e-5)
        whole = model.probabilities(asked.flatten()).reshape(asked.shape)[1:, -1]
        np.testing.assert_allclose(habit[1:] + (1 - worth) * alone[1:], whole, rtol=1e-4)
        shares, worths = (each.reshape(asked.shape)[1:, -1] for each in model.habits(asked.flatten()))
        np.testing.assert_allclose(shares, habit[1:], atol=1e-7)
        np.testing.assert_allclose(worths, worth, atol=1e-6)


def test_a_context_that_was_never_seen_changes_nothing() -> None:
    model = fit(stream(texts()), vocabulary=VOCABULARY, bos=BOS, order=4)
    habit, worth = model.habit([1, 2, VOCABULARY - 1])
    assert worth == 0 and not habit.any()
    p = np.full(VOCABULARY, 1 / VOCABULARY)
    np.testing.assert_array_equal(mixed(p, ((habit, np.array(worth)), 1.0)), p)


def test_a_longer_known_context_is_worth_more_and_mixing_keeps_the_sum() -> None:
    model = fit(stream(texts()), vocabulary=VOCABULARY, bos=BOS, order=4)
    text = next(text for text in texts() if len(text) > 5)
    worths = []
    for length in (2, 3, 4):
        habit, worth = model.habit(text[:length])
        worths.append(worth)
        p = np.random.default_rng(0).dirichlet(np.ones(VOCABULARY))
        assert mixed(p, ((habit, np.array(worth)), 0.5)).sum() == pytest.approx(1, abs=1e-5)
    assert worths[0] > 0 and worths == sorted(worths) and worths[-1] <= 1


def test_a_text_is_not_predicted_from_the_one_before_it() -> None:
    model = fit(stream(texts()), vocabulary=VOCABULARY, bos=BOS, order=5)
    one, two = [BOS, 1, 2, 1], [BOS, 2, 1]
    together = model.probabilities(np.array(one + two))
    np.testing.assert_array_equal(together[len(one) :], model.probabilities(np.array(two)))


def test_a_cached_model_is_the_same_model(tmp_path) -> None:
    model = fit(stream(texts()), vocabulary=VOCABULARY, bos=BOS, order=3)
    model.save(tmp_path / "model.npz")
    tokens = stream(texts(seed=1))
    same = KneserNey.load(tmp_path / "model.npz").probabilities(tokens)
    np.testing.assert_array_equal(same, model.probabilities(tokens))


def test_a_stream_without_a_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="begin with <bos>"):
        fit(np.array([1, 2]), vocabulary=VOCABULARY, bos=BOS)

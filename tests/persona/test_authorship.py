"""Whether a passage is a writer's. If these fail, adherence is a number without a meaning."""

from pathlib import Path

import numpy as np
import pytest

from killah.paths import shipped
from killah.persona import authorship, style
from killah.persona.authorship import Authorship

README = Path(__file__).parents[2] / "README.md"  # the project's: another writer, and no essayist


def passages(*names):
    return authorship.passages([(shipped("samples") / name).read_text("utf-8") for name in names])


@pytest.fixture(scope="module")
def chesterton():
    learned = passages("the-blue-cross.txt", "the-queer-feet.md", "the-maniac.txt")
    return Authorship.of(authorship.styles(learned, "en"), "en")


def test_a_writers_unseen_text_passes_and_anothers_does_not(chesterton):
    own = chesterton.probability(authorship.styles(passages("the-suicide-of-thought.md"), "en"))
    other = chesterton.probability(authorship.styles(authorship.passages([README.read_text("utf-8")]), "en"))
    assert own.mean() > 0.6
    assert other.mean() < 0.2


def test_odds_and_probability_agree_and_never_overflow(chesterton):
    far = np.array([[4.0] * style.WIDTH, [-4.0] * style.WIDTH, [0.0] * style.WIDTH], np.float32)
    odds, chance = chesterton.log_odds(far), chesterton.probability(far)
    assert np.all(np.isfinite(chance))
    assert chance[2] == pytest.approx(1 / (1 + np.exp(-odds[2])))
    assert chance[2] < 0.5, "an average passage is not a particular writer's"


def test_what_is_like_nobody_passes_for_nobody(chesterton):
    noise = 4 * np.sign(np.random.default_rng(0).standard_normal((20, style.WIDTH)))
    assert chesterton.probability(noise).max() < 0.01


def test_short_texts_are_joined_until_they_have_a_style():
    assert authorship.passages(["Too short."]) == []
    assert len(authorship.passages(["Ten words make no style, but there are many here."] * 8)) == 1

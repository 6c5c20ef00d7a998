"""min-p follows the tone: unlikely words are not for a formal writer, nor only likely ones for a wild one."""

import numpy as np
import pytest

from killah.persona import style, tone
from killah.persona.population import Population
from killah.persona.tone import Tone

STEPS = np.linspace(-4, 4, 33)

OFFICIAL = """The administration of the department requires that every application concerning the allocation
of additional resources be accompanied by appropriate documentation. Furthermore, the establishment of
regional commissions, which the legislation of the previous administration prescribed, necessitates the
consideration of institutional responsibilities upon whose interpretation the implementation depends."""
WILD = """Rain! You hear it? I don't. I can't -- oh, the half-lit, sea-green, nobody's-business night...

Go.

I'd run, you'd laugh, we'd all get lost, and then some big slow thing out of the dark would just lie there on
the wet road breathing at us like a kid who won't ever say what it wants!

Yeah. You got me."""
MATTER_OF_FACT = """The boat left the harbour at six and came back before noon with a small catch. Two men
carried the boxes to the market, where a woman weighed the fish and wrote the sum in her book. By one o'clock
the quay was empty again, and the crew had gone home to sleep until the tide turned."""


def test_min_p_never_falls_with_formality():
    for experiment in STEPS:
        values = [Tone(formality, experiment).min_p for formality in STEPS]
        assert values == sorted(values)
        assert values[0] < values[-1]


def test_min_p_never_rises_with_experiment():
    for formality in STEPS:
        values = [Tone(formality, experiment).min_p for experiment in STEPS]
        assert values == sorted(values, reverse=True)


def test_the_average_is_in_the_middle_and_nothing_leaves_the_range():
    assert Tone(0, 0).min_p == pytest.approx(0.10)
    assert Tone(0, 0).kind == "neutral"
    assert 0.05 <= Tone(-9, 9).min_p < 0.051
    assert 0.149 < Tone(9, -9).min_p <= 0.15


@pytest.mark.parametrize(
    ("feature", "rises"), [("abstract nouns", True), ("contractions", False), ("sentence variety", False)]
)
def test_one_habit_more_moves_min_p_one_way(feature, rises):
    """From the average author, whatever the other features are."""
    mean = np.zeros(style.WIDTH, np.float32)
    values = []
    for step in np.linspace(0, 4, 9):
        mean[style.PLACES[feature]] = step
        values.append(tone.tone(mean).min_p)
    assert values == sorted(values, reverse=not rises)
    assert abs(values[-1] - values[0]) > 0.005


@pytest.mark.parametrize(
    ("text", "kind"), [(OFFICIAL, "formal"), (WILD, "experimental"), (MATTER_OF_FACT, "neutral")]
)
def test_texts_have_the_tone_one_hears(text, kind):
    found = tone.tone(style.vector(text))
    assert found.kind == kind
    assert found.reason.startswith(f"{kind}: ")


def test_philosophers_are_more_formal_than_humorists():
    """Known cases in the shipped population: the order that a reader would put them in."""
    names = Population.of("en").names
    mean, deviation = style.reference("en")
    styles = np.nan_to_num((Population.of("en").means - mean) / deviation)
    by_name = {name: tone.tone(each).min_p for name, each in zip(names, styles, strict=True)}
    assert by_name["william-james"] > 0.13 > by_name["arnold-bennett"] > 0.08 > by_name["mark-twain"]


def test_russian_is_set_beside_russians():
    text = "Он вышел из дома и пошёл по улице, но снег ещё лежал на крышах, и было очень холодно. " * 3
    assert tone.spoken(style.vector(text)) == "ru"
    assert tone.spoken(style.vector(OFFICIAL)) == "en"
    assert 0.05 <= tone.tone(style.vector(text)).min_p <= 0.15


def test_a_few_passages_in_another_language_do_not_change_it():
    russian = "Он вышел из дома и пошёл по улице, а снег ещё лежал на крышах! Ты куда? Я не знаю... " * 3
    own = [style.vector(text) for text in (OFFICIAL, MATTER_OF_FACT)]
    mixed = np.stack([*own, style.vector(russian)])
    assert tone.whole(mixed) == tone.tone(np.mean(own, axis=0))
    assert tone.whole(mixed[2:]) == tone.tone(mixed[2])

"""The base as a judge of what was heard: sense wins where the sound leaves it open, not against the sound."""

import pytest

from killah.audio.recognition.beam import Hypothesis
from killah.engine.hearing.rescoring import Judge
from killah.gemma import base, catalog


@pytest.fixture(scope="module")
def judge():
    return Judge(base.load(catalog.find("pushkin-nano")))


def heard(text, acoustic):
    return Hypothesis(tuple(text.split()), acoustic, 0.0)


def test_sense_wins_where_the_sound_leaves_it_open(judge):
    found = [heard("the old man wend too the see", -10.0), heard("the old man went to the sea", -10.5)]
    assert judge.best(found) is found[1]
    assert judge.best(found, weight=0.0) is found[0]


def test_what_was_surely_heard_stays(judge):
    found = [heard("qokka wend", -1.0), heard("the old man went to the sea", -60.0)]
    assert judge.best(found) is found[0]
    assert judge.best(found[1:]) is found[1]

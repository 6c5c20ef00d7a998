"""The gate states a probability that can be believed, and a damaged one is not used."""

import json
import math

import pytest

from killah.engine.gate import Gate
from killah.errors import KillahError


@pytest.mark.parametrize("p", [0.01, 0.3, 0.9])
def test_without_a_fit_the_model_is_taken_at_its_word(p, tmp_path):
    assert Gate.read(tmp_path).probability(math.log(p)) == pytest.approx(p)


def test_fitted_by_hand(tmp_path):
    (tmp_path / "gate.json").write_text(json.dumps({"intercept": -1.0, "slope": 2.0}))
    # log-odds of 0.8 are log 4; sigmoid(-1 + 2 log 4) = 1 / (1 + e / 16)
    assert Gate.read(tmp_path).probability(math.log(0.8)) == pytest.approx(1 / (1 + math.e / 16))


def test_certainty_and_impossibility_stay_finite():
    assert 0 < Gate().probability(-1000) < Gate().probability(0.0) < 1


@pytest.mark.parametrize("text", ["{", "{}", '{"intercept": "x", "slope": 1}', "[]"])
def test_a_damaged_gate_is_one_sentence(text, tmp_path):
    (tmp_path / "gate.json").write_text(text)
    with pytest.raises(KillahError, match="damaged"):
        Gate.read(tmp_path)

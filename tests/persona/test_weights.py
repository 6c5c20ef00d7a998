"""What a check found must come back as it was kept, and only for the model that it was found with."""

import pytest

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.store import Store
from killah.persona.weights import KEY, Weights


@pytest.fixture
def store(home):
    with Store.create(personas.path_of("me")) as store:
        yield store


def test_before_a_check_passages_and_soft_tokens_are_left_to_the_settings(store) -> None:
    weights = Weights.read(store)
    assert weights == Weights()
    assert (weights.passages, weights.soft, weights.lora) == (None, None, 1.0)
    assert 0 < weights.ngram < 0.5


def test_weights_come_back_as_they_were_kept(store) -> None:
    weights = Weights(
        passages=3, soft=1.0, lora=0.5, ngram=0.3, text=0.1, measured={"model": "nano", "texts": 20}
    )
    weights.keep(store)
    assert Weights.read(store) == weights
    with Store.open(personas.path_of("me")) as again:
        assert Weights.read(again) == weights


def test_weights_of_another_model_do_not_count(store) -> None:
    weights = Weights(ngram=0.5, measured={"model": "nano"})
    assert weights.on("nano") is weights
    assert weights.on("gemma-3-4b") == Weights()
    assert Weights(ngram=0.4).on("nano").ngram == 0.4  # set by hand


@pytest.mark.parametrize("kept", ["", "[]", '{"ngram": 2}', '{"passages": -1}'])
def test_damaged_weights_say_what_to_do(store, kept: str) -> None:
    store.set_setting(KEY, kept)
    with pytest.raises(KillahError, match="killah persona check"):
        Weights.read(store)

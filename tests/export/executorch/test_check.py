"""What a bundle may differ by: floats compute the same, rounded weights predict nearly as well."""

import numpy as np
import pytest

from killah.export.executorch import manifest
from killah.export.executorch.check import _apart, _passes
from killah.export.executorch.manifest import Audio, Parity

AUDIO = Audio(encoder="ear", samples_per_token=1920, extra_samples=80, longest=250)


@pytest.fixture
def about(tiny):
    return manifest.read_verified(tiny.bundle)


def parity(**found):
    same = {"logits": 0.5, "equal_tokens": 10, "tokens": 64, "tokens_per_second": 100.0, "passed": False}
    return Parity.model_validate(same | {"perplexity": 30.0, "perplexity_mlx": 30.0} | found)


def test_one_number_far_off_is_a_fault_of_floats_and_rounding_of_integers(about):
    ours = np.ones(1000)
    theirs = ours + 0.3 * (np.arange(1000) == 7)
    assert _apart(theirs, ours, about) == pytest.approx(0.3)
    rounded = about.model_copy(update={"quantisation": "int8"})
    assert _apart(theirs, ours, rounded) == pytest.approx(0.3 / 1000**0.5)
    assert _passes(rounded, parity(audio=_apart(theirs, ours, rounded)))
    assert not _passes(rounded, parity(audio=_apart(-ours, ours, rounded)))


def test_who_writes_down_speech_is_not_judged_by_prose_as_one_who_writes_it(about):
    writes = about.model_copy(update={"quantisation": "int4", "audio": None})
    hears = writes.model_copy(update={"audio": AUDIO})
    of_prose = parity(perplexity=551_000.0, perplexity_mlx=472_000.0)
    assert not _passes(writes, of_prose) and _passes(hears, of_prose)
    assert not _passes(hears, parity(perplexity=900_000.0, perplexity_mlx=472_000.0))
    assert not _passes(writes, parity(perplexity=31.0))

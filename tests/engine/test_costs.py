"""Costs of many texts at a time must be those of each alone, as the session reads it."""

import mlx.core as mx
import numpy as np
import pytest

from killah import paths
from killah.engine.costs import Costs, Reading
from killah.engine.prompt import soft_tokens
from killah.engine.session import Session
from killah.gemma import base as bases


@pytest.fixture(scope="module")
def base():
    return bases.load(paths.shipped("models") / "pushkin-nano")


def stepwise(base, reading: Reading) -> np.ndarray:
    """The session's own logits, one token after the other."""
    soft = [] if reading.soft is None else soft_tokens("soft", reading.soft)
    session, found = Session(base.model), []
    for at in range(reading.start, len(reading.ids)):
        list(session.prefill([reading.ids[0], *soft, *reading.ids[1:at]]))
        logprobs = session.logits - mx.logsumexp(session.logits)
        found.append(-float(logprobs[reading.ids[at]]))
    return np.array(found)


def test_a_batch_costs_what_the_session_says(base) -> None:
    ids = np.random.default_rng(0).integers(64, 8000, (6, 40)).tolist()
    readings = [Reading([2, *row[: 8 + 5 * i]], 3 + i) for i, row in enumerate(ids)]
    for got, reading in zip(Costs(base.model).nats(readings), readings, strict=True):
        np.testing.assert_allclose(got, stepwise(base, reading), atol=2e-3)


def test_soft_tokens_stand_behind_the_beginning(base) -> None:
    soft = 16 * mx.random.normal((3, 256), key=mx.random.key(0))
    readings = [
        Reading([2, 500, 600, 700], 1, soft),
        Reading([2, 500, 601], 2, 0.5 * soft),
        Reading([2, 500, 601, 602], 2),
        Reading([2, 500, 601], 1, soft[:2]),
    ]
    found = Costs(base.model).nats(readings)
    for got, reading in zip(found, readings, strict=True):
        np.testing.assert_allclose(got, stepwise(base, reading), atol=2e-3)
    assert np.abs(found[0][0] - Costs(base.model).nats([Reading([2, 500], 1)])[0][0]) > 0.01

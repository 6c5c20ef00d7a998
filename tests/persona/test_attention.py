"""The persona's vector, against a plain computation and the traps of the published code."""

import numpy as np
import pytest

from killah.persona.attention import STYLE_SCALE, attention, persona_vector


@pytest.fixture
def passages():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(9, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, random.normal(size=(9, 4)).astype(np.float32)


def test_without_a_query_every_passage_counts_alike(passages):
    vectors, styles = passages
    found = persona_vector(None, vectors, styles, (2.0, 2.0))
    mean = vectors.mean(axis=0)
    np.testing.assert_allclose(found[:6], np.sqrt(6) * mean / np.linalg.norm(mean), rtol=1e-5)
    np.testing.assert_allclose(found[6:], STYLE_SCALE * styles.mean(axis=0), rtol=1e-5)


def test_the_weights_are_a_softmax_of_sharpened_cosines(passages):
    vectors, _ = passages
    weights = attention(vectors[2], vectors, (np.log(5.0), np.log(0.5)))
    for row, sharpness in zip(weights, (5.0, 0.5), strict=True):
        expected = np.exp(sharpness * vectors @ vectors[2])
        np.testing.assert_allclose(row, expected / expected.sum(), rtol=1e-5)


def test_a_sharp_attention_takes_the_passage_that_is_asked_for(passages):
    vectors, styles = passages
    found = persona_vector(vectors[2], vectors, styles, (7.0, 7.0))
    np.testing.assert_allclose(found[:6], np.sqrt(6) * vectors[2], atol=1e-3)
    np.testing.assert_allclose(found[6:], STYLE_SCALE * styles[2], atol=1e-3)


def test_the_order_of_passages_does_not_matter(passages):
    vectors, styles = passages
    found = persona_vector(vectors[1], vectors, styles, (1.0, 1.0))
    again = persona_vector(vectors[1], vectors[::-1], styles[::-1], (1.0, 1.0))
    np.testing.assert_allclose(again, found, rtol=1e-5, atol=1e-6)

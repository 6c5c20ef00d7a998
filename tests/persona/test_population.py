import numpy as np
import pytest

from killah.persona.population import Population
from killah.persona.rhythm import BINS
from killah.persona.style import WIDTH


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_shipped_population_is_whole(language):
    found = Population.of(language)
    assert found.means.shape == (len(found.names), WIDTH)
    assert len(found.names) >= 10
    assert found.sentence_lengths.shape == (BINS,)
    assert found.sentence_lengths.sum() == pytest.approx(1, abs=0.01)


def test_a_percentile_counts_the_authors_below_and_half_of_those_level():
    means = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [4.0, 6.0]])
    found = Population(("a", "b", "c", "d"), means, np.zeros(BINS)).percentiles(np.array([3.0, 5.0]))
    assert found.tolist() == [62.5, 37.5]  # (2 + 1/2) / 4, (0 + 3/2) / 4

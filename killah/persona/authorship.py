"""Whether a passage is a writer's or another's: a shrunken linear discriminant on style vectors.

Linear discriminant analysis (Fisher 1936) with the writer's passages as one class and the reference
population as the other. Its mean is 0 by construction of `style.standardise`; its covariance is that of
passages of one writer plus that of writers. The former is estimated from the writer's own passages and drawn
towards its diagonal by the share of Schäfer and Strimmer (2005, equation 8, for correlations).
"""

import json
from dataclasses import dataclass
from functools import cache

import numpy as np

from killah.persona import style
from killah.persona.chunks import chunks
from killah.persona.style import Language

SHORTEST = 60  # words; fewer have no style yet
FLOOR = 0.05  # variance of a feature, for those a writer never varies


@dataclass(frozen=True)
class Authorship:
    """`probability` that passages are the writer's and not another's, both being as likely beforehand."""

    weights: np.ndarray  # (WIDTH,)
    middle: np.ndarray  # (WIDTH,), half way between the writer and the population

    @classmethod
    def of(cls, styles: np.ndarray, spoken: Language) -> "Authorship":
        """From a writer's standardised style vectors (n, WIDTH), n at least 2."""
        mean = styles.mean(axis=0, dtype=np.float64)
        # Of n noisy passages the mean is longer than the writer's own; noise is taken off (James-Stein).
        noise = styles.var(axis=0, dtype=np.float64).sum() / len(styles)
        mean *= max(0.0, 1 - noise / max(float(mean @ mean), 1e-9))
        covariance = _shrunken(styles.astype(np.float64)) + _between(spoken) / 2
        return cls(np.linalg.solve(covariance, mean), mean / 2)

    def log_odds(self, styles: np.ndarray) -> np.ndarray:
        """Of passages (n, WIDTH): above 0 where they are more likely the writer's, (n,)."""
        return (styles - self.middle) @ self.weights

    def probability(self, styles: np.ndarray) -> np.ndarray:
        """Of passages (n, WIDTH), each for itself, (n,)."""
        return 1 / (1 + np.exp(-np.clip(self.log_odds(styles), -50, 50)))


def passages(texts: list[str]) -> list[str]:
    """Texts joined and cut into passages that are long enough to have a style."""
    return [each for each in chunks("\n\n".join(texts)) if len(each.split()) >= SHORTEST]


def styles(found: list[str], spoken: Language) -> np.ndarray:
    """Standardised style vectors of passages, (n, WIDTH)."""
    raw = np.array([style.measure(each) for each in found], np.float32).reshape(-1, style.WIDTH)
    return style.standardise(raw, spoken)


def _shrunken(values: np.ndarray) -> np.ndarray:
    """Covariance (width, width) of values (n, width), its correlations drawn towards none."""
    count = len(values)
    centred = values - values.mean(axis=0)
    deviation = np.sqrt(np.maximum(centred.var(axis=0), FLOOR))
    z = centred / deviation
    products = z.T @ z / count
    # Variance of each estimated correlation over its square, summed over all pairs.
    spread = ((z**2).T @ (z**2) / count - products**2) / count
    off = ~np.eye(values.shape[1], dtype=bool)
    share = min(1.0, float(spread[off].sum() / max((products[off] ** 2).sum(), 1e-9)))
    correlation = np.where(off, (1 - share) * products, 1.0)
    return correlation * np.outer(deviation, deviation)


@cache
def _between(spoken: Language) -> np.ndarray:
    """Covariance (WIDTH, WIDTH) of the reference writers' means."""
    means = np.array(
        [
            [np.nan if value is None else value for value in author]
            for author in json.loads(style.REFERENCE.read_text("utf-8"))[spoken]["authors"].values()
        ],
        np.float32,
    )
    return np.cov(style.standardise(means, spoken), rowvar=False)

"""Training of the model of intents: multinomial logistic regression over hashed features, by language."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from killah.audio.commands.features import BUCKETS, LONGEST, features, places
from killah.audio.commands.grammar import core
from killah.audio.commands.tables import Language, table
from tools.intents.corpus import Example, Filler, made, misheard, real

MADE = 40_000  # utterances of templates
REAL = {"prose": 15_000, "imperative": 20_000, "dialogue": 6_000, "guides": 8_000}
EVERY = 12  # paragraphs of real text: one in so many is enough
C = 0.3  # inverse of the weight of the penalty


@dataclass(frozen=True)
class Examples:
    """Rows of hashed features (examples, BUCKETS), what each asks for, and what it is."""

    rows: csr_matrix
    asked: np.ndarray
    examples: Sequence[Example]

    def chosen(self, wanted: np.ndarray) -> "Examples":
        """Those where `wanted` (examples,) is true."""
        places: list[int] = np.flatnonzero(wanted).tolist()
        return Examples(self.rows[places], self.asked[places], [self.examples[place] for place in places])

    @property
    def held_out(self) -> np.ndarray:
        """Which are of templates that are held out, (examples,)."""
        return np.array([example.held_out for example in self.examples])


def gather(data: Path, language: Language, *, held_out: bool, seed: int = 0) -> Examples:
    """Made utterances and real ones, filled with and taken from texts that are held out or that are not."""
    chance = random.Random(seed)
    kept: dict[str, list[Example]] = {}
    for example in real(data, language, held_out=held_out, every=2 if held_out else EVERY):
        kept.setdefault(example.kind, []).append(example)
    filler = Filler([example.said for example in kept["prose"]])
    chosen = list(made(language, MADE // 5 if held_out else MADE, chance, filler))
    for kind, examples in kept.items():
        for example in chance.sample(examples, min(len(examples), REAL[kind])):
            chosen.append(replace(example, said=misheard(example.said, language, chance)))
    return rows(chosen, language)


def rows(examples: Iterable[Example], language: Language) -> Examples:
    """Features of utterances that are not too long to be judged."""
    known = table(language)
    words = [(example, core(example.said, language).words) for example in examples]
    judged = [(example, places(features(said, known))) for example, said in words if 0 < len(said) <= LONGEST]
    starts = np.cumsum([0, *(len(each) for _, each in judged)])
    columns = np.concatenate([each for _, each in judged])
    matrix = csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=(len(judged), BUCKETS))
    chosen = [example for example, _ in judged]
    return Examples(matrix, np.array([example.asked for example in chosen]), chosen)


def fit(found: Examples) -> tuple[list[str], np.ndarray]:
    """Names of what can be asked for ("" first), and weights with the bias, (BUCKETS + 1, names) float32."""
    model = LogisticRegression(C=C, solver="lbfgs", max_iter=60, tol=1e-3)
    model.fit(found.rows, found.asked)
    return [str(name) for name in model.classes_], np.vstack([model.coef_.T, model.intercept_]).astype(
        np.float32
    )

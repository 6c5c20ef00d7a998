"""Instructions in free words: "turn the last paragraph into a list" is one, "turn the page" is dictated.

A logistic model over `features`, trained by `python -m tools.intents train`, tells what is asked for and how
surely; what it is about is read by rules (slots.py). Where it is not sure, the utterance is dictated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from json import loads

import numpy as np

from killah import paths
from killah.audio.commands.features import LONGEST, features, places
from killah.audio.commands.grammar import Command, Form, core, parse
from killah.audio.commands.slots import filled
from killah.audio.commands.tables import Language, Table, table
from killah.errors import KillahError

SURE = 0.85  # probability from which on an utterance is an instruction
SURER = {2: 0.98, 3: 0.94}  # of one of so few words, which tell little: "say it louder" is dictated
DICTATED = ""  # the name of what is none


@dataclass(frozen=True)
class Model:
    """Names of what can be asked for, and weights with the bias, (BUCKETS + 1, names) float32."""

    names: Sequence[str]
    weights: np.ndarray

    @classmethod
    @cache
    def of(cls, language: Language) -> "Model":
        """The shipped model of a language."""
        from safetensors import safe_open

        path = paths.shipped("models") / "intents" / "model.safetensors"
        try:
            with safe_open(path, "numpy") as tensors:
                names = loads(tensors.metadata()["names"])
                weights = tensors.get_tensor(language).astype(np.float32)
        except (OSError, KeyError, ValueError) as error:
            raise KillahError(f"{path} is damaged or missing.", "Install Killah again.") from error
        return cls(names, weights)

    def judge(self, words: Sequence[str], known: Table) -> tuple[str, float]:
        """The likeliest instruction, and the probability that the words are an instruction at all."""
        scores = self.weights[places(features(words, known))].sum(axis=0) + self.weights[-1]
        shares = np.exp(scores - scores.max())
        dictated = self.names.index(DICTATED)
        asked = 1 - float(shares[dictated] / shares.sum())
        shares[dictated] = 0
        return self.names[int(shares.argmax())], asked


def intent(utterance: str, language: Language = "en") -> Command | None:
    """The instruction that an utterance is; None where it is dictated text. Fixed commands are `parse`'s."""
    form = core(utterance, language)
    if not 1 < len(form.words) <= LONGEST:
        return None
    found, sure = _one(form, language)
    first, after = _halves(form, table(language))
    if after is None:
        return found if sure >= SURER.get(len(form.words), SURE) else None
    (found, of_first), (then, of_then) = (_commanded(each, language) for each in (first, after))
    if max(sure, min(of_first, of_then)) < SURE:
        return None
    return replace(found, then=then)


def _one(form: Form, language: Language) -> tuple[Command, float]:
    known = table(language)
    name, sure = Model.of(language).judge(form.words, known)
    return filled(name, form, language), sure


def _commanded(form: Form, language: Language) -> tuple[Command, float]:
    """What half of an utterance asks for: a fixed command too."""
    command = parse(form.text, language)
    return (command, 1.0) if command else _one(form, language)


def _halves(form: Form, known: Table) -> tuple[Form, Form | None]:
    """The instruction, and what is to be done after it."""
    for place in range(1, len(form.words) - 1):
        for then in known.then:
            after = place + len(then)
            if tuple(form.words[place:after]) == then and after < len(form.words):
                return form.between(0, place), form.between(after)
    return form, None

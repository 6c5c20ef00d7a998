"""Multinomial logistic regression on blocks of features, and how well it does for unheard speakers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from killah.metrics.classes import accuracy, macro_f1
from killah.metrics.intervals import Estimate
from tools.emotion.measured import Measured, together

L2 = 0.03  # of the squared weights, beside the mean loss in nats
STEPS = 80  # of L-BFGS


@dataclass(frozen=True)
class Choice:
    """Which features are read: prosody, and layers side by side or `mixed` into one by learned weights."""

    prosody: bool
    layers: tuple[int, ...] = ()
    mixed: bool = False

    def __str__(self) -> str:
        layers = f"{'mixture of ' if self.mixed else ''}layers {', '.join(map(str, self.layers))}"
        return " + ".join(["prosody"] * self.prosody + [layers] * bool(self.layers))


@dataclass(frozen=True)
class Fitted:
    """softmax(((x - mean) / deviation) @ weight + bias) over `labels`; x is what `blocks` joins."""

    choice: Choice
    labels: list[str]
    mean: np.ndarray  # (features,)
    deviation: np.ndarray  # (features,)
    weight: np.ndarray  # (features, labels)
    bias: np.ndarray  # (labels,)
    shares: list[float]  # of each layer in a mixture

    def probabilities(self, measured: Measured) -> np.ndarray:
        """(rows, labels)."""
        x = (np.concatenate(blocks(self.choice, measured), axis=1) - self.mean) / self.deviation
        logits = x @ self.weight + self.bias
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)

    def guesses(self, measured: Measured) -> list[str]:
        """The likeliest label of each row."""
        return [self.labels[i] for i in self.probabilities(measured).argmax(axis=1)]


def blocks(choice: Choice, measured: Measured) -> list[np.ndarray]:
    """Prosody and layers of a choice, each (rows, features)."""
    return [measured.prosody] * choice.prosody + [measured.layers[:, layer] for layer in choice.layers]


def fit(choice: Choice, measured: Measured) -> Fitted:
    """The classifier of all rows."""
    labels = sorted(set(measured.labels))
    raw = np.concatenate(blocks(choice, measured), axis=1)
    mean, deviation = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
    inputs = torch.tensor((raw - mean) / deviation, dtype=torch.float32)
    truths = torch.tensor([labels.index(label) for label in measured.labels])
    free = measured.prosody.shape[1] * choice.prosody
    if not choice.mixed:
        weight, bias = _descended(inputs, truths, len(labels))
        return Fitted(choice, labels, mean, deviation, weight, bias, [])
    mixture = torch.zeros(len(choice.layers), requires_grad=True)
    weight, bias = _descended(inputs, truths, len(labels), free, mixture)
    shares = mixture.softmax(0).tolist()
    weight = np.concatenate([weight[:free], *(share * weight[free:] for share in shares)])
    return Fitted(choice, labels, mean, deviation, weight, bias, shares)


def _descended(
    inputs: torch.Tensor,
    truths: torch.Tensor,
    labels: int,
    free: int = 0,
    mixture: torch.Tensor | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Weight (features, labels) and bias (labels,) of inputs (rows, features), by L-BFGS.

    With a `mixture` (layers,), what is right of `free` columns are layers that it mixes, and it is learned.
    """
    x = inputs if mixture is None else _mixed(inputs, free, mixture)
    weight = torch.zeros(x.shape[1], labels, requires_grad=True)
    bias = torch.zeros(labels, requires_grad=True)
    learned = [weight, bias] + ([] if mixture is None else [mixture])
    optimiser = torch.optim.LBFGS(learned, max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        x = inputs if mixture is None else _mixed(inputs, free, mixture)
        nats = torch.nn.functional.cross_entropy(x @ weight + bias, truths) + L2 * weight.square().sum()
        nats.backward()
        return nats

    optimiser.step(loss)  # pyright: ignore[reportArgumentType]
    return weight.detach().numpy(), bias.detach().numpy()


def _mixed(inputs: torch.Tensor, free: int, mixture: torch.Tensor) -> torch.Tensor:
    layers = inputs[:, free:].unflatten(1, (len(mixture), -1))
    return torch.cat([inputs[:, :free], torch.einsum("l,rlf->rf", mixture.softmax(0), layers)], dim=1)


def unheard(choice: Choice, measured: Measured, beside: Measured | None = None) -> list[str]:
    """A guess for each row by a classifier that has not heard its speaker, but all rows of `beside`."""
    guesses = np.empty(len(measured.labels), object)
    for speaker in np.unique(measured.speakers):
        held_out = measured.speakers == speaker
        heard = measured.where(~held_out)
        fitted = fit(choice, together(heard, beside) if beside else heard)
        guesses[held_out] = fitted.guesses(measured.where(held_out))
    return guesses.tolist()


def figures(measured: Measured, guesses: Sequence[str]) -> dict[str, dict[str, Estimate]]:
    """Accuracy and macro-F1 of clean clips and of augmented ones."""
    found: dict[str, dict[str, Estimate]] = {}
    for name, which in (("clean", measured.copies == 0), ("augmented", measured.copies > 0)):
        truths = measured.labels[which].tolist()
        chosen = [guess for guess, kept in zip(guesses, which, strict=True) if kept]
        found[name] = {"accuracy": accuracy(truths, chosen), "macro_f1": macro_f1(truths, chosen)}
    return found

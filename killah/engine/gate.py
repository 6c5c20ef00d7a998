"""When ghost text is worth showing: a calibrated probability that its next word is what comes next."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from killah.errors import KillahError

CERTAIN = 1e-6  # the log-odds of 0 and 1 are infinite


@dataclass(frozen=True)
class Gate:
    """P(right) = sigmoid(intercept + slope * log-odds of the model's own probability).

    Fitted on held-out text (Platt 1999, on log-odds so that the default changes nothing).
    """

    intercept: float = 0.0
    slope: float = 1.0

    @classmethod
    def read(cls, folder: Path) -> "Gate":
        """The gate of a model folder; one that changes nothing where there is no `gate.json`."""
        path = folder / "gate.json"
        try:
            values = json.loads(path.read_text("utf-8"))
            return cls(float(values["intercept"]), float(values["slope"]))
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError) as error:
            raise KillahError(
                f"{path} is damaged.", "Convert the model again, or delete the file."
            ) from error

    def probability(self, logprob: float) -> float:
        """P(right) from the summed log-probability, in nats, of the suggested words."""
        p = min(max(math.exp(logprob), CERTAIN), 1 - CERTAIN)
        return 1 / (1 + math.exp(-(self.intercept + self.slope * (math.log(p) - math.log1p(-p)))))

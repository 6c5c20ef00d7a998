"""The one place that generates. Surfaces talk to `Engine` and get text back."""

import killah.gemma  # noqa: F401 - first: it prepares MLX
from killah.engine.decoding import Ghost
from killah.engine.engine import Engine
from killah.engine.generation import ModelInfo
from killah.engine.sampling import Sampling
from killah.engine.scheduler import Job

__all__ = ["Engine", "Ghost", "Job", "ModelInfo", "Sampling"]

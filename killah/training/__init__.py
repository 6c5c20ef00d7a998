"""Trains the parts of a stack on a frozen base: one loop, a small stage for each kind of part."""

import killah.gemma  # noqa: F401 - first: it prepares MLX

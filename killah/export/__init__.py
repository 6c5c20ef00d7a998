"""Compositions for other programs, and their adapters for Killah: Hugging Face, GGUF, PEFT, mlx-lm.

Importing it prepares MLX, as importing `killah.gemma` does.
"""

import killah.gemma  # noqa: F401 - prepares MLX

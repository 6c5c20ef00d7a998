"""Adapters and fused models for other programs, and theirs for Killah: PEFT, mlx-lm, Hugging Face.

Importing it prepares MLX, as importing `killah.gemma` does.
"""

import killah.gemma  # noqa: F401 - prepares MLX

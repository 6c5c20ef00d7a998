"""Adapters as files: what a package holds, proof that it still holds that, where packages are.

Importing it prepares MLX, as importing `killah.gemma` does.
"""

import killah.gemma  # noqa: F401 - prepares MLX

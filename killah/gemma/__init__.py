"""The base model on MLX: files, weights, tokens, keys and values.

Importing it prepares MLX: a fast BLAS must be in the process before MLX is, whoever imports it first.
"""

from killah.devices import prepare

prepare()

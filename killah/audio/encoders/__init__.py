"""Speech encoders on MLX.

Importing it prepares MLX: a fast BLAS must be in the process before MLX is, whoever imports it first.
"""

from killah.devices import prepare

prepare()

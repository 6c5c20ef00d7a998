"""A composition as an ExecuTorch bundle: one program, a base, adapters that swap, and what proves them.

`bundle` writes one, `running` runs it, `check` compares it with MLX. torch and ExecuTorch are imported where
they are used.
"""

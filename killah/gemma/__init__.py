"""The base model on MLX: files, weights, tokens, keys and values."""

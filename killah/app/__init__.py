"""The Textual editor: one widget a file. It talks to the engine through `protocol` and never sees MLX."""

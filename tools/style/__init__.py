"""Measures how people write: the reference population that a persona is set beside."""

"""What a whole utterance asks for: a fixed command, a free instruction, and what either does to a text."""

from killah.audio.commands.grammar import Command, nearest, parse, phrases

__all__ = ["Command", "nearest", "parse", "phrases"]

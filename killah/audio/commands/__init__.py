"""What a whole utterance asks for: a fixed command, a free instruction, and what either does to a text."""

from killah.audio.commands.grammar import Command, exact, nearest, parse, phrases
from killah.audio.commands.intents import intent

__all__ = ["Command", "exact", "intent", "nearest", "parse", "phrases"]

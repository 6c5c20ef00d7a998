"""What a whole utterance asks for: a fixed command, a free instruction, and what either does to a text."""

from killah.audio.commands.grammar import Command, nearest, parse, phrases
from killah.audio.commands.intents import intent

__all__ = ["Command", "intent", "nearest", "parse", "phrases"]

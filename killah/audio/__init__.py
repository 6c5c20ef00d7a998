"""Hearing and speaking: encoder, microphone, voice activity, dictation, voice commands, speech out."""

RATE = 16_000  # samples a second, mono, float32 in [-1, 1], everywhere in this package

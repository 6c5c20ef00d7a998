"""What is recognised in speech.

Its words: CTC letters, beam search, word model, hot words, when each was said. How it is said: prosody,
emotion.
"""

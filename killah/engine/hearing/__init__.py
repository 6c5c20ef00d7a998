"""Speech on the engine's thread.

`Ear` hears in one of several ways: by an encoder's letters, or with the base, which judges them or writes
itself. What is heard gets marks and capitals; names of the owner's documents are expected.
"""

"""Speech to text as it comes.

Voice activity cuts a stream into utterances; each is heard while it goes on, is a command or text, and is
written with marks, capitals and the owner's spellings.
"""

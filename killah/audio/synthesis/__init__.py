"""Speech out: sentences of a text that is still being written, by a voice of this machine, or into a file."""

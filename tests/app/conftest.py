"""Fixtures that others made, for the tests of the editor."""

from audio.virtual_microphone import virtual_microphone, virtual_microphone_server

__all__ = ["virtual_microphone", "virtual_microphone_server"]

"""What hears and what is heard."""

from audio.virtual_microphone import virtual_microphone, virtual_microphone_server

__all__ = ["virtual_microphone", "virtual_microphone_server"]

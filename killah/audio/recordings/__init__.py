"""Recordings: audio files of any form and length, as samples; transcripts of them."""

"""Killah: an on-device writing assistant that writes like its owner."""

__version__ = "0.1.0"

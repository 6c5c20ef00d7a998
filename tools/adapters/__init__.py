"""Data and recipes of the adapters that are shipped: `python -m tools.adapters prepare|train NAME`."""

"""Measures quality: `python -m tools.evaluate NAME`. One module a name, each with `add_options` and `run`."""

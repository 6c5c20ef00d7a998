"""Broken and hostile documents of every format: what an index run must survive, named by what they are."""

"""A persona file as the first version of the store left it, to try upgrades on."""

import sqlite3
from pathlib import Path

import numpy as np

from killah.persona import schema
from killah.persona.store import digest

SAID = "The fishing boats came in at dawn, heavy with herring. Passage {}."
WIDTH = 8


def write(path: Path, passages: int) -> np.ndarray:
    """Make the file: three passages a document; the vectors float16 (passages, 8), of `SAID` by number."""
    rows = np.random.default_rng(1).normal(size=(passages, WIDTH)).astype(np.float16)
    texts = [SAID.format(number) for number in range(passages)]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN")
    schema.first(db)
    db.execute("PRAGMA user_version = 1")
    db.executemany("INSERT INTO meta VALUES(?, ?)", [("embedder", "model"), ("dimensions", str(WIDTH))])
    document = "INSERT INTO documents VALUES(?, ?, 'txt', 1, 1, 's', 36, NULL, '2026-01-01')"
    db.executemany(document, [(number, f"/w/{number}.txt") for number in range(0, passages, 3)])
    chunks = ((n + 1, digest(text), text, rows[n].tobytes()) for n, text in enumerate(texts))
    db.executemany("INSERT INTO chunks VALUES(?, ?, ?, ?)", chunks)
    places = ((n // 3 * 3, n % 3, n + 1) for n in range(passages))
    db.executemany("INSERT INTO places VALUES(?, ?, ?)", places)
    db.execute("COMMIT")
    db.close()
    return rows

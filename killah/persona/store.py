"""One SQLite file a persona: its documents, their passages, a vector for each.

A passage's text is stored once, however many documents hold it; `places` says where. Vectors are float16,
of unit length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from sqlite3 import Connection

import numpy as np

from killah.persona.database import Database

_MIGRATIONS = (
    """
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE documents(
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        format TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        sha256 TEXT,               -- of the content that the passages come from
        words INTEGER NOT NULL,
        problem TEXT,              -- why the present file was not read (passages of an earlier one stay)
        read_at TEXT NOT NULL
    );
    CREATE TABLE chunks(
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: a reader's old number finds nothing else
        digest BLOB NOT NULL UNIQUE,
        text TEXT NOT NULL,
        vector BLOB NOT NULL
    );
    CREATE TABLE places(
        document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        position INTEGER NOT NULL,
        chunk INTEGER NOT NULL REFERENCES chunks,
        PRIMARY KEY(document, position)
    ) WITHOUT ROWID;
    CREATE INDEX places_by_chunk ON places(chunk);
    """,
)


@dataclass(frozen=True)
class Entry:
    """A document as the store knows it. `problem` is set where the present file could not be read."""

    path: str
    format: str
    size: int
    mtime_ns: int
    sha256: str | None
    words: int
    problem: str | None


def digest(text: str) -> bytes:
    """What a passage is known by: BLAKE2b, 16 bytes."""
    return blake2b(text.encode(), digest_size=16).digest()


class Store(Database):
    """An open persona file: `Store.create(path)` to write, `Store.open(path)` to read."""

    migrations = _MIGRATIONS

    # What it is

    def meta(self) -> dict[str, str]:
        """Once there are vectors: `embedder` (a name) and `dimensions`."""
        return dict(self.rows("SELECT key, value FROM meta"))

    def entries(self) -> dict[str, Entry]:
        """Every document, by path."""
        columns = "path, format, size, mtime_ns, sha256, words, problem"
        return {row[0]: Entry(*row) for row in self.rows(f"SELECT {columns} FROM documents ORDER BY path")}

    def counts(self) -> dict[str, int]:
        """Documents with text, their words, distinct passages."""
        documents, words = self.rows("SELECT count(*), total(words) FROM documents WHERE words > 0")[0]
        passages = self.rows("SELECT count(DISTINCT chunk) FROM places")[0][0]
        return {"documents": documents, "words": int(words), "passages": passages}

    # Passages

    def known(self, digests: Iterable[bytes]) -> set[bytes]:
        """Those of `digests` whose passages are stored already."""
        ask = "SELECT 1 FROM chunks WHERE digest = ?"
        return {each for each in digests if self.rows(ask, (each,))}

    def texts(self) -> list[tuple[str, int]]:
        """Every distinct passage with a number of a document that holds it, in reading order."""
        return self.rows(
            "SELECT text, document FROM chunks JOIN places ON chunk = chunks.id"
            " GROUP BY chunks.id ORDER BY min(document), min(position)"
        )

    def passages(self, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Passage number -> (text, path of a document that holds it); those forgotten since are missing."""
        marks = ",".join("?" * len(numbers))
        rows = self.rows(
            "SELECT chunks.id, text, min(path) FROM chunks JOIN places ON chunk = chunks.id"
            f" JOIN documents ON document = documents.id WHERE chunks.id IN ({marks}) GROUP BY chunks.id",
            numbers,
        )
        return {number: (text, path) for number, text, path in rows}

    def vectors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Passage numbers (n,), their documents (n,), their vectors float32 (n, dimensions)."""
        rows = self.rows(
            "SELECT chunks.id, min(document), vector FROM chunks JOIN places ON chunk = chunks.id"
            " GROUP BY chunks.id ORDER BY chunks.id"
        )
        width = int(self.meta().get("dimensions", 0))
        packed = b"".join(row[2] for row in rows)
        if len(packed) != len(rows) * width * 2:
            raise self.damaged("vectors of the wrong length")
        matrix = np.frombuffer(packed, np.float16).reshape(len(rows), width).astype(np.float32)
        return np.array([row[0] for row in rows], int), np.array([row[1] for row in rows], int), matrix

    # Changes, each one transaction

    def add_vectors(self, texts: Sequence[str], vectors: np.ndarray, embedder: str) -> None:
        """Store passages with their vectors (n, dimensions); found once a document is entered with them."""
        blobs = vectors.astype(np.float16)
        with self.transaction() as db:
            _set_embedder(db, embedder, blobs.shape[1])
            db.executemany(
                "INSERT OR IGNORE INTO chunks(digest, text, vector) VALUES(?, ?, ?)",
                ((digest(text), text, blob.tobytes()) for text, blob in zip(texts, blobs, strict=True)),
            )

    def replace_vectors(self, vectors: Iterable[tuple[str, np.ndarray]], embedder: str) -> None:
        """Give every passage a vector of another embedder, all or none."""
        with self.transaction() as db:
            db.execute("DELETE FROM meta WHERE key IN ('embedder', 'dimensions')")
            for text, vector in vectors:
                _set_embedder(db, embedder, len(vector))
                blob = vector.astype(np.float16).tobytes()
                db.execute("UPDATE chunks SET vector = ? WHERE digest = ?", (blob, digest(text)))

    def enter(self, documents: Iterable[tuple[Entry, list[bytes] | None]]) -> None:
        """Enter documents with the digests of their passages in order (stored already).

        With None for the digests passages, hash and words stay what they were: the file is unreadable now,
        or the same.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self.transaction() as db:
            for entry, digests in documents:
                number = _upsert(db, entry, now, keep=digests is None)
                if digests is None:
                    continue
                db.execute("DELETE FROM places WHERE document = ?", (number,))
                db.executemany(
                    "INSERT INTO places SELECT ?, ?, id FROM chunks WHERE digest = ?",
                    ((number, position, each) for position, each in enumerate(digests)),
                )

    def remove(self, documents: Iterable[str]) -> int:
        """Remove documents and every passage that no other document holds; how many documents there were."""
        with self.transaction() as db:
            rows = [(path,) for path in documents]
            count = db.executemany("DELETE FROM documents WHERE path = ?", rows).rowcount if rows else 0
            db.execute("DELETE FROM chunks WHERE id NOT IN (SELECT chunk FROM places)")
        return count


def _set_embedder(db: Connection, name: str, dimensions: int) -> None:
    values = [("embedder", name), ("dimensions", str(dimensions))]
    db.executemany("INSERT OR IGNORE INTO meta VALUES(?, ?)", values)


def _upsert(db: Connection, entry: Entry, now: str, *, keep: bool) -> int:
    """Enter a document's row; `keep` leaves the hash and the words of what was read before."""
    read = "" if keep else ", sha256 = excluded.sha256, words = excluded.words"
    return db.execute(
        "INSERT INTO documents(path, format, size, mtime_ns, sha256, words, problem, read_at)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(path) DO UPDATE SET format = excluded.format,"
        " size = excluded.size, mtime_ns = excluded.mtime_ns, problem = excluded.problem,"
        f" read_at = excluded.read_at{read} RETURNING id",
        (*astuple(entry), now),
    ).fetchone()[0]

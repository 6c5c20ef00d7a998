"""What a transaction on a persona file does, step by step; the caller begins and ends it.

Which of several near copies counts is settled here: on entering, and again when the one that counted leaves.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from sqlite3 import Connection

import numpy as np

from killah.persona.blocks import Blocks
from killah.persona.copies import Part, fingerprints, original

_MOST_ALIKE = 8  # passages compared with a new one
_COMMON = 50  # of the passages that share a fingerprint, the first so many are looked at

Batch = tuple[Sequence[int], np.ndarray]  # passage numbers (n,), their rows (n, width)


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


@dataclass(frozen=True)
class Holding:
    """A document to enter with the digests of its passages in order, and the words left out, by reason.

    With None for the digests passages, hash and words stay what they were: the file is unreadable now, or
    the same.
    """

    entry: Entry
    digests: list[bytes] | None
    left_out: dict[str, int] = field(default_factory=dict)


def digest(text: str) -> bytes:
    """What a passage is known by: BLAKE2b, 16 bytes."""
    return blake2b(text.encode(), digest_size=16).digest()


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def set_setting(db: Connection, key: str, value: str | None) -> None:
    """Keep a text under `key`; None removes it."""
    db.execute("DELETE FROM settings WHERE key = ?", (key,))
    if value is not None:
        db.execute("INSERT INTO settings VALUES(?, ?)", (key, value))


def insert(db: Connection, parts: Sequence[Part], vectors: np.ndarray, styles: np.ndarray) -> None:
    """Store passages that are new, with their vectors (n, dimensions) and styles (n, features)."""
    numbers = [_insert(db, part) for part in parts]
    rows = [row for row, number in enumerate(numbers) if number]
    new = [number for number in numbers if number]
    Blocks(db, "vectors").write(new, vectors[rows])
    Blocks(db, "styles").write(new, styles[rows])


def _insert(db: Connection, part: Part) -> int | None:
    row = db.execute(
        "INSERT INTO chunks(digest, text, words, original)"
        " VALUES(?, ?, ?, (SELECT coalesce(original, id) FROM chunks WHERE digest = ?))"
        " ON CONFLICT DO NOTHING RETURNING id, original",
        (digest(part.text), part.text, len(part.text.split()), part.original),
    ).fetchone()
    if row is None:
        return None
    number, copied = row
    if copied is None:
        _find_by(db, number, part.text)
    return number


def replace(db: Connection, table: str, batches: Iterable[Batch]) -> int:
    """New rows for all passages in `vectors` or `styles`; how many numbers a row has."""
    blocks = Blocks(db, table)
    blocks.clear()
    for numbers, rows in batches:
        blocks.write(numbers, rows)
    return blocks.width()


def enter(db: Connection, holding: Holding) -> None:
    """Enter a document; its passages are stored already."""
    number = _upsert(db, holding.entry, keep=holding.digests is None)
    if holding.digests is None:
        return
    db.execute("DELETE FROM places WHERE document = ?", (number,))
    db.executemany(
        "INSERT INTO places SELECT ?, ?, id FROM chunks WHERE digest = ?",
        ((number, position, each) for position, each in enumerate(holding.digests)),
    )
    db.execute("DELETE FROM left_out WHERE document = ?", (number,))
    db.executemany(
        "INSERT INTO left_out VALUES(?, ?, ?)",
        ((number, reason, words) for reason, words in holding.left_out.items()),
    )


def _upsert(db: Connection, entry: Entry, *, keep: bool) -> int:
    """Enter a document's row; `keep` leaves the hash and the words of what was read before."""
    read = "" if keep else ", sha256 = excluded.sha256, words = excluded.words"
    return db.execute(
        "INSERT INTO documents(path, format, size, mtime_ns, sha256, words, problem, read_at)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(path) DO UPDATE SET format = excluded.format,"
        " size = excluded.size, mtime_ns = excluded.mtime_ns, problem = excluded.problem,"
        f" read_at = excluded.read_at{read} RETURNING id",
        (*astuple(entry), now()),
    ).fetchone()[0]


def purge(db: Connection) -> None:
    """Remove every passage that no document holds; the first copy of one that counted takes its place."""
    gone = [
        number for (number,) in db.execute("SELECT id FROM chunks WHERE id NOT IN (SELECT chunk FROM places)")
    ]
    if not gone:
        return
    orphans = db.execute(
        "SELECT id FROM chunks WHERE original NOT IN (SELECT chunk FROM places)"
        " AND id IN (SELECT chunk FROM places) ORDER BY id"
    ).fetchall()
    db.execute("DELETE FROM chunks WHERE id NOT IN (SELECT chunk FROM places)")
    Blocks(db, "vectors").erase(gone)
    Blocks(db, "styles").erase(gone)
    for (number,) in orphans:
        _settle(db, number)


def find_copies(db: Connection) -> None:
    """Settle anew for every passage whether it counts or repeats an earlier one."""
    db.execute("DELETE FROM prints")
    db.execute("UPDATE chunks SET original = NULL")
    for (number,) in db.execute("SELECT id FROM chunks ORDER BY id").fetchall():
        _settle(db, number)


def _settle(db: Connection, number: int) -> None:
    """Make a passage a copy of another that counts, or count itself."""
    (text,) = db.execute("SELECT text FROM chunks WHERE id = ?", (number,)).fetchone()
    if copied := original(text, alike(db, fingerprints(text))):
        update = "UPDATE chunks SET original = (SELECT id FROM chunks WHERE digest = ?) WHERE id = ?"
        db.execute(update, (copied, number))
    else:
        _find_by(db, number, text)


def _find_by(db: Connection, number: int, text: str) -> None:
    db.executemany("INSERT INTO prints VALUES(?, ?)", [(each, number) for each in fingerprints(text)])


def alike(db: Connection, prints: Iterable[int], path: str | None = None) -> list[tuple[bytes, str]]:
    """Digest and text of passages that count and share fingerprints, most of them first.

    Those that only the document `path` holds, or none, are left out.
    """
    ask = f"SELECT chunk FROM prints WHERE print = ? LIMIT {_COMMON}"
    shared = Counter(number for each in prints for (number,) in db.execute(ask, (each,)))
    held = (
        "SELECT digest, text FROM chunks WHERE id = ? AND EXISTS(SELECT 1 FROM places JOIN documents"
        " ON documents.id = document WHERE chunk = chunks.id AND path IS NOT ?)"
    )
    found = (db.execute(held, (number, path)).fetchone() for number, _ in shared.most_common(_MOST_ALIKE))
    return [row for row in found if row]

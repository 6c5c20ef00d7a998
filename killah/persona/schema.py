"""The tables of a persona file, and how a file of an earlier Killah becomes one of today, in place.

Version 2 packs vectors in blocks (`blocks.py`), adds style vectors, full-text search, fingerprints that find
passages written twice (`copies.py`), consent, settings, and what was left out of each document.
"""

import sqlite3
from collections.abc import Iterator
from sqlite3 import Connection

import numpy as np

from killah.persona.blocks import Blocks

_FIRST = """
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
"""

_SECOND = """
CREATE TABLE vectors(block INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE styles(block INTEGER PRIMARY KEY, packed BLOB NOT NULL);
ALTER TABLE chunks ADD COLUMN words INTEGER NOT NULL DEFAULT 0;
-- The passage that this one nearly repeats and that counts instead of it.
ALTER TABLE chunks ADD COLUMN original INTEGER REFERENCES chunks ON DELETE SET NULL;
CREATE INDEX chunks_by_original ON chunks(original) WHERE original IS NOT NULL;
CREATE TABLE prints(
    print INTEGER NOT NULL,
    chunk INTEGER NOT NULL REFERENCES chunks ON DELETE CASCADE,
    PRIMARY KEY(print, chunk)
) WITHOUT ROWID;
CREATE INDEX prints_by_chunk ON prints(chunk);
CREATE TABLE left_out(
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    reason TEXT NOT NULL,
    words INTEGER NOT NULL,
    PRIMARY KEY(document, reason)
) WITHOUT ROWID;
CREATE TABLE roots(path TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE fulltext USING fts5(
    text, content = 'chunks', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER chunk_enters AFTER INSERT ON chunks BEGIN
    INSERT INTO fulltext(rowid, text) VALUES(new.id, new.text);
END;
CREATE TRIGGER chunk_leaves AFTER DELETE ON chunks BEGIN
    INSERT INTO fulltext(fulltext, rowid, text) VALUES('delete', old.id, old.text);
END;
"""


def first(db: Connection) -> None:
    """Documents, their passages, a vector for each."""
    _run(db, _FIRST)


def second(db: Connection) -> None:
    """See the module's first lines. All documents are read again at the next run: readers know more now."""
    _run(db, _SECOND)
    _move_vectors(db)
    db.execute("ALTER TABLE chunks DROP COLUMN vector")
    db.create_function("words", 1, lambda text: len(text.split()), deterministic=True)
    db.execute("UPDATE chunks SET words = words(text)")
    if sqlite3.sqlite_version_info >= (3, 42):  # words leave the index at once, not at some later merge
        db.execute("INSERT INTO fulltext(fulltext, rank) VALUES('secure-delete', 1)")
    db.execute("INSERT INTO fulltext(fulltext) VALUES('rebuild')")
    db.execute("UPDATE documents SET mtime_ns = -1, sha256 = NULL")


MIGRATIONS = (first, second)


def _move_vectors(db: Connection) -> None:
    blocks = Blocks(db, "vectors")
    cursor = db.execute("SELECT id, vector FROM chunks ORDER BY id")
    while rows := cursor.fetchmany(512):
        packed = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
        blocks.write([row[0] for row in rows], packed.reshape(len(rows), -1))


def _run(db: Connection, script: str) -> None:
    """Run a script inside the transaction at hand, which `executescript` would end."""
    for statement in _statements(script):
        db.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; those of a trigger's body stay together."""
    statement = ""
    for piece in script.split(";")[:-1]:
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

"""One SQLite file a persona: its documents, their passages, what each passage means and how it is written.

A passage's text is stored once, however many documents hold it; `places` says where. Of passages that nearly
repeat one another one counts; the others point to it, and the first of them takes its place when it leaves.
Vectors are float16 in blocks: of meaning, unit length (`vectors`), and of style, standardised (`styles`).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from killah.errors import KillahError
from killah.persona import changes, copies, personas, schema
from killah.persona.blocks import Blocks
from killah.persona.changes import Batch, Entry, Holding, digest, now
from killah.persona.copies import Part
from killah.persona.database import Database

__all__ = ["Entry", "Hit", "Holding", "Made", "Store", "Vectors", "digest"]

# Passages that count: held by a document, and no copy of another.
_COUNTED = "chunk NOT IN (SELECT id FROM chunks WHERE original IS NOT NULL)"

_EXCLUDED = "excluded from "  # and a root: the setting that has its patterns, a line each


class Made(NamedTuple):
    """What vectors were made with: the embedder's name, the version of the style vector."""

    embedder: str
    style: str


class Vectors(NamedTuple):
    """Passage numbers (n,) rising, one document of each (n,), unit vectors float32 (n, dimensions)."""

    numbers: np.ndarray
    documents: np.ndarray
    vectors: np.ndarray


@dataclass(frozen=True)
class Hit:
    """Where words stand: the document's path, the passage, a snippet with the words in [brackets]."""

    path: str
    number: int
    snippet: str


class Store(Database):
    """An open persona file: `Store.create(path)` to write, `Store.open(path)` to read."""

    migrations = schema.MIGRATIONS

    # What it is

    def meta(self) -> dict[str, str]:
        """Once there are vectors: `embedder` (a name), `dimensions`, `style` and `copies` (versions)."""
        return dict(self.rows("SELECT key, value FROM meta"))

    def setting(self, key: str) -> str | None:
        """What is kept about this persona under `key`; None where nothing is."""
        rows = self.rows("SELECT value FROM settings WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def set_setting(self, key: str, value: str | None) -> None:
        """Keep a text about this persona; None removes it."""
        with self.transaction() as db:
            changes.set_setting(db, key, value)

    def roots(self) -> list[str]:
        """Files and folders that the owner agreed to have read, in order."""
        return [path for (path,) in self.rows("SELECT path FROM roots ORDER BY path")]

    def agreed(self) -> dict[str, frozenset[str]]:
        """What `roots` gives, each with the gitignore patterns that were left out of what was agreed to."""
        patterns = {root: self.setting(_EXCLUDED + root) for root in self.roots()}
        return {root: frozenset(text.split("\n") if text else ()) for root, text in patterns.items()}

    def agree(self, roots: Iterable[str], exclude: Iterable[str] = ()) -> None:
        """Remember that these may be read but for what `exclude` matches; who agreed to more, did so."""
        agreed, exclude = self.agreed(), frozenset(exclude)
        with self.transaction() as db:
            for root in roots:
                db.execute("INSERT OR IGNORE INTO roots VALUES(?, ?)", (root, now()))
                patterns = exclude & agreed.get(root, exclude)
                changes.set_setting(db, _EXCLUDED + root, "\n".join(sorted(patterns)) or None)

    def entries(self) -> dict[str, Entry]:
        """Every document, by path."""
        columns = "path, format, size, mtime_ns, sha256, words, problem"
        return {row[0]: Entry(*row) for row in self.rows(f"SELECT {columns} FROM documents ORDER BY path")}

    def counts(self) -> dict[str, int]:
        """Documents with text, the words and the number of the passages that count."""
        documents = self.rows("SELECT count(*) FROM documents WHERE words > 0")[0][0]
        words, passages = self.rows(
            "SELECT total(words), count(*) FROM chunks WHERE original IS NULL"
            " AND id IN (SELECT chunk FROM places)"
        )[0]
        return {"documents": documents, "words": int(words), "passages": passages}

    def left_out(self) -> dict[str, int]:
        """Words of all documents that are not counted, by reason; near-duplicates among them."""
        reasons = dict(self.rows("SELECT reason, sum(words) FROM left_out GROUP BY reason ORDER BY 2 DESC"))
        held = self.rows("SELECT total(words) FROM places JOIN chunks ON id = chunk")[0][0]
        twice = int(held) - self.counts()["words"]
        return reasons | ({"near-duplicates": twice} if twice else {})

    # Passages

    def known(self, digests: Iterable[bytes]) -> set[bytes]:
        """Those of `digests` whose passages are stored already."""
        ask = "SELECT 1 FROM chunks WHERE digest = ?"
        return {each for each in digests if self.rows(ask, (each,))}

    def counted_elsewhere(self, digest: bytes, path: str) -> bool:
        """Whether a stored passage counts for another document than `path`, which holds it too."""
        return bool(
            self.rows(
                "SELECT 1 FROM chunks WHERE digest = ? AND (original IS NOT NULL OR EXISTS("
                "SELECT 1 FROM places WHERE chunk = chunks.id AND document < "
                "coalesce((SELECT id FROM documents WHERE path = ?), 9e18)))",
                (digest, path),
            )
        )

    def alike(self, prints: Iterable[int], path: str | None = None) -> list[tuple[bytes, str]]:
        """Digest and text of passages that count and share fingerprints, most of them first.

        Those that only the document `path` holds are left out: it is being read again.
        """
        return changes.alike(self._db, prints, path)

    def texts(self) -> list[tuple[str, int]]:
        """Every passage that counts with a number of a document that holds it, in reading order."""
        return self.rows(
            "SELECT text, document FROM chunks JOIN places ON chunk = chunks.id WHERE original IS NULL"
            " GROUP BY chunks.id ORDER BY min(document), min(position)"
        )

    def every_passage(self) -> list[tuple[int, str]]:
        """Number and text of every stored passage, copies too."""
        return self.rows("SELECT id, text FROM chunks ORDER BY id")

    def passages(self, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Passage number -> (text, path of a document that holds it); those forgotten since are missing."""
        marks = ",".join("?" * len(numbers))
        rows = self.rows(
            "SELECT chunks.id, text, min(path) FROM chunks JOIN places ON chunk = chunks.id"
            f" JOIN documents ON document = documents.id WHERE chunks.id IN ({marks}) GROUP BY chunks.id",
            numbers,
        )
        return {number: (text, path) for number, text, path in rows}

    def search(self, query: str, most: int = 20) -> list[Hit]:
        """Where words stand in a row, best first: case and accents aside, a `*` at the end for any ending."""
        words = query.removesuffix("*").replace('"', " ").replace("\0", " ")
        phrase = f'"{words}"' + "*" * query.endswith("*")
        rows = self.rows(
            "SELECT path, fulltext.rowid, snippet(fulltext, 0, '[', ']', '…', 24) FROM fulltext"
            " JOIN places ON chunk = fulltext.rowid JOIN documents ON documents.id = document"
            " WHERE fulltext MATCH ? ORDER BY rank, path, position LIMIT ?",
            (phrase, most),
        )
        return [Hit(*row) for row in rows]

    # Vectors

    def counted(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (n,) of the passages that count, rising, and a document (n,) of each."""
        numbers, documents = self.rows(
            "SELECT json_group_array(chunk), json_group_array(document) FROM ("
            f"SELECT chunk, min(document) AS document FROM places WHERE {_COUNTED} GROUP BY chunk)"
        )[0]
        return np.array(json.loads(numbers), np.int64), np.array(json.loads(documents), np.int64)

    def vectors(self) -> Vectors:
        """Passages that count: numbers, documents, and what they mean."""
        numbers, documents = self.counted()
        return Vectors(numbers, documents, self.vectors_of(numbers))

    def vectors_of(self, numbers: np.ndarray) -> np.ndarray:
        """Unit vectors float32 (n, dimensions) of passages, their numbers rising."""
        return self._read("vectors", numbers)

    def styles(self, numbers: np.ndarray | None = None) -> np.ndarray:
        """How passages are written: float32 (n, features). Of all that count, in the order of `vectors()`.

        Raises `KillahError` where there is no text, and for a file of an earlier Killah that has not been
        indexed again.
        """
        if "style" not in self.meta():
            if not self.counts()["passages"]:
                raise personas.without_text(self.path.stem)
            what = f"The style of the persona {self.path.stem!r} was not measured yet."
            raise KillahError(what, "Run killah index again.")
        return self._read("styles", self.counted()[0] if numbers is None else numbers)

    def each_block(self, numbers: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Vectors of rising `numbers` in pieces: where one begins, its rows float16 (some, dimensions)."""
        with self._whole():
            yield from Blocks(self._db, "vectors").each(numbers)

    def some_vectors(self, numbers: Sequence[int]) -> np.ndarray:
        """Vectors float32 (n, dimensions) of a few passages; zeros for one forgotten since."""
        with self._explained():
            return Blocks(self._db, "vectors").pick(numbers)

    # Changes, each one transaction

    def add(self, parts: Sequence[Part], vectors: np.ndarray, styles: np.ndarray, made: Made) -> None:
        """Store passages with vectors (n, dimensions) and styles (n, features).

        They are found once a document is entered with them. One that is stored already stays as it is.
        """
        with self.transaction() as db:
            changes.insert(db, parts, vectors, styles)
            db.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", _made(made, vectors.shape[1]))

    def replace_vectors(self, batches: Iterable[Batch], embedder: str) -> None:
        """Give every passage a vector of another embedder, all or none."""
        with self.transaction() as db:
            width = changes.replace(db, "vectors", batches)
            db.execute("DELETE FROM meta WHERE key IN ('embedder', 'dimensions')")
            if width:
                values = [("embedder", embedder), ("dimensions", str(width))]
                db.executemany("INSERT INTO meta VALUES(?, ?)", values)

    def replace_styles(self, batches: Iterable[Batch], version: str) -> None:
        """Give every passage a style vector of another version, all or none."""
        with self.transaction() as db:
            changes.replace(db, "styles", batches)
            db.execute("INSERT OR REPLACE INTO meta VALUES('style', ?)", (version,))

    def find_copies(self) -> None:
        """Look for near copies among all passages anew, all or none."""
        with self.transaction() as db:
            changes.find_copies(db)
            db.execute("INSERT OR REPLACE INTO meta VALUES('copies', ?)", (copies.VERSION,))

    def enter(self, holdings: Iterable[Holding]) -> None:
        """Enter documents whose passages are stored already."""
        with self.transaction() as db:
            for holding in holdings:
                changes.enter(db, holding)

    def remove(self, documents: Iterable[str]) -> int:
        """Remove documents and every passage that no other document holds; how many documents there were."""
        with self.transaction() as db:
            rows = [(path,) for path in documents]
            count = db.executemany("DELETE FROM documents WHERE path = ?", rows).rowcount if rows else 0
            changes.purge(db)
        return count

    def disagree(self, roots: Iterable[str]) -> None:
        """Take back that these may be read."""
        with self.transaction() as db:
            for root in roots:
                db.execute("DELETE FROM roots WHERE path = ?", (root,))
                changes.set_setting(db, _EXCLUDED + root, None)

    def clear(self) -> int:
        """Remove everything, what was measured and agreed to included; how many documents there were."""
        with self.transaction() as db:
            count = db.execute("DELETE FROM documents").rowcount
            changes.purge(db)
            for table in ("meta", "settings", "roots"):
                db.execute(f"DELETE FROM {table}")
        return count

    def vacuum(self) -> None:
        """Rewrite the file without what was removed: no word of it stays, in the full-text index either."""
        with self.transaction() as db:
            db.execute("INSERT INTO fulltext(fulltext) VALUES('rebuild')")
        super().vacuum()

    def _read(self, table: str, numbers: np.ndarray) -> np.ndarray:
        with self._whole():
            return Blocks(self._db, table).read(numbers)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        with self._explained():
            try:
                yield
            except ValueError as error:
                raise self.damaged(str(error)) from error


def _made(made: Made, dimensions: int) -> list[tuple[str, str]]:
    versions = {"style": made.style, "copies": copies.VERSION}
    return list({"embedder": made.embedder, "dimensions": str(dimensions), **versions}.items())

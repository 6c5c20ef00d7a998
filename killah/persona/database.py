"""A private SQLite file that survives `kill -9`: opened, migrated, changed in whole transactions.

Write-ahead logging: after a kill or a full disk the file holds every transaction that was finished and
nothing of the others. Deleted bytes are overwritten with zeros. Every failure is a `KillahError`; a damaged
file is never deleted here. Knows nothing about what the tables mean.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import Any, Self

from killah import paths
from killah.errors import KillahError

_SETTINGS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "secure_delete = ON",
    "temp_store = MEMORY",  # no text in temporary files
)


class Database:
    """An open file. Use it in a `with`, in one thread."""

    # Each brings the file from the version of its position to the next, inside a transaction.
    migrations: tuple[Callable[[sqlite3.Connection], None], ...] = ()

    def __init__(self, path: Path, location: str) -> None:
        self.path = path
        with self._explained():
            self._db = sqlite3.connect(location, uri=True, timeout=10, isolation_level=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self._db.close()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Open for writing: make the file where there is none, check it, bring an older one up to date."""
        paths.private_dir(path.parent)
        try:
            # SQLite gives the log beside the file the file's own mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            path.chmod(0o600)
        except OSError as error:
            raise paths.cannot_write(path, error) from error
        database = cls(path, path.resolve().as_uri())
        try:
            for setting in _SETTINGS:
                database.rows(f"PRAGMA {setting}")
            database._check()
            database._migrate()
        except KillahError:
            database.close()
            raise
        return database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing file for reading, on a read-only disk too; an older one is brought up to date."""
        location = f"{path.resolve().as_uri()}?mode=ro"
        if not os.access(path.parent, os.W_OK):
            location += "&immutable=1"  # without this SQLite needs to write a file beside it
        database = cls(path, location)
        try:
            database._refuse_newer()
            if database._version() == 0:  # made, and killed before the first table
                raise KillahError(f"The persona {path.stem!r} holds nothing yet.", "Run killah index again.")
            older = database._version() < len(cls.migrations)
        except KillahError:
            database.close()
            raise
        if older:
            database.close()
            cls.create(path).close()
            return cls.open(path)
        return database

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Every row that a statement gives."""
        with self._explained():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the changes made inside, or none."""
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back already
                    self._db.execute("ROLLBACK")
                raise

    def integrity(self) -> str:
        """SQLite's own full check: `ok`, or the first thing wrong."""
        return str(self.rows("PRAGMA integrity_check(1)")[0][0])

    def vacuum(self) -> None:
        """Rewrite the file without its free space and empty the log: removed bytes are in neither."""
        self.rows("VACUUM")
        if self.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
            raise self._in_use()

    def damaged(self, detail: str) -> KillahError:
        """The one sentence for a file that is not what was written."""
        name = self.path.stem
        detail = " ".join(detail.replace("*** in database main ***", "").split())
        remedy = f"run `killah persona delete {quote(name)}` and index again"
        return KillahError(
            f"The persona {name!r} is damaged ({detail}).",
            f"Put {self.path} back from a backup, or {remedy}.",
        )

    def _in_use(self) -> KillahError:
        return KillahError(f"{self.path} is in use.", "Close Killah's other windows and try again.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _explain(self, error: sqlite3.Error) -> KillahError:
        # The low byte is the primary code, the rest tells variants apart.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        system = {
            sqlite3.SQLITE_FULL: errno.ENOSPC,
            sqlite3.SQLITE_READONLY: errno.EROFS,
            sqlite3.SQLITE_PERM: errno.EACCES,
        }
        if code in system:
            return paths.cannot_write(self.path, OSError(system[code], str(error)))
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return self._in_use()
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
            return KillahError(f"Cannot use {self.path}: {error}.", "Check the disk and its free space.")
        return self.damaged(str(error))

    def _version(self) -> int:
        return self.rows("PRAGMA user_version")[0][0]

    def _check(self) -> None:
        problem = self.rows("PRAGMA quick_check(1)")[0][0]
        if problem != "ok":
            raise self.damaged(problem)

    def _migrate(self) -> None:
        self._refuse_newer()
        while self._version() < len(self.migrations):
            with self.transaction() as db:
                version = self._version()  # another process may have been here first
                for migration in self.migrations[version : version + 1]:
                    migration(db)
                    db.execute(f"PRAGMA user_version = {version + 1}")

    def _refuse_newer(self) -> None:
        if self._version() > len(self.migrations):
            raise KillahError(f"{self.path} was made by a newer Killah.", "Update Killah.")

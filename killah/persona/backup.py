"""A persona in one file, for its owner to keep: written whole, and read back only when whole.

A zip of `manifest.json` (names, sizes, SHA-256), `persona.sqlite`, and the adapters trained for the persona.
Reading one runs nothing of it: pickles do not occur, and a database with any table, trigger or view that is
not Killah's own is refused before it is opened as a store.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from pydantic import BaseModel, ConfigDict, ValidationError

from killah import __version__, paths
from killah.errors import KillahError
from killah.persona import personas, schema
from killah.persona.changes import now
from killah.persona.store import Store

FORMAT = 1
_MANIFEST, _STORE, _CARD = "manifest.json", "persona.sqlite", "adapter.json"
_MEMBER = re.compile(r"persona\.sqlite|adapters/\w[\w.@+ -]*/adapter\.(json|safetensors)")
_MOST_MANIFEST = 1 << 20  # bytes
_BLOCK = 1 << 20


class Member(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(extra="forbid", strict=True)
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(extra="forbid", strict=True)
    format: int
    killah: str
    persona: str
    made: str
    files: dict[str, Member]


def write(name: str, target: Path) -> Manifest:
    """Write the persona `name` to the file `target`, readable by its owner only.

    Raises `KillahError` where there is such a file, or it cannot be written.
    """
    source, target = personas.existing(name), target.expanduser().absolute()
    if target.exists():
        raise KillahError(f"{target} exists already.", "Choose another name, or remove it first.")
    try:
        with TemporaryDirectory(dir=target.parent, prefix=".killah-") as folder:
            copy = Path(folder, _STORE)
            with Store.open(source) as store:
                store.rows("VACUUM INTO ?", (str(copy),))
            files = {_STORE: copy} | _adapters(name)
            members = {member: _describe(path) for member, path in files.items()}
            manifest = Manifest(format=FORMAT, killah=__version__, persona=name, made=now(), files=members)
            new = Path(folder, "backup.zip")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                _pack(file, manifest, files)
            new.rename(target)
    except OSError as error:
        raise paths.cannot_write(target, error) from error
    return manifest


def _adapters(name: str) -> dict[str, Path]:
    """The files of the persona's own adapters, by their names in a backup."""
    folders = paths.adapters_dir().glob(f"*/persona-{name}")
    files = (folder / file for folder in sorted(folders) for file in (_CARD, "adapter.safetensors"))
    return {f"adapters/{file.parent.parent.name}/{file.name}": file for file in files if file.is_file()}


def _describe(path: Path) -> Member:
    with path.open("rb") as file:
        return Member(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def _pack(file: IO[bytes], manifest: Manifest, files: dict[str, Path]) -> None:
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr(_MANIFEST, manifest.model_dump_json(indent=2))
        for member, path in files.items():
            archive.write(path, member)
    file.flush()
    os.fsync(file.fileno())


def read(source: Path, name: str | None = None) -> str:
    """Make a persona of the backup `source`, under `name` or its own one, and return that name.

    Raises `KillahError`, one sentence, for a file that is no backup, is damaged or altered, comes from a
    newer Killah, or would replace a persona; nothing is changed then.
    """
    source = source.expanduser()
    with _archive(source) as archive:
        manifest = _manifest(archive, source)
        name = manifest.persona if name is None else name
        path = personas.path_of(name)
        paths.private_dir(path.parent)
        with personas.lock(name), TemporaryDirectory(dir=path.parent, prefix=".import-") as folder:
            _refuse_replacing(name, manifest)
            unpacked = _unpack(archive, manifest, Path(folder), source)
            _check_store(unpacked[_STORE], source)
            _place(unpacked, name, source)
    return name


@contextmanager
def _archive(source: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(source) as archive:
            yield archive
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:  # RuntimeError: encrypted
        raise _foreign(source) from error
    except FileNotFoundError as error:
        raise KillahError(f"{error.filename or source} does not exist.") from error
    except OSError as error:
        raise KillahError(f"Cannot read {source}: {error.strerror or error}.") from error


def _manifest(archive: ZipFile, source: Path) -> Manifest:
    try:
        with archive.open(_MANIFEST) as file:
            raw = json.loads(file.read(_MOST_MANIFEST))
        if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
            raise KillahError(f"{source} was made by a newer Killah.", "Update Killah.")
        manifest = Manifest.model_validate(raw)
    except (KeyError, ValueError, ValidationError, RecursionError) as error:
        raise _foreign(source) from error
    members = sorted(archive.namelist())
    if _STORE not in manifest.files or not all(map(_MEMBER.fullmatch, manifest.files)):
        raise _foreign(source)
    if members != sorted([_MANIFEST, *manifest.files]):
        raise _altered(source)
    return manifest


def _refuse_replacing(name: str, manifest: Manifest) -> None:
    personas.refuse_blend(name)
    if personas.path_of(name).exists():
        what = f"There is a persona {name!r} already."
        raise KillahError(what, "Give another name with --name, or delete it first.")
    for member in manifest.files:
        if member != _STORE and (folder := _adapter_folder(member, name)).exists():
            raise KillahError(
                f"{folder} exists already.", "Give another name with --name, or remove it first."
            )


def _adapter_folder(member: str, name: str) -> Path:
    return paths.adapters_dir() / member.split("/")[1] / f"persona-{name}"


def _unpack(archive: ZipFile, manifest: Manifest, folder: Path, source: Path) -> dict[str, Path]:
    """The members as private files in `folder`, each exactly as the manifest says."""
    needed = sum(member.bytes for member in manifest.files.values())
    if needed > shutil.disk_usage(folder).free:
        raise KillahError(f"{source} needs {needed / 1e6:,.0f} MB, more than is free.", "Free some space.")
    unpacked = {}
    for number, (member, described) in enumerate(manifest.files.items()):
        unpacked[member] = folder / str(number)
        try:
            with archive.open(member) as file:
                whole = _copy(file, unpacked[member], described)
        except (BadZipFile, EOFError, zlib.error) as error:
            raise _altered(source) from error
        if not whole:
            raise _altered(source)
    return unpacked


def _copy(file: IO[bytes], target: Path, described: Member) -> bool:
    """Copy what is described and not a byte more; whether it is that."""
    left, found = described.bytes, hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while block := file.read(_BLOCK):
            left -= len(block)
            if left < 0:
                return False
            found.update(block)
            out.write(block)
    return left == 0 and found.hexdigest() == described.sha256


def _check_store(path: Path, source: Path) -> None:
    """Refuse what is not a sound store, by its tables, before anything in it can run."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(schema.MIGRATIONS):
                raise KillahError(f"{source} was made by a newer Killah.", "Update Killah.")
            if version < 1 or _tables(db) != _own_tables(version):
                raise _foreign(source)
    except sqlite3.Error as error:
        raise _altered(source) from error
    try:
        with Store.create(path) as store:
            sound = store.integrity() == "ok"
            store.vectors()
    except KillahError as error:  # its words are about a file that goes away
        raise _altered(source) from error
    if not sound:
        raise _altered(source)


def _tables(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    return db.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY 1, 2").fetchall()


def _own_tables(version: int) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(":memory:")) as db:
        for migration in schema.MIGRATIONS[:version]:
            migration(db)
        return _tables(db)


def _place(unpacked: dict[str, Path], name: str, source: Path) -> None:
    """Move everything to where it belongs, the store last: without it there is no persona."""
    try:
        for member, file in unpacked.items():
            if member == _STORE:
                continue
            folder = paths.private_dir(_adapter_folder(member, name))
            if member.endswith(_CARD):
                _rename_card(file, f"persona-{name}", source)
            file.replace(folder / member.split("/")[2])
        unpacked[_STORE].replace(personas.path_of(name))
    except OSError as error:
        raise paths.cannot_write(paths.data_dir(), error) from error


def _rename_card(file: Path, name: str, source: Path) -> None:
    try:
        card = dict(json.loads(file.read_bytes()))
    except (ValueError, TypeError) as error:
        raise _foreign(source) from error
    paths.write_private(file, json.dumps(card | {"name": name}, ensure_ascii=False, indent=2) + "\n")


def _foreign(source: Path) -> KillahError:
    return KillahError(f"{source} is no backup of a persona.", "Name a file that killah persona export made.")


def _altered(source: Path) -> KillahError:
    return KillahError(f"{source} is damaged, or was altered.", "Take another backup.")

"""Which files an index run looks at: listed with one stat each, links never followed, rules applied top-down.

Left out and only counted: hidden files, folders of systems and tools, Killah's own data, and what a
`.killahignore` (gitignore rules, in any folder) or `--exclude` says. Everything else that is not read is
named with its reason, or counted by its ending.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from killah import paths
from killah.errors import KillahError
from killah.persona.readers import format_of

IGNORE_FILE = ".killahignore"

_SYSTEM = frozenset(
    (
        "node_modules",
        "__pycache__",
        "venv",
        "site-packages",
        "lost+found",
        "System Volume Information",
        "$RECYCLE.BIN",
    )
)
_SYSTEM_ENDINGS = (".app", ".photoslibrary", ".xcodeproj", ".bundle", ".framework")
_LOCK_FILE = "~$"  # Word's mark of an open document
_DATALESS = 0x40000000  # macOS: the content is in iCloud only, and opening the file would fetch it


@dataclass(frozen=True)
class File:
    """A file there is a reader for."""

    path: str
    format: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Skipped:
    """A path that was not read, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.reason}"


@dataclass
class Found:
    """What a scan saw. `roots` are the real paths asked for, `unseen` what could not be looked at.

    `exclude` are the patterns that were given beside the ignore files.
    """

    roots: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    other: dict[str, int] = field(default_factory=dict)  # ending -> files there is no reader for
    hidden: int = 0  # files and folders that are hidden, or a system's or a tool's
    ignored: int = 0  # files and folders that a rule leaves out

    def skip(self, path: str, reason: str) -> None:
        """Note a path that is left alone."""
        self.skipped.append(Skipped(path, reason))

    def fail(self, path: str, reason: OSError | str) -> None:
        """Note a path that nobody could look at: what is stored of it stays."""
        text = reason if isinstance(reason, str) else (reason.strerror or str(reason)).lower()
        self.skip(path, text)
        self.unseen.append(path)


def printable(path: str) -> str:
    """A path for people to read: a name may hold control characters that would steer their terminal."""
    return "".join(character if character.isprintable() else "?" for character in path)


def is_under(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of `folders` or below one of them."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


# Rules in force, outermost first, each with the folder that they are relative to.
_Rules = tuple[tuple[str, GitIgnoreSpec], ...]


class _NoRule(Exception):
    """A line that gitignore does not understand; the message says so."""


def scan(roots: Iterable[str | Path], exclude: Iterable[str] = ()) -> Found:
    """Look at every root: a file, or a folder with all below it. `exclude` takes gitignore patterns.

    Raises `KillahError` for one that is none.
    """
    found = Found(exclude=list(exclude))
    try:
        excluded = _rules(found.exclude)
    except _NoRule as error:
        raise KillahError(f"--exclude {error}.", "Example: --exclude 'drafts/'") from error
    for root in roots:
        if not str(root):  # an unset variable in a script means no folder, least of all the present one
            found.fail("''", "does not exist")
            continue
        try:
            path = os.path.realpath(Path(root).expanduser(), strict=True)
            status = Path(path).stat()
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
            found.fail(str(root), _missing(error))
            continue
        found.roots.append(path)
        try:
            rules = _rules_above(path)
        except _NoRule as error:
            found.fail(path, f"{IGNORE_FILE} above it: {error}")
            continue
        if stat.S_ISDIR(status.st_mode):
            _folder(path, rules, (path, excluded), found)
        elif _ignored(path, False, (*rules, (str(Path(path).parent), excluded))):
            # Named by the user, but perhaps by a shell's `*`: what is to be left alone is left alone.
            found.skip(path, f"left out by {IGNORE_FILE} or --exclude")
        else:
            _file(path, status, found, asked=True)
    return found


def _missing(error: OSError | ValueError) -> OSError | str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return error if isinstance(error, OSError) else str(error)


def _folder(path: str, rules: _Rules, excluded: tuple[str, GitIgnoreSpec], found: Found) -> None:
    """Look into one folder and those below it (a stack, not recursion: folders may be nested very deep)."""
    own_data = os.path.realpath(paths.data_dir())
    stack = [(path, rules)]
    while stack:
        folder, outer = stack.pop()
        try:
            inner = _with_ignore_file(folder, outer)
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            found.fail(folder, error)
            continue
        except _NoRule as error:
            found.fail(folder, f"{IGNORE_FILE}: {error}")
            continue
        below = []
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if hidden(entry.name, is_folder) or entry.path == own_data:
                found.hidden += 1
            elif _ignored(entry.path, is_folder, (*inner, excluded)):
                found.ignored += 1
            elif is_folder:
                below.append((entry.path, inner))
            else:
                _entry(entry, found)
        stack += reversed(below)


def _entry(entry: os.DirEntry[str], found: Found) -> None:
    if entry.is_symlink():
        # What a link leads to was not what the user named, and it may lead back here.
        if format_of(entry.name) or entry.is_dir():
            found.skip(entry.path, "a symbolic link, not followed")
        return
    try:
        _file(entry.path, entry.stat(follow_symlinks=False), found, asked=False)
    except OSError as error:
        found.fail(entry.path, error)


def _file(path: str, status: os.stat_result, found: Found, *, asked: bool) -> None:
    """Take a file, or say why not; one that the user did not name and nobody can read is only counted."""
    format = format_of(path)
    if not stat.S_ISREG(status.st_mode):
        if asked or format:
            found.skip(path, "not a file")
    elif format is None:
        ending = Path(path).suffix.lower()
        if asked:
            found.skip(path, f"no reader for {ending or 'files without an ending'}")
        else:
            ending = ending or "no ending"
            found.other[ending] = found.other.get(ending, 0) + 1
    elif getattr(status, "st_flags", 0) & _DATALESS:
        found.fail(path, "in iCloud, not on this machine")
    elif not _utf8(path):
        found.skip(path, "its name is not UTF-8")
    else:
        found.files[path] = File(path, format, status.st_size, status.st_mtime_ns)


def _utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def hidden(name: str, is_folder: bool) -> bool:
    """Whether a file or folder of this name is hidden, or a system's or a tool's."""
    if name.startswith((".", _LOCK_FILE)):
        return True
    return is_folder and (name in _SYSTEM or name.endswith(_SYSTEM_ENDINGS))


def _ignored(path: str, is_folder: bool, rules: _Rules) -> bool:
    """gitignore's order: the innermost rule that says anything decides."""
    for base, spec in reversed(rules):
        relative = path[len(base) :].lstrip("/") + ("/" if is_folder else "")
        include = spec.check_file(relative).include
        if include is not None:
            return include
    return False


def _with_ignore_file(folder: str, rules: _Rules) -> _Rules:
    """`rules` and those of the folder's own ignore file.

    Raises `OSError` where there is one that cannot be read, and `_NoRule` where a line of it says nothing:
    what it hides must then stay hidden.
    """
    try:
        lines = Path(folder, IGNORE_FILE).read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return rules
    return (*rules, (folder, _rules(lines)))


def _rules(lines: Iterable[str]) -> GitIgnoreSpec:
    patterns = list(lines)
    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (ValueError, re.error) as error:
            raise _NoRule(f"{pattern!r} is no gitignore pattern") from error
    return GitIgnoreSpec.from_lines(patterns)


def _rules_above(path: str) -> _Rules:
    """Rules of the ignore files in the folders above `path`, outermost first."""
    rules: _Rules = ()
    for folder in _above(path):
        try:
            rules = _with_ignore_file(folder, rules)
        except OSError:  # a folder above that is not ours to read holds no rules of ours
            continue
    return rules


def _above(path: str) -> Iterator[str]:
    yield from map(str, reversed(Path(path).parents))

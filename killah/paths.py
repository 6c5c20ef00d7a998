"""Every place on disk Killah uses, and how its files stay private and whole.

`KILLAH_HOME` moves everything under one folder; otherwise the platform's own places are used
(macOS: ~/Library/Application Support/killah; elsewhere the XDG folders).
"""

import errno
import os
import shutil
import sys
from pathlib import Path

from killah.errors import KillahError


def _home(variable: str, mac: str, other: str) -> Path:
    if home := os.environ.get("KILLAH_HOME"):
        return Path(home).expanduser() / variable.removeprefix("XDG_").removesuffix("_HOME").lower()
    if sys.platform == "darwin":
        return Path.home() / mac
    return Path(os.environ.get(variable) or Path.home() / other) / "killah"


def config_file() -> Path:
    """Settings the user edits (TOML)."""
    return _home("XDG_CONFIG_HOME", "Library/Application Support/killah", ".config") / "config.toml"


def data_dir() -> Path:
    """What must not be lost: personas, converted models, adapters."""
    return _home("XDG_DATA_HOME", "Library/Application Support/killah", ".local/share")


def state_dir() -> Path:
    """What may be lost without harm: logs, recovery files."""
    return _home("XDG_STATE_HOME", "Library/Logs/killah", ".local/state")


def personas_dir() -> Path:
    """One SQLite file a persona."""
    return data_dir() / "personas"


def models_dir() -> Path:
    """Models this user converted or pulled."""
    return data_dir() / "models"


def adapters_dir() -> Path:
    """Adapters this user trained or imported: one folder a base model, in it one an adapter."""
    return data_dir() / "adapters"


def shipped(kind: str) -> Path:
    """Package data (`models`, `adapters`, `samples`): inside the wheel, or beside a source checkout."""
    inside = Path(__file__).parent / "shipped" / kind
    return inside if inside.is_dir() else Path(__file__).parent.parent / kind


def private_dir(path: Path) -> Path:
    """Create `path`, and what of Killah's own folders is above it, readable by their owner only."""
    try:
        for folder in (*reversed(path.parents), path):  # parents=True would make them as the umask says
            if folder == path or folder.is_relative_to(data_dir()):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def remove(folder: Path) -> None:
    """Delete a folder with all that is in it."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error


def write_private(path: Path, text: str) -> None:
    """Write a whole file or nothing: a private temporary file, flushed, renamed over the old one."""
    private_dir(path.parent)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> KillahError:
    """The one sentence for a full disk, a read-only disk, or a folder of someone else's."""
    reasons = {
        errno.ENOSPC: ("the disk is full", "Free some space and try again."),
        errno.EDQUOT: ("your disk quota is used up", "Free some space and try again."),
        errno.EROFS: ("the disk is read-only", "Set KILLAH_HOME to a folder you can write to."),
        errno.EACCES: ("permission denied", "Set KILLAH_HOME to a folder you can write to."),
        errno.EPERM: ("permission denied", "Set KILLAH_HOME to a folder you can write to."),
    }
    reason, hint = reasons.get(error.errno or 0, (error.strerror or str(error), ""))
    return KillahError(f"Cannot write {path}: {reason}.", hint)

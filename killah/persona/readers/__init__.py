"""One file a format: `readers/docx.py` reads .docx. A new format is a new file, nothing else.

A reader module has `MAX_BYTES`, the largest file it takes, and `read(data: bytes) -> Prose`, which gives
paragraphs separated by blank lines, with what is not the owner's voice left out and counted (see
`killah.persona.voice`), and raises `Unreadable` with a reason a user understands. Readers run in the worker
process (`killah.persona.worker`) only, because a hostile file may hang or crash them.
"""

import re
import unicodedata
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

# Other endings of the same format.
_ALIASES = {"text": "txt", "markdown": "md", "mdown": "md", "htm": "html", "xhtml": "html"}

# Never part of a word: byte order mark, zero-width characters, soft hyphen, controls other than \n and \t.
_INVISIBLE = re.compile("[\ufeff\u200b\u2060\u00ad\x00-\x08\x0e-\x1f\x7f]")
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """A document that cannot be read; the message is the reason, a part of a sentence."""


@cache
def formats() -> frozenset[str]:
    """Names of the formats there is a reader for."""
    return frozenset(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))


def format_of(path: str | Path) -> str | None:
    """The format that the ending of a file name stands for; None where there is no reader."""
    ending = Path(path).suffix.lower().lstrip(".")
    name = _ALIASES.get(ending, ending)
    return name if name in formats() else None


def reader(name: str) -> ModuleType:
    """The reader module of a format, imported when first asked for."""
    return import_module(f"{__name__}.{name}")


def clean(text: str) -> str:
    """Composed characters, `\\n` line ends, nothing invisible, no half characters."""
    if _LONE_SURROGATE.search(text):  # RTF writes an emoji as two halves
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _LINE_END.sub("\n", text).replace("\u2029", "\n\n")
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))

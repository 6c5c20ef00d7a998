"""Rich Text Format, through striprtf (which ignores pictures, styles and fonts)."""

import codecs
import re

from striprtf.striprtf import rtf_to_text

from killah.persona.readers import Unreadable, clean
from killah.persona.voice import Prose, own

MAX_BYTES = 64 << 20

_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")


def read(data: bytes) -> Prose:
    """One paragraph for each `\\par`. Raises `Unreadable` where the file is not RTF."""
    if not data.lstrip()[:6].startswith(b"{\\rtf"):
        raise Unreadable("not an RTF file")
    text = rtf_to_text(data.decode(_code_page(data), "replace"), errors="replace")
    return own(clean(text).replace("\n", "\n\n"))


def _code_page(data: bytes) -> str:
    """The code page of bytes that are not escaped, which old programs write."""
    found = _CODE_PAGE.search(data[:1024])
    name = f"cp{found[1].decode()}" if found else "cp1252"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"

"""Rich Text Format, through striprtf (which ignores pictures, styles and fonts)."""

from striprtf.striprtf import rtf_to_text

from killah.persona.readers import Unreadable, clean

MAX_BYTES = 64 << 20


def text(data: bytes) -> str:
    """One paragraph for each `\\par`. Raises `Unreadable` where the file is not RTF."""
    if not data.lstrip()[:6].startswith(b"{\\rtf"):
        raise Unreadable("not an RTF file")
    return clean(rtf_to_text(data.decode("cp1252", "replace"), errors="replace")).replace("\n", "\n\n")

"""PDF through pypdf, which bounds what a stream may unpack to; lines are joined to paragraphs again."""

import io
import re
from collections import Counter
from dataclasses import replace

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

from killah.persona.readers import Unreadable, clean
from killah.persona.readers._lines import join_lines
from killah.persona.voice import Prose, own

MAX_BYTES = 100 << 20

_DIGITS = re.compile(r"\d+")
_RUNNING_PAGES = 3  # a line at the edge of at least so many pages is a running head or foot


def read(data: bytes) -> Prose:
    """Paragraphs of all pages. Raises `Unreadable` where the file is broken or encrypted."""
    if b"%PDF-" not in data[:1024]:
        raise Unreadable("not a PDF file")
    try:
        reader = PdfReader(io.BytesIO(data))
        # Many files are locked against printing only: the empty password opens them.
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted PDF: it needs a password")
        pages = [clean(page.extract_text()).split("\n") for page in reader.pages]
    except (FileNotDecryptedError, DependencyError) as error:
        raise Unreadable("encrypted PDF: it needs a password") from error
    except PyPdfError as error:
        raise Unreadable(f"broken PDF ({error})") from error
    lines = "\n".join(line for page in _without_running_lines(pages) for line in page)
    prose = own(lines)
    return replace(prose, text=join_lines(prose.text.split("\n")))


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """Pages without their running heads, feet and page numbers."""
    seen = Counter(_shape(page[at]) for page in pages for at in {0, len(page) - 1} if page)

    def runs(line: str) -> bool:
        shape = _shape(line)
        return shape in ("", "#", "- # -") or seen[shape] >= _RUNNING_PAGES

    kept = []
    for page in pages:
        first, last = 0, len(page)
        if page and runs(page[0]):
            first = 1
        if last > first and runs(page[last - 1]):
            last -= 1
        kept.append(page[first:last])
    return kept


def _shape(line: str) -> str:
    """A line with its numbers made equal, so that `Page 3` and `Page 4` are the same."""
    return _DIGITS.sub("#", line.strip())

"""Markdown as prose: front matter, code, tables, pictures and HTML left out, links reduced to their words.

Block quotations are left out too: they are somebody else's writing.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from killah.persona.readers import clean
from killah.persona.readers.txt import decode

MAX_BYTES = 32 << 20

_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n.*?\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,60}\]:?")
_LEFT_OUT = ("blockquote", "table")


def text(data: bytes) -> str:
    """Paragraphs, headings and list items of a Markdown file."""
    source = _FRONT_MATTER.sub("", clean(decode(data)), count=1)
    paragraphs: list[str] = []
    inside = 0
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type.removesuffix("_open").removesuffix("_close") in _LEFT_OUT:
            inside += token.nesting
        elif token.type == "inline" and not inside:
            paragraphs.append(_prose(token.children or []))
    return "\n\n".join(filter(None, paragraphs))


def _prose(tokens: list[Token]) -> str:
    """Words of one block. `softbreak` is a line end inside a paragraph, `hardbreak` one that is meant."""
    breaks = {"softbreak": " ", "hardbreak": "\n"}
    words = "".join(
        breaks.get(token.type) or (token.content if token.type in ("text", "code_inline") else "")
        for token in tokens
    )
    return _FOOTNOTE.sub("", words).strip()

"""Markdown as prose: front matter, pictures and HTML tags left out, links reduced to their words.

Code, tables and block quotations are set aside: they are not the owner's voice. Lines indented by four are
code by the rules of Markdown, and paragraphs by the habits of writers: what they look like decides.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from killah.persona.readers import clean
from killah.persona.readers._blocks import Blocks
from killah.persona.readers.txt import decode
from killah.persona.voice import Prose, Reason
from killah.persona.voice.code import is_code

MAX_BYTES = 32 << 20

_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n.*?\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,60}\]:?")
_CALLOUT = re.compile(r"\[![\w-]{1,30}\][+-]?\s*")  # an owner's note set as a quotation: > [!note]
_ASIDE = {"blockquote": Reason.QUOTATIONS, "table": Reason.TABLES}


def read(data: bytes) -> Prose:
    """Paragraphs, headings and list items of a Markdown file."""
    source = _FRONT_MATTER.sub("", clean(decode(data)), count=1)
    blocks = Blocks()
    open_asides: list[Reason] = []
    callout = 0
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind in _ASIDE:
            if token.nesting > 0:
                open_asides.append(_ASIDE[kind])
            else:
                open_asides.pop()
                callout = min(callout, len(open_asides))
        elif token.type == "inline":
            words = _prose(token.children or [])
            if open_asides and _CALLOUT.match(words):
                callout = len(open_asides)
            is_aside = len(open_asides) > callout
            blocks.add(_CALLOUT.sub("", words, count=1), open_asides[-1] if is_aside else None)
        elif token.type == "fence" or (token.type == "code_block" and is_code(token.content)):
            blocks.add(token.content, Reason.CODE)
        elif token.type == "code_block":
            blocks.add(token.content, open_asides[-1] if open_asides else None)
    return blocks.prose()


def _prose(tokens: list[Token]) -> str:
    """Words of one block. `softbreak` is a line end inside a paragraph, `hardbreak` one that is meant."""
    breaks = {"softbreak": " ", "hardbreak": "\n"}
    words = "".join(
        breaks.get(token.type) or (token.content if token.type in ("text", "code_inline") else "")
        for token in tokens
    )
    return _FOOTNOTE.sub("", words).strip()

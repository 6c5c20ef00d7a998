"""Text that many documents carry and nobody wrote for them: licences, Project Gutenberg, mail disclaimers."""

import re
from collections.abc import Iterator

from killah.persona.voice.spans import Reason, Span, blocks

_GUTENBERG_START = re.compile(
    r"\s*\**\s*(?:START OF (?:THE|THIS) PROJECT GUTENBERG|END[ *]*THE SMALL PRINT)", re.IGNORECASE
)
_GUTENBERG_END = re.compile(
    r"\s*\**\s*END OF (?:THE |THIS )?PROJECT GUTENBERG|End of (?:the )?Project Gutenberg", re.IGNORECASE
)

_FULL_LICENCE = re.compile(
    r"\s*(?:GNU (?:AFFERO |LESSER |LIBRARY )?GENERAL PUBLIC LICENSE|Apache License)\s*"
)
_FULL_LICENCE_BELOW = re.compile(r"\s*Version \d")
_FULL_LICENCE_END = re.compile(r"\s*END OF TERMS AND CONDITIONS")
_LICENCE = re.compile(
    r"Permission is hereby granted, free of charge, to any person"
    r"|Permission to use, copy, modify, and(?:/or)? distribute this"
    r"|(?:THE|THIS) SOFTWARE IS PROVIDED (?:\"AS IS\"|“AS IS”|``AS IS''|BY THE COPYRIGHT)"
    r"|The above copyright notice and this permission notice shall be"
    r"|Licensed under the (?:Apache|MIT|BSD|Mozilla|GNU|Creative Commons|EUPL)"
    r"|(?:redistribute it and/or modify it under the terms|under the terms of the GNU)"
    r"|This (?:program|library|software|file) is (?:free software|distributed in the hope)"
    r"|You should have received a copy of the GNU|WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND"
    r"|Redistribution and use in source and binary forms"
    r"|Redistributions? (?:of source code|in binary form) must"
    r"|SPDX-License-Identifier"
    r"|licensed under (?:a|the) Creative Commons"
    r"|No part of this (?:publication|book) may be reproduced"
    r"|This eBook is for the use of anyone anywhere"
    r"|Все права защищены\. (?:Никакая|Никакую|Полное или частичное)"
    r"|Никакая часть (?:\w+ ){0,2}(?:книги|публикации|издания).{0,60}воспроизведен",
    re.IGNORECASE,
)
# Without one of these a paragraph is no licence: looking for them is many times faster than the pattern.
_LICENCE_WORDS = (
    "licen",
    "copyright",
    "©",
    "(c)",
    "rights reserved",
    "permission",
    "redistribut",
    "reproduce",
    "ebook",
    "warrant",
    "terms of the gnu",
    "this program",
    "this library",
    "software",
    "права защищены",
    "воспроизведен",
)
_COPYRIGHT = re.compile(
    r"\s*(?:[#*/;%-]{0,3}\s*)?(?:(?:©|\(c\)|copyright(?: ?©| ?\(c\))?)[ ,]{0,3}(?:19|20)\d\d\b.{0,120}"
    r"|copyright (?:©|\(c\)) .{0,120}"
    r"|(?:.{0,80}\s)?all rights reserved\.?|.{0,80}\bвсе права защищены\.?)\s*",
    re.IGNORECASE,
)

_DISCLAIMER_WORDS = (
    "confidential",
    "privileged",
    "recipient",
    "addressee",
    "конфиденциальн",
    "адресат",
    "получател",
)
_DISCLAIMERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"this (?:e-?mail|message|communication)(?: message)?[^.]{0,60}"
        r"(?:is|are|may be|contains?|may contain) (?:\w+ (?:and|or) )?(?:\w+ )?(?:confidential|privileged)",
        r"(?:intended|meant) (?:solely |only |exclusively )*for (?:the )?(?:use of |the use of )?(?:the )?"
        r"(?:\w+ )?(?:addressee|recipient|individual|person)",
        r"(?:are|is) not the (?:named |intended )?(?:addressee|recipient)",
        r"received this (?:e-?mail|message|communication|transmission)(?: message)? (?:in error|by mistake)",
        r"consider the environment before printing",
        r"(?:notify|inform) the sender (?:immediately|by)|delete (?:it|this \S{4,7}) from your system",
        r"(?:сообщение|письмо)[^.]{0,80}(?:является|являются|содерж\w+|носит)[^.]{0,40}конфиденциальн",
        r"предназначен\w* (?:исключительно |только )?(?:для )?(?:использования )?(?:лиц|адресат|получател)",
        r"не являетесь (?:его |указанным |надлежащим |предполагаемым )?(?:адресатом|получателем)",
        r"получили (?:данное|это|настоящее) (?:сообщение|письмо) (?:по ошибке|ошибочно)",
        r"(?:сообщите|уведомите|известите)[^.]{0,40}(?:отправител|об этом)",
    )
)


def gutenberg(lines: list[str]) -> Iterator[Span]:
    """What Project Gutenberg puts before and after a book."""
    starts = [at for at, line in enumerate(lines) if _GUTENBERG_START.match(line)]
    ends = [at for at, line in enumerate(lines) if _GUTENBERG_END.match(line)]
    if starts:
        yield Span(0, starts[0] + 1, Reason.LICENCE)
    if ends and ends[-1] > (starts[0] if starts else -1):
        yield Span(min(end for end in ends if not starts or end > starts[0]), len(lines), Reason.LICENCE)


def licences(lines: list[str]) -> Iterator[Span]:
    """Whole licences, paragraphs that grant or refuse rights in the known words, and copyright lines."""
    yield from _whole_licences(lines)
    for start, end in blocks(lines):
        text = _flat(lines[start:end])
        if not _has(text, _LICENCE_WORDS):
            continue
        if _LICENCE.search(text) or (len(text) < 250 and _COPYRIGHT.fullmatch(text)):
            yield Span(start, end, Reason.LICENCE)


def _whole_licences(lines: list[str]) -> Iterator[Span]:
    start = None
    for at, line in enumerate(lines):
        if (
            start is None
            and _FULL_LICENCE.fullmatch(line)
            and _FULL_LICENCE_BELOW.match("".join(lines[at + 1 : at + 2]))
        ):
            start = at
        elif start is not None and _FULL_LICENCE_END.match(line):
            yield Span(start, at + 1, Reason.LICENCE)
            start = None


def disclaimers(lines: list[str]) -> Iterator[Span]:
    """Paragraphs that speak as a company's mail footer does, in two of its ways at least."""
    for start, end in blocks(lines):
        text = _flat(lines[start:end])
        if _has(text, _DISCLAIMER_WORDS) and sum(bool(pattern.search(text)) for pattern in _DISCLAIMERS) >= 2:
            yield Span(start, end, Reason.DISCLAIMERS)


def _has(text: str, words: tuple[str, ...]) -> bool:
    lower = text.lower()
    return any(word in lower for word in words)


def _flat(lines: list[str]) -> str:
    """Lines of a paragraph as one, without comment signs at their starts."""
    return " ".join(" ".join(line.strip().strip("#*/; ") for line in lines).split())

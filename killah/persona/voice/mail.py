"""What mail programs put around a message: quoted replies, forwarded messages, signatures."""

import re
from collections.abc import Iterator

from killah.persona.voice.spans import Reason, Span, next_line

_QUOTED = re.compile(r"\s{0,3}(?:>(?!>> )|[A-ZА-ЯЁ][A-Za-zА-яё]{0,2}>{1,5}\s)")
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|пишет|писал[аи]?|написал[аи]?(?:\(а\))?)\b", re.IGNORECASE
)
_OPENS = re.compile(
    r"(?:on|at|le|am|el|в|во|mon|tue|wed|thu|fri|sat|sun|пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|среда|четверг"
    r"|пятница|суббота|воскресенье)\b|\d",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.\w")
_TIME = re.compile(r"\b\d{1,2}:\d\d\b")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2}\b")
_LONGEST_ATTRIBUTION = 300  # characters, on up to three lines

_FORWARDED = (
    "forwarded message|begin forwarded message|пересланное сообщение|пересылаемое сообщение"
    "|переадресованное сообщение|начало переадресованного сообщения|weitergeleitete nachricht"
)
_REPLIED = "original message|исходное сообщение|ursprüngliche nachricht|message d'origine|mensaje original"
_MARKER = re.compile(
    rf"[\s>]*(?:[-—_=]{{2,}}\s*)?(?:(?P<forwarded>{_FORWARDED})|{_REPLIED})\s*(?P<end>:|[-—_=]{{2,}})\s*",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"[\s>*_]{0,6}(?:(?P<who>from|от|от кого|отправитель)|(?P<rest>sent|date|to|cc|bcc|reply-to|subject|кому"
    r"|копия|тема|дата|отправлено))[*_]{0,2}:[*_]{0,2}\s*\S",
    re.IGNORECASE,
)

_CLOSING = re.compile(
    r"(?i:(?:with )?(?:best|kind|kindest|warm|warmest)(?: regards| wishes)?|regards|sincerely(?: yours)?"
    r"|yours (?:sincerely|truly|faithfully)|cheers|(?:many )?thanks(?: again| in advance)?|all the best"
    r"|thank you|с уважением|с наилучшими пожеланиями|с благодарностью|всего (?:доброго|хорошего|наилучшего)"
    r"|искренне ваш[аи]?|(?:заранее )?спасибо)\s*(?:[,.!—–-]|$)\s*(?:[A-ZА-ЯЁ][\w.'’-]{0,30}\s*){0,4}"
)
_CONTACT = re.compile(
    rf"{_ADDRESS.pattern}|https?://|\bwww\.|\+\d[\d\s().-]{{7,20}}\d|\(\d{{3,5}}\)\s*\d[\d\s-]{{4,10}}\d"
    r"|\b\d{3}[-.]\d{3}[-.]\d{4}\b|\b(?:tel|phone|mobile|mob|cell|fax|skype|telegram|тел|моб|факс)\b\.?\s*:",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:sent from (?:my (?!heart)|mail for|outlook|samsung|yahoo|proton|gmail)|sent via (?:my|blackberry)"
    r"|get outlook for"
    r"|отправлено (?:с|из|через) (?:моего |моей |мобил|iphone|ipad|android|samsung|почты|mail|outlook|xiaomi)"
    r"|с уважением, отправлено с|посл?ано с (?:iphone|android))",
    re.IGNORECASE,
)
_LIST_FOOTER = re.compile(r"_{20,}\s*")
_LONGEST_SIGNATURE = 10  # lines
_WIDEST_SIGNATURE = 90  # characters a line


def quoted(lines: list[str]) -> Iterator[Span]:
    """Lines behind `>` or a quoter's initials (`JS> `), and the line above that says who wrote them."""
    marks = [_QUOTED.match(line) for line in lines]
    for at, mark in enumerate(marks):
        # Letters and `>` may be anything once; the sign of quoting is that they come again.
        if mark and (
            mark[0].lstrip().startswith(">") or any(marks[max(0, at - 1) : at] + marks[at + 1 : at + 2])
        ):
            yield Span(at, at + 1, Reason.QUOTED)
    for start, end, _ in _attributions(lines):
        yield Span(start, end, Reason.QUOTED)


def quoted_to_the_end(lines: list[str]) -> Iterator[Span]:
    """In one message: all below the first header of the message it answers or forwards.

    Not where the quotation is marked line by line: the answers may stand between.
    """
    starts = [(start, reason) for start, reason in _markers(lines)]
    starts += [(start, Reason.QUOTED) for start, _ in _header_blocks(lines)]
    starts += [(start, Reason.QUOTED) for start, _, marked in _attributions(lines) if not marked]
    if starts:
        start, reason = min(starts)
        yield Span(start, len(lines), reason)


def forwarded(lines: list[str]) -> Iterator[Span]:
    """Outside a mail file: a marker with headers below takes the rest, headers alone take only themselves."""
    headers = list(_header_blocks(lines))
    for start, reason in _markers(lines):
        if any(start < header <= next_line(lines, start + 1) for header, _ in headers):
            yield Span(start, len(lines), reason)
            return
    for start, end in headers:
        yield Span(start, end, Reason.FORWARDED)


def signatures(lines: list[str]) -> Iterator[Span]:
    """A closing with contact lines below it, `--` with contact lines, and what telephones add."""
    for at, line in enumerate(lines):
        stripped = line.strip()
        if len(stripped) > _WIDEST_SIGNATURE:
            continue
        if stripped == "--" or _CLOSING.fullmatch(stripped):
            if (end := _last_contact(lines, at)) is not None:
                yield Span(at, end, Reason.SIGNATURES)
        elif _DEVICE.match(stripped) and len(stripped.split()) <= 10:
            yield Span(at, at + 1, Reason.SIGNATURES)


def signature_of_a_mail(lines: list[str]) -> Iterator[Span]:
    """What follows `-- ` at the end of a message, and the footer of a mailing list."""
    last = max((at for at, line in enumerate(lines) if line.strip()), default=0)
    for at in range(max(0, last - 2 * _LONGEST_SIGNATURE), last):
        is_short = sum(bool(line.strip()) for line in lines[at:]) <= _LONGEST_SIGNATURE + 1
        is_list_footer = _LIST_FOOTER.fullmatch(lines[at]) and "list" in lines[at + 1]
        if (lines[at].rstrip() == "--" and is_short) or is_list_footer:
            yield Span(at, len(lines), Reason.SIGNATURES)


def _attributions(lines: list[str]) -> Iterator[tuple[int, int, bool]]:
    """`On ... Ann <a@b.org> wrote:` - first line, end, and whether lines behind `>` follow."""
    for last, line in enumerate(lines):
        if not line.rstrip().endswith(":"):
            continue
        following = next_line(lines, last + 1)
        marked = following < len(lines) and bool(_QUOTED.match(lines[following]))
        for first in range(max(0, last - 2), last + 1):
            candidate = lines[first : last + 1]
            if all(map(str.strip, candidate)) and _attributes(candidate, marked):
                yield first, last + 1, marked
                break


def _attributes(candidate: list[str], marked: bool) -> bool:
    text = " ".join(line.strip() for line in candidate)
    opens = _OPENS.match(text.lstrip("> "))
    if len(text) > _LONGEST_ATTRIBUTION or (len(candidate) > 1 and not opens):
        return False
    dated = bool(_TIME.search(text) or _DATE.search(text))
    if _WROTE.search(text):
        return marked or (bool(_ADDRESS.search(text)) and dated) or bool(opens and _full_date(text))
    return dated and bool(_ADDRESS.search(text)) and bool(opens)


def _full_date(text: str) -> bool:
    """A day and a time: mail programs give both, people who tell a story do not."""
    return bool(_TIME.search(text) and _DATE.search(text))


def _markers(lines: list[str]) -> Iterator[tuple[int, Reason]]:
    """Lines such as `-----Original Message-----`."""
    for at, line in enumerate(lines):
        match = _MARKER.fullmatch(line)
        if match and (match["end"] != ":" or match["forwarded"]):
            yield at, Reason.FORWARDED if match["forwarded"] else Reason.QUOTED


def _header_blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Three or more header fields of a message in a row, one of them saying from whom."""
    start, who = 0, False
    for at, line in enumerate([*lines, ""]):
        field = _FIELD.match(line)
        if field:
            who = who or bool(field["who"])
            continue
        if at - start >= 3 and who:
            yield start, at
        start, who = at + 1, False


def _last_contact(lines: list[str], at: int) -> int | None:
    """The end of a signature that starts at `at`: its last contact line; None where there is none.

    A name comes first, and nothing in it is a sentence.
    """
    end, first = None, next_line(lines, at + 1)
    if first == len(lines) or not _is_name(lines[first].strip()):
        return None
    for number in range(first, min(len(lines), first + _LONGEST_SIGNATURE)):
        line = lines[number].strip()
        if len(line) > _WIDEST_SIGNATURE or line.endswith(("?", "!", ";")):
            break
        if _CONTACT.search(line):
            end = number + 1
    return end


def _is_name(line: str) -> bool:
    return len(line.split()) <= 7 and (not line.endswith((".", ":", "?", "!")) or bool(_CONTACT.search(line)))

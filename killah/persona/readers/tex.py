r"""LaTeX as prose: one pass over the source that knows what the usual commands do with their text.

Nothing is expanded but a macro that stands for a few plain words, so that no macro can grow without end.
Unknown commands vanish and the text in their braces stays. Listings, tables, quotations and the bibliography
are set aside; formulas, comments and the preamble are no text.
"""

import re
import unicodedata

from killah.persona.readers import Unreadable, clean
from killah.persona.readers import _latex as latex
from killah.persona.readers._blocks import Blocks
from killah.persona.readers.txt import decode
from killah.persona.voice import Prose, Reason

MAX_BYTES = 32 << 20

_NEWLINE = r"\n(?![ \t]*\n)[ \t]*"  # one that only separates words
_TOKEN = re.compile(
    rf"\\(?:(?P<command>[a-zA-Z@]+)\*?[ \t]*(?:{_NEWLINE})?|(?P<sign>.|\Z))"
    rf"|(?P<break>\n[ \t]*\n\s*)|%[^\n]*(?:{_NEWLINE})?|(?P<text>[^\\{{}}$~&%\n]+|\n)|[{{}}$~&]",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\s*\{([^{}\\]{1,60})\}")
_OPTION = re.compile(r"\*?\s{0,9}\[([^\[\]{}]{0,500})\]")
_GROUP = re.compile(r"\s{0,9}\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_LONGEST_ARGUMENT = 20_000  # characters; a brace that closes later was left open
_MACRO = re.compile(r"\\(?:re)?newcommand\*?\s*\{?\\([a-zA-Z]{1,40})\}?\s*\{([^\\{}#$%]{1,100})\}")
_VERB = re.compile(r"\\(?:verb|lstinline)\*?([^a-zA-Z\s*{\[])([^\n]{0,500}?)\1")
_FORMULA = re.compile(r"\$((?:[^$\\\n]|\\.|\n(?![ \t]*\n))+)\$", re.DOTALL)
_PLAIN_FORMULA = re.compile(r"[\w\s.,+=<>()/-]{1,40}")
_ACCENTED = re.compile(r"\s*(?:\{\s*\\?(\w)\s*\}|\\([ij])(?![a-zA-Z])\s?|(\w))")
_SPACES = re.compile(r"[ \t]+")


def read(data: bytes) -> Prose:
    r"""Paragraphs between `\begin{document}` and its end, or of the whole file where it has none."""
    source = clean(decode(data))
    if "\\" not in source and source.strip():
        raise Unreadable("not a LaTeX file")
    macros = dict(_MACRO.findall(source))
    _, begin, body = source.partition(r"\begin{document}")
    return _Scanner((body if begin else source).partition(r"\end{document}")[0], macros).run().prose()


class _Scanner:
    """Goes over the source once; `_at` is where."""

    def __init__(self, source: str, macros: dict[str, str]) -> None:
        self._source = source
        self._macros = macros
        self._blocks = Blocks()
        self._at = 0
        self._words: list[str] = []
        self._groups: list[
            list[str] | None
        ] = []  # open braces; words of the paragraph that a note interrupts
        self._asides: list[Reason] = []
        self._never: set[str] = set()  # endings that do not come any more

    def run(self) -> Blocks:
        """Read all of it."""
        while token := _TOKEN.match(self._source, self._at):
            start, self._at = self._at, token.end()
            if token["command"]:
                self._command(token["command"], start)
            elif token["sign"] is not None:
                self._sign(token["sign"])
            elif token["break"]:
                self._end_paragraph()
            elif token["text"]:
                self._words.append(token["text"].replace("\n", " "))
            else:
                self._special(token[0], start)
        self._end_paragraph()
        return self._blocks

    def _command(self, name: str, start: int) -> None:
        if name in ("begin", "end"):
            self._begin() if name == "begin" else self._end()
        elif name in latex.HEADINGS or name in latex.NOTES or name in latex.ENDS:
            self._paragraph(name)
        elif name in latex.DROPPED or name in latex.QUOTING:
            self._drop(name)
        elif name in latex.ACCENTS:
            self._accent(name)
        elif verb := _VERB.match(self._source, start):
            self._at = verb.end()
            self._words.append(verb[2])
        elif name == "iffalse":
            self._skip_to(r"\fi")
        elif words := self._macros.get(name) or latex.SYMBOLS.get(name):
            self._words.append(words)
        else:
            self._option()

    def _paragraph(self, name: str) -> None:
        """A command that ends a paragraph, or has one as its argument."""
        if name not in latex.NOTES:
            self._end_paragraph()
        option = self._option()
        if name == "item" and option:
            self._words.append(option + " ")
        elif name not in latex.ENDS and (brace := _GROUP.match(self._source, self._at)):
            self._at = brace.end()
            self._groups.append(self._words)
            self._words = []

    def _drop(self, name: str) -> None:
        """A command whose arguments are no words of the owner's."""
        for _ in range(latex.DROPPED.get(name, 0)):
            self._argument()
        for _ in range(latex.QUOTING.get(name, 0)):
            self._blocks.add(self._argument(), Reason.QUOTATIONS)

    def _sign(self, sign: str) -> None:
        if sign in "([":
            self._skip_to(r"\)" if sign == "(" else r"\]")
        elif sign in latex.ACCENTS:
            self._accent(sign)
        else:
            self._words.append(latex.SYMBOLS.get(sign, ""))
            if sign == "\\":
                self._option()

    def _special(self, sign: str, start: int) -> None:
        if sign == "{":
            self._groups.append(None)
        elif sign == "}":
            self._close_group()
        elif sign == "~":
            self._words.append(" ")
        elif sign == "$" and self._source.startswith("$$", start):
            self._at += 1
            self._skip_to("$$")
        elif sign == "$" and (formula := _FORMULA.match(self._source, start)):
            self._at = formula.end()
            if _PLAIN_FORMULA.fullmatch(formula[1]):
                self._words.append(formula[1])

    def _begin(self) -> None:
        if not (name := _ENVIRONMENT.match(self._source, self._at)):
            return
        self._at = name.end()
        self._end_paragraph()
        if name[1] in latex.VERBATIM:
            self._blocks.add(self._skip_to(f"\\end{{{name[1]}}}"), Reason.CODE)
        elif name[1] in latex.NO_TEXT:
            self._skip_to(f"\\end{{{name[1]}}}")
        else:
            self._option()
            for _ in range(latex.ENVIRONMENT_ARGUMENTS.get(name[1], 0)):
                self._argument()
            if name[1] in latex.ASIDES:
                self._asides.append(latex.ASIDES[name[1]])

    def _end(self) -> None:
        if not (name := _ENVIRONMENT.match(self._source, self._at)):
            return
        self._at = name.end()
        self._end_paragraph()
        if name[1] in latex.ASIDES and self._asides:
            self._asides.pop()

    def _close_group(self) -> None:
        outer = self._groups.pop() if self._groups else None
        if outer is not None:
            self._end_paragraph()
            self._words = outer

    def _end_paragraph(self) -> None:
        text = "".join(self._words)
        for written, meant in latex.LIGATURES:
            text = text.replace(written, meant)
        lines = [line.strip() for line in _SPACES.sub(" ", text).split("\n")]
        self._blocks.add("\n".join(lines), self._asides[0] if self._asides else None)
        self._words.clear()

    def _accent(self, name: str) -> None:
        if letter := _ACCENTED.match(self._source, self._at):
            self._at = letter.end()
            plain = letter[1] or letter[2] or letter[3]
            self._words.append(unicodedata.normalize("NFC", plain + latex.ACCENTS[name]))

    def _option(self) -> str:
        """An optional argument, where one stands here."""
        option = _OPTION.match(self._source, self._at)
        if option is None:
            return ""
        self._at = option.end()
        return option[1]

    def _argument(self) -> str:
        """An argument in braces with the options before it, as written; nothing where none stands here."""
        while _OPTION.match(self._source, self._at):
            self._option()
        opening = _GROUP.match(self._source, self._at)
        if opening is None:
            return ""
        depth = 0
        for brace in _BRACE.finditer(self._source, opening.end() - 1, opening.end() + _LONGEST_ARGUMENT):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if not depth:
                self._at = brace.end()
                return self._source[opening.end() : brace.start()]
        return ""

    def _skip_to(self, ending: str) -> str:
        """What stands before `ending`, skipped with it; nothing where that does not come."""
        found = -1 if ending in self._never else self._source.find(ending, self._at)
        if found < 0:
            self._never.add(ending)
            return ""
        skipped, self._at = self._source[self._at : found], found + len(ending)
        return skipped

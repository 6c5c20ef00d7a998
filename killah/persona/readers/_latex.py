"""What the reader of LaTeX knows about commands and environments; everything else is left to vanish."""

from typing import TypeVar

from killah.persona.voice import Reason

_Value = TypeVar("_Value")


def _each(names: str, value: _Value) -> dict[str, _Value]:
    return dict.fromkeys(names.split(), value)


# Environments
VERBATIM = frozenset("verbatim verbatim* Verbatim lstlisting minted alltt".split())
NO_TEXT = frozenset(
    "equation equation* align align* gather gather* multline multline* eqnarray eqnarray* displaymath math"
    " array flalign flalign* tikzpicture picture pgfpicture comment filecontents filecontents*".split()
)
ASIDES = (
    _each("tabular tabular* tabularx tabulary longtable tabbing", Reason.TABLES)
    | _each("quote quotation displayquote", Reason.QUOTATIONS)
    | _each("algorithm algorithmic", Reason.CODE)
    | _each("thebibliography", Reason.REFERENCES)
)
ENVIRONMENT_ARGUMENTS = _each(
    "otherlanguage minipage multicols thebibliography tabular longtable adjustbox", 1
) | _each("wrapfigure tabularx tabular*", 2)

# Commands whose argument is a paragraph of its own, and those that only end one
HEADINGS = frozenset(
    "title part chapter section subsection subsubsection paragraph subparagraph caption frametitle".split()
)
NOTES = frozenset("footnote footnotetext marginpar endnote".split())
ENDS = frozenset("par newpage clearpage bigskip medskip smallskip maketitle item".split())
QUOTING = {"epigraph": 2, "blockquote": 1}

# How many arguments vanish with the command; what stands in further braces is text.
DROPPED = (
    _each(
        "label ref eqref pageref autoref cref Cref nameref cite citep citet citeauthor citeyear"
        " parencite textcite autocite footcite nocite includegraphics includepdf input include usepackage"
        " documentclass bibliography bibliographystyle addbibresource vspace hspace pagestyle"
        " thispagestyle pagenumbering index hyphenation hypersetup graphicspath geometry author date"
        " thanks institute affiliation email lstinputlisting lstset tag url path href textcolor color"
        " fontfamily selectlanguage foreignlanguage raisebox parbox scalebox todo phantom hphantom"
        " vphantom newtheorem theoremstyle setmainfont setsansfont setmonofont setmainlanguage"
        " setotherlanguage setdefaultlanguage bibitem def",
        1,
    )
    | _each(
        "setlength addtolength setcounter addtocounter fontsize rule resizebox newcommand renewcommand"
        " providecommand DeclareMathOperator",
        2,
    )
    | _each("newenvironment renewenvironment definecolor addcontentsline", 3)
)

# Letters and signs
SYMBOLS = (
    _each("ldots dots textellipsis", "…")
    | {
        "textendash": "–",
        "textemdash": "—",
        "LaTeX": "LaTeX",
        "TeX": "TeX",
        "ss": "ß",
        "ae": "æ",
        "AE": "Æ",
        "oe": "œ",
        "OE": "Œ",
        "o": "ø",
        "O": "Ø",
        "aa": "å",
        "AA": "Å",
        "l": "ł",
        "L": "Ł",
        "i": "i",
        "j": "j",
        "S": "§",
        "copyright": "©",
        "pounds": "£",
        "euro": "€",
        "textquotedblleft": "“",
        "textquotedblright": "”",
        "textquoteleft": "‘",
        "textquoteright": "’",
        "guillemotleft": "«",
        "guillemotright": "»",
        "og": "« ",
        "fg": " »",
        "quad": " ",
        "qquad": " ",
        "textbackslash": "\\",
        "textasciitilde": "~",
        "newline": "\n",
        "linebreak": "\n",
        "\\": "\n",
        " ": " ",
        "\n": " ",
        ",": " ",
        ";": " ",
        ":": " ",
    }
    | {sign: sign for sign in "%&$#_{}"}
)
ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "r": "\u030a",
    "k": "\u0328",
    "d": "\u0323",
}
# Of the Russian babel's shorthands too; the longer ones first
LIGATURES = (
    ('"---', "—"),
    ("---", "—"),
    ("--", "–"),
    ("``", "“"),
    ("''", "”"),
    ('"<', "«"),
    ('">', "»"),
    ("<<", "«"),
    (">>", "»"),
    ('"=', "-"),
    ('"`', "„"),
    ("\"'", "“"),
)

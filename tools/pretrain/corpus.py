"""Which text the base model may see.

Knows the data folder's layout and the law: a model shipped worldwide is trained only on authors and
translators who died in 1955 or earlier (life + 70), on US-government work, and on CC0 / CC BY text.
Knows nothing about tokens.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Personas of every held-out figure: never trained on.
HELD_OUT = frozenset(
    "g-k-chesterton oscar-wilde jack-london edith-wharton o-henry willa-cather "
    "jerome-k-jerome robert-e-howard".split()
)

# Author (or translator, where named) and year of death after 1955: in copyright outside the US.
IN_COPYRIGHT_ABROAD = {
    "a-a-milne": 1956,
    "agatha-christie": 1976,
    "aldous-huxley": 1963,
    "anita-loos": 1981,
    "anthony-berkeley": 1971,
    "bertrand-russell": 1970,
    "dashiell-hammett": 1961,
    "dorothy-l-sayers": 1957,
    "dorothy-m-richardson": 1957,
    "e-m-forster": 1970,
    "edna-ferber": 1968,
    "erich-maria-remarque": 1970,
    "ernest-hemingway": 1961,
    "evelyn-waugh": 1966,
    "frederik-pohl": 2013,
    "fritz-leiber": 1992,
    "h-beam-piper": 1964,
    "harry-harrison": 2012,
    "jean-toomer": 1967,
    "jessie-redmon-fauset": 1961,
    "john-dos-passos": 1970,
    "lord-dunsany": 1957,
    "p-g-wodehouse": 1975,
    "philip-k-dick": 1982,
    "poul-anderson": 2001,
    "ray-bradbury": 2012,
    "robert-sheckley": 2005,
    "sylvia-townsend-warner": 1978,
    "thomas-mann": 1963,  # translator H. T. Lowe-Porter
    "thornton-wilder": 1975,
    "upton-sinclair": 1968,
    "w-e-b-du-bois": 1963,
    "w-somerset-maugham": 1965,
    "william-faulkner": 1962,
    "yevgeny-zamyatin": 1959,  # translator Gregory Zilboorg
}

ESSAYISTS = frozenset("henry-david-thoreau ralph-waldo-emerson william-james".split())
MODERN = ("digitalgov_cc0.jsonl", "18f_blog_cc0.jsonl", "opensource_guide_ccby4.jsonl")


@dataclass(frozen=True)
class Document:
    """One text with the control code of its genre (a special token of the tokenizer)."""

    source: str
    genre: str
    text: str


def books(data: Path) -> Iterator[Document]:
    """Public-domain prose, one document a volume, from ``data/text-en/<author>/*.txt``."""
    for path in sorted((data / "text-en").glob("*/*.txt")):
        author = path.parent.name
        if author not in HELD_OUT and author not in IN_COPYRIGHT_ABROAD:
            genre = "<essay>" if author in ESSAYISTS else "<story>"
            yield Document(f"{author}/{path.stem}", genre, path.read_text("utf-8"))


def posts(data: Path) -> Iterator[Document]:
    """Modern plain prose, one document a post, from ``data/text-modern-en/*.jsonl``."""
    for name in MODERN:
        with (data / "text-modern-en" / name).open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield Document(f"{name}/{row['path']}", "<article>", row["text"])


_STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": " - ", "⁠": None})


def straighten(text: str) -> str:
    """Typographic quotes and dashes as a keyboard gives them: people type both."""
    return text.translate(_STRAIGHT)

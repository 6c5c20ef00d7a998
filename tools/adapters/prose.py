"""Rows of the tasks that go on with a text: `autocomplete`, as people type, and `continue`."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from tools.pretrain.corpus import straighten

from .cutting import finished, sentence_ends, walk, whole_words
from .splits import (
    Row,
    Section,
    Split,
    balanced,
    book_sections,
    by_author,
    even,
    held_out_sections,
    part,
    post_sections,
    some,
    unseen,
)

DIALOGUES = "taskmaster4_coffee_ccby4.jsonl"
DIALOGUE_PARTS = (("valid", 0.02), ("train", 1.0))
TEST_EACH = 40  # rows of each held-out author

AUTOCOMPLETE_ROWS = 13_000
BOOKS, POSTS, TALK, ORDERS = 0.50, 0.35, 0.10, 0.05  # shares of autocomplete's rows
KEYBOARD = 0.8  # of autocomplete's rows are in keyboard quotes: it is for what is typed

CONTINUE_ROWS = 5_200
CONTINUE_POSTS = 0.25
PROMPT = (80, 820)  # characters
COMPLETION = (560, 1000)

# The text goes on after a completion's last word: where it was cut is not to be learned, nor measured.
GOES_ON: Row = {"ends": False}


def autocomplete(data: Path, seed: int) -> Split:
    """Beginnings of paragraphs: half from books, a third modern, the rest talk in novels and in a shop.

    The shop's dialogues are 5 %: they are all of coffee, and the model is not to expect coffee everywhere.
    """
    random = Random(f"autocomplete {seed}")
    counts = {kind: round(AUTOCOMPLETE_ROWS * share) for kind, share in _SHARES.items()}
    split = Split()
    for name, rows in (("train", split.train), ("valid", split.valid)):
        scale = 1.0 if name == "train" else 0.02
        pieces = _beginnings(book_sections(data, name), random)
        talk = {a: [p for p in ps if _is_talk(p)] for a, ps in pieces.items()}
        told = {a: [p for p in ps if not _is_talk(p)] for a, ps in pieces.items()}
        modern = [p for ps in _beginnings(post_sections(data, name), random).values() for p in ps]
        texts = balanced(told, round(scale * counts["books"]), random)
        texts += balanced({a: ps for a, ps in talk.items() if ps}, round(scale * counts["talk"]), random)
        texts += some(modern, round(scale * counts["posts"]), random)
        texts += some(list(_orders(data, name)), round(scale * counts["orders"]), random)
        random.shuffle(texts)
        rows.extend([{"text": _typed(text, KEYBOARD, random)} for text in texts])
    split.valid = unseen(split.valid, split.train)
    for author, pieces in _beginnings(held_out_sections(data), random).items():
        split.test += [
            {"text": _typed(piece, KEYBOARD, random), "author": author}
            for piece in some(pieces, TEST_EACH, random)
        ]
    return split


def continuation(data: Path, seed: int) -> Split:
    """A text's beginning, cut where carets are, and what follows to the end of a paragraph or sentence."""
    random = Random(f"continue {seed}")
    modern_share = round(CONTINUE_ROWS * CONTINUE_POSTS)
    split = Split()
    for name, rows, scale in (("train", split.train, 1.0), ("valid", split.valid, 0.04)):
        books = by_author(_continued(book_sections(data, name), random))
        modern = [row for _, row in _continued(post_sections(data, name), random)]
        rows.extend(balanced(books, round(scale * (CONTINUE_ROWS - modern_share)), random))
        rows.extend(some(modern, round(scale * modern_share), random))
        random.shuffle(rows)
    split.valid = unseen(split.valid, split.train)
    held_out = _continued(held_out_sections(data), random)
    tests = by_author((a, row | {"author": a}) for a, row in held_out)
    split.test = even(tests, TEST_EACH, random)
    return split


_SHARES = {"books": BOOKS, "posts": POSTS, "talk": TALK, "orders": ORDERS}


def _beginnings(sections: Iterable[Section], random: Random) -> dict[str, list[str]]:
    def cut(text: str) -> tuple[str, ...]:
        most = random.randint(200, 450) if random.random() < 0.6 else random.randint(450, 1200)
        piece = whole_words(text, most)
        return (piece,) if len(piece) >= 160 else ()

    return by_author((s.author, piece) for s in sections for (piece,) in walk(s.text, cut))


def _is_talk(text: str) -> bool:
    return len(re.findall(r"(?:\A|\n\n)[“‘―\"]", text)) >= 3


def _orders(data: Path, wanted: str) -> Iterator[str]:
    """Dialogues of four turns or more, a paragraph a turn, no opening twice."""
    seen: set[str] = set()
    with (data / "text-modern-en" / DIALOGUES).open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            turns = [re.sub(r"\s+", " ", turn.replace("\\r", " ")).strip() for _, turn in row["turns"]]
            if len(turns) < 4 or not all(turns) or turns[0].lower() in seen:
                continue
            seen.add(turns[0].lower())
            if part(row["id"], DIALOGUE_PARTS) == wanted:
                yield whole_words("\n\n".join(turns), 1000)


def _continued(sections: Iterable[Section], random: Random) -> Iterator[tuple[str, Row]]:
    """Rows with their author."""

    def cut(text: str) -> tuple[str, ...]:
        caret = caret_in(text, random.randint(*PROMPT), random)
        rest = finished(text[caret:], *COMPLETION)
        return (text[:caret], rest) if rest and caret >= PROMPT[0] // 2 else ()

    for section in sections:
        for pieces in walk(section.text, cut):
            prompt, completion = map(straighten, pieces) if random.random() < 0.5 else pieces
            yield section.author, {"prompt": prompt, "completion": completion} | GOES_ON


def caret_in(text: str, near: int, random: Random) -> int:
    """Where a caret stands at most `near` characters into `text`: after a paragraph, a sentence or a word.

    White space stays on the right of the caret, with the word it begins; only a paragraph's end may be typed.
    """
    kind = random.random()
    if kind < 0.3 and (found := text.rfind("\n\n", 0, near)) > 0:
        return found + (2 if random.random() < 0.5 else 0)
    if kind < 0.6 and (ends := sentence_ends(text[:near])):
        return ends[-1]
    return len(whole_words(text, near))


def _typed(text: str, share: float, random: Random) -> str:
    """In keyboard quotes with a probability of `share`."""
    return straighten(text) if random.random() < share else text

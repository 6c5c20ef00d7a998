"""Rows of `summarise`: titles of posts, and the sentences that say most of what the others say.

Nobody wrote summaries of these texts. Gap sentences stand in for them (PEGASUS, Zhang et al. 2020,
arXiv:1912.08777, "Ind-Orig"); unlike there they stay in the input, since a summary may quote.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from tools.pretrain.corpus import MODERN, straighten

from .alignment import counted, rouge_1, split_sentences
from .cutting import finished, walk
from .splits import (
    Row,
    Section,
    Split,
    balanced,
    book_sections,
    by_author,
    even,
    held_out_sections,
    post_sections,
    some,
    unseen,
)

FROM_POSTS, FROM_BOOKS = 1_900, 1_400  # gap rows
VALID_SHARE = 0.03
TEST_POSTS, TEST_EACH = 80, 20
PASSAGE = (450, 1150)  # characters
SENTENCES = (5, 11)
TWO_FROM = 9  # sentences: from here on the summary is two
STRAIGHT = 0.5  # rows in keyboard quotes

_SERIES = re.compile(r"^[^:—–]{3,40}(?::| [—–]) ")


def summarise(data: Path, seed: int) -> Split:
    """Titles and gap sentences; of the posts a hash decides the part, of the books the author."""
    random = Random(f"summarise {seed}")
    split = Split()
    for name, rows, share in (("train", split.train, 1.0), ("valid", split.valid, VALID_SHARE)):
        rows.extend(_titles(data, name, random))
        rows.extend(
            some([r for _, r in _gaps(post_sections(data, name), random)], round(FROM_POSTS * share), random)
        )
        books = by_author(_gaps(book_sections(data, name), random))
        rows.extend(balanced(books, round(FROM_BOOKS * share), random))
        random.shuffle(rows)
    split.test = list(_titles(data, "test", random))
    split.test += some([r for _, r in _gaps(post_sections(data, "test"), random)], TEST_POSTS, random)
    held_out = by_author((a, {**row, "author": a}) for a, row in _gaps(held_out_sections(data), random))
    split.test += even(held_out, TEST_EACH, random)
    split.valid = unseen(split.valid, split.train)
    split.test = unseen(split.test, split.train + split.valid)
    return split


def gap_sentences(sentences: list[str], count: int) -> list[int]:
    """Places of the `count` sentences with the highest ROUGE-1 F1 against all others, in order."""
    words = [counted(sentence) for sentence in sentences]
    everything = sum(words, start=counted(""))
    scores = [rouge_1(own, everything - own) for own in words]
    return sorted(sorted(range(len(sentences)), key=lambda i: -scores[i])[:count])


def _gaps(sections: Iterable[Section], random: Random) -> Iterator[tuple[str, Row]]:
    """Rows with their author."""

    def cut(text: str) -> tuple[str, ...]:
        passage = finished(text, PASSAGE[0], random.randint(PASSAGE[0] + 150, PASSAGE[1]))
        return (passage,) if passage and not _is_talk(passage) else ()

    for section in sections:
        for (passage,) in walk(section.text, cut):
            sentences = [s for p in passage.split("\n\n") for s in split_sentences(p)]
            if not SENTENCES[0] <= len(sentences) <= SENTENCES[1]:
                continue
            chosen = gap_sentences(sentences, 2 if len(sentences) >= TWO_FROM else 1)
            if all(8 <= len(sentences[i].split()) <= 45 and _whole(sentences[i]) for i in chosen):
                output = " ".join(sentences[i] for i in chosen)
                yield section.author, _row("summarise", passage, output, random)


def _is_talk(passage: str) -> bool:
    """Conversation has no sentence that stands for it."""
    return len(re.findall(r"[“\"]", passage)) > 2


def _whole(sentence: str) -> bool:
    return sentence[0].isupper() and sentence.count("“") == sentence.count("”") and sentence[-1] in ".!?”)"


def _titles(data: Path, wanted: str, random: Random) -> Iterator[Row]:
    """The beginnings of posts with their titles, where a title says what the post is about."""
    titles = _title_lines(data)
    seen: set[str] = set()
    for section in post_sections(data, wanted):
        beginning = finished(section.text, 250, 950)
        title = titles[section.volume]
        says = set(counted(title)) & set(counted(beginning))
        if beginning and len(title.split()) >= 3 and len(says) >= 2 and title not in seen:
            seen.add(title)
            yield _row("summarise: title", beginning, title, random)


def _title_lines(data: Path) -> dict[str, str]:
    """Titles by the post's name, without the names of series: "Trends on Tuesday: What Phones Do"."""
    titles: dict[str, str] = {}
    for name in MODERN:
        with (data / "text-modern-en" / name).open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                title = re.sub(r"\s+", " ", html.unescape(html.unescape(row["title"]))).strip()
                titles[f"{name}/{row['path']}"] = re.sub(r"<[^>]+>|\s*\|.*$", "", title)
    series = Counter(found[0] for title in titles.values() if (found := _SERIES.match(title)))
    repeated = {prefix for prefix, count in series.items() if count >= 3}
    return {k: _SERIES.sub(lambda m: "" if m[0] in repeated else m[0], v) for k, v in titles.items()}


def _row(instruction: str, source: str, output: str, random: Random) -> Row:
    row = {"instruction": instruction, "input": source, "output": output}
    return {k: straighten(v) for k, v in row.items()} if random.random() < STRAIGHT else row

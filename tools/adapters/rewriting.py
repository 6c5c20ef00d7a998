"""Rows of `rephrase`: Bible versions in seven styles, drafts edited by writers, plain language.

A verse is the same statement in seven registers of English, two of them four centuries apart: nothing else
that is in the public domain has as many true paraphrases.
"""

import json
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from random import Random

from .alignment import aligned, counted, rouge_1, split_sentences
from .splits import Row, Split, fraction, some, unseen

VERSIONS = {
    "BBE": "plain",
    "ASV": "formal",
    "KJV": "archaic",
    "WEB": "modern",
    "YLT": "literal",
    "DRA": "solemn",
    "DARBY": "scholarly",
}
SHARES = {
    "plain": 0.18,
    "formal": 0.18,
    "archaic": 0.18,
    "modern": 0.18,
    "literal": 0.05,
    "solemn": 0.05,
    "scholarly": 0.05,
    "short": 0.08,
    "polished": 0.05,
}
ROWS = {"train": 15_000, "valid": 240, "test": 450}
BIBLE_PARTS = {"train": "train", "valid": "dev", "test": "test"}
WIKI_PARTS = {"train": "tune", "valid": "validation", "test": "test"}
SAME = 0.03  # rows at most whose output is their input: what is right already is left alone
GUIDANCE_TIMES = 3  # each row of plainlanguage.gov: a hundred, but of today's English
LONGEST = 900  # characters of an input or output
GROUPS = 5000  # of verses looked at: each may give a row of each style

_TYPESET_ODDLY = re.compile(r" ['/:`-] |[^\x20-\x7e\u00a0-\u024f–—‘’“”]|\.[A-Z]|,\.|,\s*,|``|\( ")
_ENDED = re.compile(r"[.!?][\"')]*$")


def rephrase(data: Path, seed: int) -> Split:
    """`ROWS` rows in the shares of `SHARES`; the files' own `split` decides the parts, else a hash does."""
    random = Random(f"rephrase {seed}")
    folder = data / "rephrase"
    split = Split()
    for name, rows in (("train", split.train), ("valid", split.valid), ("test", split.test)):
        found = _by_style(folder, name, random)
        for style, share in SHARES.items():
            # The figures of a style need rows, not shares.
            count = ROWS[name] * (share if name == "train" else 1 / len(SHARES))
            rows.extend(_few_same(some(found[style], round(count), random)))
        random.shuffle(rows)
    split.valid = unseen(split.valid, split.train)
    split.test = unseen(split.test, split.train + split.valid)
    return split


def _by_style(folder: Path, name: str, random: Random) -> dict[str, list[Row]]:
    """Candidates of one part, by style, the guidance's first among the plain ones."""
    rows = {style: [] for style in SHARES}
    for row in _bible(folder / "bible7_aligned_pd.jsonl", name, random):
        rows[row["instruction"].removeprefix("rephrase: ")].append(row)
    guidance = list(_guidance(folder / "plainlanguage_gov_cc0.jsonl", name))
    guidance *= GUIDANCE_TIMES if name == "train" else 1
    room = max(0, round(ROWS[name] * SHARES["plain"]) - len(guidance))
    rows["plain"] = guidance + some(rows["plain"], room, random)
    rows["short"] = list(_sentences_split(folder / "wikisplit_ccbysa4.jsonl", name))
    rows["polished"] = list(_polished(folder, name))
    return rows


def _few_same(rows: list[Row]) -> list[Row]:
    same = [row for row in rows if row["input"] == row["output"]]
    return [row for row in rows if row["input"] != row["output"]] + same[: int(SAME * len(rows))]


def _lines(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _row(style: str, source: str, output: str) -> Row:
    return {"instruction": f"rephrase: {style}", "input": source, "output": output}


def _bible(path: Path, name: str, random: Random) -> Iterator[Row]:
    """A row for each style from up to `GROUPS` groups of verses, the source drawn by how it differs."""
    verses = (v for v in _lines(path) if v["split"] == BIBLE_PARTS[name])
    groups = []
    for _, chapter in groupby(verses, key=lambda v: (v["book"], v["chapter"])):
        groups += _groups(list(chapter), random)
    for group in some(groups, GROUPS, random):
        there = [v for v in VERSIONS if all(v in verse for verse in group)]
        texts = {v: _tidy(" ".join(verse[v] for verse in group)) for v in there}
        yield from _directed({v: text for v, text in texts.items() if _stands_alone(text)}, random)


def _groups(chapter: list[dict], random: Random) -> Iterator[list[dict]]:
    """One to three consecutive verses, and one more where the sentence goes on."""
    while chapter:
        group = [chapter.pop(0)]
        wanted = random.choice((1, 1, 1, 2, 2, 3))
        while chapter and chapter[0]["verse"] == group[-1]["verse"] + 1:
            if len(group) >= wanted and (len(group) > 3 or _ENDED.search(group[-1].get("BBE", "."))):
                break
            group.append(chapter.pop(0))
        yield group


def _directed(texts: dict[str, str], random: Random) -> Iterator[Row]:
    words = {version: counted(text) for version, text in texts.items()}
    for target, output in texts.items():
        likeness = {v: rouge_1(words[v], words[target]) for v in texts if v != target}
        # Two versions may number their verses differently: those share few words, or differ in length.
        near = [v for v in likeness if 0.65 < len(texts[v]) / len(output) < 1.55 and likeness[v] > 0.28]
        if near:
            source = random.choices(near, [(1.02 - likeness[v]) ** 2 for v in near])[0]
            yield _row(VERSIONS[target], texts[source], output)


def _tidy(text: str) -> str:
    """Marks of supplied words and spaces of typesetting taken out, the first letter made a capital."""
    text = re.sub(r"[\[\]{}<>*]|\(\?\)|\bSelah\b[.,]?", "", text)
    text = re.sub(r"\s+--\s*", "—", text)
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([,.;:!?])", r"\1", text)
    return text[:1].upper() + text[1:]


def _stands_alone(text: str) -> bool:
    """A whole sentence with its quotation marks in pairs, and no list of names."""
    words = text.split()
    names = sum(word[:1].isupper() for word in words)
    opened, closed = len(re.findall(r"(?:^|[\s—])'", text)), len(re.findall(r"[^\ss]'(?=\W|$)", text))
    return (
        40 <= len(text) <= LONGEST
        and bool(_ENDED.search(text))
        and text.count('"') % 2 == 0
        and opened == closed
        and names < 0.3 * len(words)
    )


def _guidance(path: Path, name: str) -> Iterator[Row]:
    """Before and after of plainlanguage.gov; a page belongs to one part."""
    for row in _lines(path):
        place = fraction(row["path"])
        part = "test" if place < 0.15 else "valid" if place < 0.22 else "train"
        source, output = row["src"].strip(), row["tgt"].strip()
        if part == name and max(len(source), len(output)) <= LONGEST and len(source) >= 30:
            yield _row("plain", source, output)


def _sentences_split(path: Path, name: str) -> Iterator[Row]:
    """Long sentences in two, those that keep what was said and are typeset without doubt."""
    for row in _lines(path):
        if row["split"] == WIKI_PARTS[name]:
            source, output = _unspaced(row["src"]), _unspaced(row["tgt"])
            if _well_split(source, output):
                yield _row("short", source, output)


def _unspaced(text: str) -> str:
    """Punctuation joined to its word again: "laptops ' software", "3 - 2", "1 / 2"."""
    text = re.sub(r"s ' (?=[a-z])", "s' ", text.strip())
    text = re.sub(r"(?<=\d) ([-–/:]) (?=\d)", r"\1", text)
    return re.sub(r" ([,.;:!?)])", r"\1", text)


def _well_split(source: str, output: str) -> bool:
    return (
        not _TYPESET_ODDLY.search(f"{source} {output}")
        and rouge_1(counted(source), counted(output)) >= 0.85
        and len(split_sentences(output)) == 2
        and len(split_sentences(source)) == 1
        and source[:1].isupper()
        and source.endswith(".")
        and output.endswith(".")
        and len(source) <= 400
    )


def _polished(folder: Path, name: str) -> Iterator[Row]:
    """Sentences of model drafts as a professional writer left them, and short paragraphs whole."""
    seen: set[str] = set()
    for draft, edit in _edited(folder, name):
        whole = [(draft, edit)] if len(draft) <= LONGEST and len(edit) <= LONGEST else []
        for source, output in [*whole, *aligned(draft, edit)]:
            if source not in seen and _differ(source, output) and 40 <= len(source) < 2 * len(output) + 20:
                seen.add(source)
                yield _row("polished", source, output)


def _edited(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """Drafts and edits that were scored higher. Drafts without a `split` go where no other part has them."""
    pairs = list(_lines(folder / "lamp_edit_pairs_relinked_bsd3.jsonl"))
    tested = {_opening(row[side]) for row in pairs if row["split"] == "test" for side in ("src", "tgt")}
    for row in pairs:
        part = (
            "test"
            if row["split"] == "test"
            else "valid"
            if fraction(_opening(row["src"])) < 0.04
            else "train"
        )
        leaks = part != "test" and not tested.isdisjoint((_opening(row["src"]), _opening(row["tgt"])))
        if part == name and not leaks and row["tgt_score"] > row["src_score"]:
            yield row["src"].strip(), row["tgt"].strip()
    if name == "train":
        for row in _lines(folder / "lamp_expert_edits_bsd3.jsonl"):
            if tested.isdisjoint((_opening(row["src"]), _opening(row["tgt"]))):
                yield row["src"].strip(), row["tgt"].strip()


def _opening(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower())[:6])


def _differ(one: str, other: str) -> bool:
    def plain(text: str) -> str:
        return re.sub(r"\W+", "", text)

    return plain(one) != plain(other)

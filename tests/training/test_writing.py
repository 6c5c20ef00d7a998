"""What a persona is trained on, and what is held out. If these fail, a figure is of text that was learned."""

import json

import numpy as np
import pytest

from killah import paths
from killah.errors import KillahError
from killah.persona import suggestions
from killah.persona.indexing import index
from killah.persona.store import Store
from killah.persona.suggestions import Suggestion
from killah.training import writing
from killah.training.writing import Writing


def rows(tmp_path, *values, name="chat.jsonl"):
    file = tmp_path / name
    file.write_text("".join((v if isinstance(v, str) else json.dumps(v)) + "\n" for v in values))
    return file


def units(count, words=50):
    return [[{"text": f"{n} " + "word " * (words - 1)}] for n in range(count)]


def test_every_form_of_row_is_a_unit_with_the_writers_own_words(tmp_path):
    found = writing.of_paths(
        [
            rows(
                tmp_path,
                {"instruction": "Greet.", "input": "", "output": "Good day."},
                {"instruction": "Greet.", "output": "Good night."},
                {"prompt": "The sea", "completion": " is grey."},
                {
                    "messages": [
                        {"role": "user", "content": "Hi"},
                        {"role": "assistant", "content": "Ah, you."},
                    ]
                },
                {"text": "A letter."},
                "",
                {"text": "  "},
            )
        ]
    )
    assert [[writing.own(row) for row in unit] for unit in found.units] == [
        ["Good day."],
        ["Good night."],
        [" is grey."],
        ["Ah, you."],
        ["A letter."],
    ]
    assert found.words == 10


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "is no row"),
        ("[1, 2]", "is no row"),
        ('{"words": "x"}', "is no row"),
        ('{"instruction": "x"}', "is no row"),
        ('{"text": 7}', "has text that is no text"),
        ('{"instruction": "a", "input": [], "output": "b"}', "has input that is no text"),
        ('{"messages": "hello"}', "has messages without role and content"),
        ('{"messages": [{"role": "user"}]}', "has messages without role and content"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path, line, problem):
    file = rows(tmp_path, {"text": "fine"}, line)
    with pytest.raises(KillahError, match=f"Line 2 of .*chat.jsonl {problem}"):
        writing.of_paths([file])


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(KillahError, match=r"Cannot read .*none\.jsonl"):
        writing.of_paths([tmp_path / "none.jsonl"])
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "\xe9"}')
    with pytest.raises(KillahError, match="is not UTF-8"):
        writing.of_paths([tmp_path / "latin.jsonl"])
    with pytest.raises(KillahError, match=r"Nothing was read: .*does not exist"):
        writing.of_paths([tmp_path / "nowhere"])
    with pytest.raises(KillahError, match="no persona 'nobody'"):
        writing.of_index("nobody")


def test_documents_and_conversations_together_and_unreadable_ones_named(tmp_path):
    (tmp_path / "a.txt").write_text("One letter.")
    (tmp_path / "b.docx").write_bytes(b"no zip")
    found = writing.of_paths([tmp_path / "a.txt", tmp_path / "b.docx", rows(tmp_path, {"text": "Two."})])
    assert sorted(writing.own(row) for unit in found.units for row in unit) == ["One letter.", "Two."]
    assert [each.path.rpartition("/")[2] for each in found.skipped] == ["b.docx"]


def test_a_tenth_is_held_out_by_whole_units_always_the_same_way():
    text = Writing(units(100), "letters")
    parts = writing.split(text, 100)
    held = [[row["text"] for unit in part for row in unit] for part in (parts.train, parts.valid, parts.test)]
    assert [len(each) for each in held] == [80, 10, 10]
    assert len({text for each in held for text in each}) == 100
    again = writing.split(Writing(list(reversed(units(100))), "letters"), 100)
    assert again.digest == parts.digest
    assert writing.split(Writing(units(99), "letters"), 100).digest != parts.digest


def test_one_long_document_is_held_out_by_sections():
    story = [[{"text": f"{n} " + "word " * 99} for n in range(60)]]
    parts = writing.split(Writing(story, "a story"), 1000)
    places = [[int(row["text"].split()[0]) for row in unit] for unit in parts.test]
    assert len(places) >= 2
    assert all(unit == list(range(unit[0], unit[0] + len(unit))) for unit in places), "sections are whole"
    assert {n for unit in places for n in unit}.isdisjoint(
        int(row["text"].split()[0]) for unit in parts.train for row in unit
    )


def test_what_cannot_be_divided_or_is_too_little_is_refused():
    with pytest.raises(KillahError, match="cannot be divided"):
        writing.split(Writing([[{"text": "word " * 2000}]], "one.txt"), 1000)
    with pytest.raises(KillahError, match=r"999 words are too few .* at least 1,000"):
        writing.split(Writing([[{"text": "word " * 999}]], "one.txt"), 1000)


def test_the_journal_gives_what_was_written_once():
    day = 86_400.0
    context = "When the boat came back from the banks, the men"
    noted = [
        Suggestion("saki", context, " were", "ignored", " had nothing to say.", 1 * day),
        Suggestion("saki", context + " had", " been", "ignored", " nothing to say.", 1 * day),
        Suggestion("saki", "Elsewhere, long after that, a gull", " cried", "accepted", " cried", 2 * day),
        Suggestion("saki", "Here nothing was written at all; a gull", " cried", "dismissed", "", 2 * day),
        Suggestion("wells", "Another writer", " wrote", "accepted", " wrote", 2 * day),
    ]
    suggestions.add(noted)
    found = writing.of_suggestions("saki")
    assert [[(row["completion"], row["ends"]) for row in unit] for unit in found.units] == [
        [(" had nothing to say.", False)],
        [(" cried", False)],
    ]
    with pytest.raises(KillahError, match="no suggestions made to 'nobody'"):
        writing.of_suggestions("nobody")


def test_the_index_gives_a_unit_a_document_unless_it_is_paused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(f"The story of {name}. " * 100)
    index([tmp_path], "saki", Flat())
    found = writing.of_index("saki")
    assert len(found.units) == 2
    assert all(f"of {name}." in writing.own(unit[0]) for name, unit in zip("ab", found.units, strict=True))
    with Store.create(paths.personas_dir() / "saki.sqlite") as store:
        store.set_setting("paused", "yes")
    with pytest.raises(KillahError, match="is paused"):
        writing.of_index("saki")


class Flat:
    """An embedder to which all passages mean the same."""

    name = "flat"

    def encode(self, texts):
        return np.ones((len(texts), 4), np.float32)

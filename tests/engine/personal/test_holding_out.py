"""What is held out is in nothing that is known, and what is too little says so."""

import numpy as np
import pytest

from killah.engine.personal.holding_out import BEGINNING, LONGEST, SHORTEST, cut, split
from killah.errors import KillahError
from killah.persona.material import Material


def material(documents: list[int]) -> Material:
    """Documents of so many passages of 100 words, every word of its own."""
    texts, owners = [], []
    for document, count in enumerate(documents):
        for passage in range(count):
            texts.append(" ".join(f"d{document}p{passage}w{word}" for word in range(100)))
            owners.append(document)
    rows = len(texts)
    return Material(texts, np.eye(rows, 4, dtype=np.float32), None, np.array(owners))


@pytest.mark.parametrize("documents", [[6] * 20, [40], [30, 30], [200, *[2] * 9]])
def test_the_three_parts_share_no_word(documents: list[int]) -> None:
    parts = split(material(documents), 20)
    known = set(" ".join(parts.known.texts).split())
    choose, confirm = (
        {word for held in part for word in (held.beginning + held.rest).split()}
        for part in (parts.choose, parts.confirm)
    )
    assert known and choose and confirm
    assert not known & choose and not known & confirm and not choose & confirm
    assert len(parts.known) >= sum(documents) / 2


def test_of_many_documents_whole_ones_are_held_out() -> None:
    parts = split(material([6] * 20), 20)
    names = {name.split("p")[0] for text in parts.known.texts for name in text.split()}
    held = {word.split("p")[0] for each in parts.choose for word in each.rest.split()}
    assert len(names) == 12 and len(held) == 4 and not names & held


def test_there_are_no_more_texts_than_wanted_and_they_are_from_everywhere() -> None:
    parts = split(material([400]), 8)
    assert len(parts.choose) == len(parts.confirm) == 8
    starts = [int(each.beginning.split("p")[1].split("w")[0]) for each in parts.choose]
    assert starts == sorted(starts) and starts[-1] - starts[0] > 60


def test_a_text_is_a_beginning_and_a_rest_of_whole_words() -> None:
    passages = material([7]).texts
    found = list(cut(passages))
    assert len(found) == 4  # two passages each, and the last one alone
    whole = "\n\n".join(passages)
    for each in found:
        assert each.beginning + each.rest in whole
        assert len(each.beginning.split()) == BEGINNING
        assert SHORTEST <= len((each.beginning + each.rest).split()) <= LONGEST
        assert each.rest[0].isspace() and not each.beginning[-1].isspace()


@pytest.mark.parametrize("documents", [[1], [5], [2] * 3, [1] * 9])
def test_too_little_text_says_what_it_takes(documents: list[int]) -> None:
    with pytest.raises(KillahError, match="5,000 words") as error:
        split(material(documents), 20)
    assert f"{100 * sum(documents):,} words" in str(error.value)

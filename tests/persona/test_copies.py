"""Texts that are there twice are found, and texts that only sound alike are not."""

import random

import pytest

from killah.persona.copies import Part, Recent, divide, fingerprints, original

WORDS = "the sea boat gull grey rope net tide came went over under dawn men shouted cold harbour long".split()


def text(seed, count=100):
    """Sentences of ten random words."""
    chance = random.Random(seed)
    lines = [" ".join(chance.choices(WORDS, k=10)).capitalize() + "." for _ in range(count // 10)]
    return " ".join(lines)


def edited(passage, every):
    """One word in `every` replaced."""
    return " ".join("edited" if at % every == 0 else word for at, word in enumerate(passage.split(), 1))


@pytest.mark.parametrize("run", [20, 30, 60])
def test_texts_that_share_twenty_words_in_a_row_share_a_fingerprint(run):
    for seed in range(50):
        shared = text(seed, 60).rstrip(".").split()[:run]
        one = f"{text(seed + 1000)} {' '.join(shared)} {text(seed + 2000)}"
        other = f"{text(seed + 3000)} {' '.join(shared)} {text(seed + 4000)}"
        assert fingerprints(one) & fingerprints(other)


def test_fingerprints_are_few_and_do_not_see_case_punctuation_or_apostrophes():
    passage = text(1, 160)
    assert len(fingerprints(passage)) < 40
    assert fingerprints("Don't stop, Men of the SEA!") == fingerprints("don’t stop men of the sea")
    assert fingerprints("Only four words here") == set()
    assert fingerprints("") == set()


def test_a_text_with_one_word_in_fourteen_changed_is_a_copy_and_one_in_five_is_not():
    candidates = [(b"other", text(2)), (b"same", text(1))]
    assert original(edited(text(1), 14), candidates) == b"same"
    assert original(edited(text(1), 5), candidates) is None
    assert original(text(3), candidates) is None


def test_a_copied_passage_is_cut_out_and_the_rest_is_one_part():
    mine, quoted = text(1, 60), text(2, 40)
    before, after = " ".join(mine.split()[:30]), " ".join(mine.split()[30:])
    parts = divide(f"{before}\n\n{quoted}\n\n{after}", [(b"q", f"{text(3)} {quoted} {text(4)}")])
    assert parts == [Part(f"{before}\n\n{after}"), Part(quoted, b"q")]


def test_a_short_quotation_stays_where_it_is():
    passage = f"{text(1, 60)} {text(2, 20)}"
    assert divide(passage, [(b"q", f"{text(3)} {text(2, 20)}")]) == [Part(passage)]


def test_a_text_made_of_others_is_cut_into_them():
    passage = f"{text(1, 60)} {text(2, 60)}"
    copied = [Part(text(1, 60), b"1"), Part(text(2, 60), b"2")]
    assert divide(passage, [(b"1", text(1, 60)), (b"2", text(2, 60))]) == copied


def test_recent_passages_are_found_by_what_they_share():
    recent = Recent()
    for seed in range(5):
        recent.add(bytes([seed]), text(seed))
    assert recent.sharing(fingerprints(edited(text(3), 30)))[0] == (b"\3", text(3))
    assert recent.sharing(fingerprints(text(99))) == []
    recent.clear()
    assert recent.sharing(fingerprints(text(3))) == []

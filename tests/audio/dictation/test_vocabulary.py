"""Words dictation expects: the owner's names must be found, and ordinary words never be bent into them."""

import pytest

from killah import paths
from killah.audio.dictation.vocabulary import (
    OwnWords,
    Term,
    heard_as,
    hot_words,
    keep,
    mine,
    own_words,
    spellings,
)
from killah.audio.dictation.vocabulary import file as list_file
from killah.errors import KillahError

LETTER = """
Yesterday Qokka came with old Fennimore Blythe. I told Qokka what Dr. Wrexham had said. "Will you go?" asked
Fennimore Blythe. We will go, said Qokka; but Will stayed with Wrexham. Then Ann came, and Ann left. The
hyperplane bends. A hyperplane, that hyperplane and every hyperplane bend. The house is old. Then NASA wrote,
and NASA and the FBI wrote again, as did the FBI. It was the FBI.
"""


def share(word):
    """A language in which these are the ordinary words."""
    return (
        1e-3
        if word in "will house and come ann old wrote then what yesterday we it was again".split()
        else 5e-6
    )


def mined(text=LETTER, **options):
    return {term.text: term for term in mine([text], share, **options)}


def test_names_and_terms_are_found():
    found = mined()
    assert found["Qokka"] == Term("Qokka", "qokka", "name", 3, hot=True)
    assert found["Fennimore Blythe"].heard == "fennimore blythe"
    assert found["Wrexham"].count == 2
    assert (found["hyperplane"].kind, found["hyperplane"].count) == ("term", 4)
    assert found["NASA"].heard == "nasa"
    assert found["FBI"].heard == "f b i"


def test_what_merely_begins_a_sentence_is_no_name():
    assert {"Yesterday", "The", "Then", "We", "It", "A"}.isdisjoint(mined())


def test_ordinary_words_are_left_alone():
    found = mined()
    assert {"will", "Will", "house"}.isdisjoint(found)
    # Too like "and", which is said all the time.
    assert not [term.text for term in found.values() if term.hot and term.heard == "ann"]


def test_a_name_that_is_an_ordinary_word_is_spelled_but_never_expected():
    text = "We saw Will. " + "And then Will came with us. " * 6
    found = mined(text)
    assert not found["Will"].hot
    assert spellings(found.values())["will"] == "Will"
    assert "will" not in hot_words(found.values())
    assert "Will" not in mined(text + " But we will see.")


def test_russian_names():
    text = (
        "Вчера Модест Алексеич пришёл. Потом Модест Алексеич ушёл, а Савка остался. И Савка спал, и Савка ел."
    )
    found = {term.text: term for term in mine([text], lambda word: 5e-6)}
    assert found["Савка"].heard == "савка"
    assert found["Модест Алексеич"].count == 2


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Zoë", "zoe"),
        ("O’Brien", "o'brien"),
        ("Jean-Luc", "jean luc"),
        ("Алёна", "алена"),
        ("UNESCO", "unesco"),
        ("CFPB", "c f p b"),
        ("R2-D2", ""),
        ("東京", ""),
        ("грн", ""),
        ("", ""),
    ],
)
def test_how_words_are_heard(text, heard):
    assert heard_as(text) == heard


def test_the_owners_words_come_first_and_refused_ones_never():
    own = OwnWords().add("Killah").add("R2-D2", "are two dee two").remove("Wrexham")
    joined = own.joined(mined().values())
    assert [(term.text, term.heard, term.kind) for term in joined[:2]] == [
        ("Killah", "killah", "own"),
        ("R2-D2", "are two dee two", "own"),
    ]
    assert "Wrexham" not in [term.text for term in joined]
    assert "Wrexham" in [term.text for term in own.add("Wrexham").joined([])]
    assert own.remove("Killah").added.keys() == {"R2-D2"}


def test_words_that_nobody_can_hear_are_refused_with_the_next_step():
    with pytest.raises(KillahError, match="--heard"):
        OwnWords().add("R2-D2")
    for text in ("", "  ", "x" * 100):
        with pytest.raises(KillahError):
            OwnWords().add(text)


def test_the_list_is_kept_for_its_owner_only():
    own = OwnWords().add("Qokka").remove("Banks")
    keep(own)
    assert own_words() == own
    assert list_file().stat().st_mode & 0o777 == 0o600
    assert list_file().parent == paths.config_file().parent


@pytest.mark.parametrize("damage", ["added = 3", "added = [", "\0", "refused = 5"])
def test_a_damaged_list_is_named(damage):
    keep(OwnWords())
    list_file().write_text(damage)
    with pytest.raises(KillahError, match="Mend or delete"):
        own_words()


@pytest.mark.timeout(30)
def test_much_text_is_read_quickly_and_few_words_kept():
    assert len(mine([LETTER * 100] * 10, share, most=3)) == 3

"""`killah vocabulary`: what dictation expects, seen and changed by its owner."""

import json

import pytest

from killah.paths import shipped

ESSAYS = [path for path in sorted(shipped("samples").glob("*.txt")) if "blue-cross" in path.name]


def listed(killah, *options):
    done = killah("vocabulary", "list", "--json", *options)
    assert done.code == 0
    return {term["text"]: term for term in json.loads(done.out)}


def test_without_documents_there_are_the_owners_words(killah):
    assert "no words yet" in killah("vocabulary", "list").out
    assert killah("vocabulary", "add", "Qokka", "Fennimore Blythe").out == "Added: Qokka, Fennimore Blythe\n"
    assert listed(killah).keys() == {"Qokka", "Fennimore Blythe"}
    assert (
        killah("vocabulary", "remove", "Qokka", "--json").out
        == json.dumps({"removed": ["Qokka"]}, indent=2) + "\n"
    )
    assert listed(killah).keys() == {"Fennimore Blythe"}
    assert "fennimore blythe" in killah("vocabulary", "list").out


def test_a_word_is_removed_however_it_is_written_and_one_that_is_not_there_is_told(killah):
    killah("vocabulary", "add", "Qokka", "Ёжик")
    done = killah("vocabulary", "remove", "qokka", "ёжик")
    assert (done.code, done.out, done.err) == (0, "Removed: Qokka, Ёжик\n", "")
    assert listed(killah) == {}
    done = killah("vocabulary", "remove", "Kwokka")
    assert done.code == 0 and done.err.startswith("killah: Kwokka was not there.")


def test_a_word_that_cannot_be_read_needs_its_sound(killah):
    done = killah("vocabulary", "add", "R2-D2")
    assert (done.code, done.out) == (1, "")
    assert "--heard" in done.err
    assert killah("vocabulary", "add", "R2-D2", "--heard", "are two dee two").code == 0
    assert listed(killah)["R2-D2"]["heard"] == "are two dee two"
    assert killah("vocabulary", "add", "A", "B", "--heard", "ay").code == 1


@pytest.fixture
def indexed(killah):
    assert killah("index", *map(str, ESSAYS), "--yes", "--persona", "father").code == 0


def test_names_of_the_documents_are_there_and_can_be_refused(killah, indexed):
    found = listed(killah, "--persona", "father")
    assert found["Flambeau"]["kind"] == "name" and found["Flambeau"]["hot"]
    assert found["Valentin"]["count"] > 10
    assert killah("vocabulary", "remove", "Flambeau").code == 0
    assert "Flambeau" not in listed(killah, "--persona", "father")
    assert killah("persona", "pause", "father").code == 0
    assert listed(killah, "--persona", "father") == {}


def test_a_persona_that_is_not_there_is_one_line(killah):
    done = killah("vocabulary", "list", "--persona", "nobody")
    assert (done.code, len(done.err.splitlines())) == (1, 1)

"""Whose mail it is. If these fail, Killah writes like whoever writes to its owner."""

from email.message import EmailMessage

import numpy as np
import pytest

from killah.persona import mail, personas
from killah.persona.indexing import index
from killah.persona.mail import People
from killah.persona.readers.eml import people
from killah.persona.store import Store

OWNER, ANN, BOB = "Me <me@example.org>", "ann@example.org", "bob@example.org"


class Flat:
    """An embedder to which all passages mean the same."""

    name = "flat"

    def encode(self, texts):
        return np.ones((len(texts), 4), np.float32)


def message(path, sender, to, text, **headers):
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, to
    for name, value in headers.items():
        letter[name.replace("_", "-")] = value
    letter.set_content(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(letter.as_bytes())


@pytest.fixture
def mailbox(tmp_path):
    folder = tmp_path / "mail"
    for i in range(3):
        message(folder / f"ann{i}.eml", ANN, OWNER, f"The gulls of Ann came in number {i}.")
    message(folder / "bob.eml", BOB, f"{OWNER}, {ANN}", "Bob fears the tide.")
    message(folder / "mine.eml", OWNER.upper(), BOB, "My own words, of the harbour.")
    return folder


def stored():
    with Store.open(personas.path_of("saki")) as store:
        return " ".join(text for text, _ in store.texts())


def test_only_what_the_owner_wrote_is_the_owner_s_voice(home, mailbox):
    """Ann wrote most, but every message is from or to the owner."""
    report = index([mailbox], "saki", Flat())
    assert stored() == "My own words, of the harbour."
    assert (report.read, report.skipped) == (5, [])
    assert report.left_out["mail of others"] == 28
    again = index([mailbox], "saki", Flat())
    assert (again.read, again.unchanged) == (0, 5)


def test_what_was_taken_for_the_owner_s_is_forgotten_once_it_is_known_whose_it_is(home, mailbox, tmp_path):
    alone = tmp_path / "alone"
    message(alone / "ann.eml", ANN, OWNER, "The gulls of Ann came in alone.")
    index([alone], "saki", Flat())
    assert "gulls" in stored()  # one message does not tell
    index([alone, mailbox], "saki", Flat())
    assert stored() == "My own words, of the harbour."


def test_a_folder_for_sent_mail_tells_more_addresses(home, mailbox):
    message(mailbox / "Sent Items" / "old.eml", "me@old.example", BOB, "From an older address of mine.")
    index([mailbox], "saki", Flat())
    assert "older address" in stored()
    assert "own words" in stored()
    assert "gulls" not in stored()


def test_new_mail_alone_is_judged_by_what_was_known(home, mailbox, tmp_path):
    index([mailbox], "saki", Flat())
    message(tmp_path / "new" / "bob.eml", BOB, ANN, "Bob to Ann, of the weather.")
    index([tmp_path / "new"], "saki", Flat())
    assert "weather" not in stored()


def test_a_draft_from_nobody_is_the_owner_s(home, mailbox):
    (mailbox / "draft.eml").write_text("To: ann@example.org\nSubject: Sea\n\nA draft about the pier.\n")
    index([mailbox], "saki", Flat())
    assert "pier" in stored()


def test_a_list_s_address_is_nobody(tmp_path):
    for i in range(3):
        message(tmp_path / f"{i}.eml", ANN, "list@example.org", "News.", List_Id="<news.example.org>")
    sender, everybody = people((tmp_path / "0.eml").read_bytes())
    assert (sender, everybody) == (ANN, [ANN])


def test_where_two_take_part_in_all_nothing_is_known():
    both = frozenset(("a@x", "b@x"))
    assert mail.owners([("/m/1.eml", People("a@x", both)), ("/m/2.eml", People("b@x", both))]) == frozenset()
    assert mail.owners([]) == frozenset()


def test_headers_that_are_no_addresses_are_nobody():
    assert people(b"From: nobody\nTo: \n\nText.") == ("", [])
    assert people(b"From: =?utf-8?q?a?= <A@X.org>, c@x.org\n\nText.") == ("a@x.org", ["a@x.org", "c@x.org"])

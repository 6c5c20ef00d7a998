"""What the ear expects: the owner's words take part in hearing, and are spelled as the owner spells them."""

import shutil

import numpy as np
import pytest

from killah import paths
from killah.audio.dictation.vocabulary import OwnWords, keep
from killah.config import Settings
from killah.engine.engine import Engine
from killah.engine.hearing.ear import Ear, alone
from killah.engine.hearing.expected import terms
from killah.persona.embedding import Embedder
from killah.persona.indexing import index

LETTER = "Kulrek came to Torkertown. We saw Kulrek at noon, and Kulrek was gone by night from Torkertown.\n"


@pytest.fixture
def indexed(tmp_path):
    """A persona of one document with two names that no language has."""
    (tmp_path / "letter.txt").write_text(LETTER * 3 + "The rest of it is of no account to anybody.")
    index([tmp_path], "sailor", Embedder(Settings().embedder))


def test_names_of_the_documents_and_the_owners_words_are_expected(indexed):
    keep(OwnWords().add("R2-D2", "are two dee two"))
    found = {term.heard: term.text for term in terms("sailor")}
    assert found["are two dee two"] == "R2-D2"
    assert found["kulrek"] == "Kulrek"
    assert {term.text for term in terms("nobody")} == {term.text for term in terms(None)} == {"R2-D2"}


def test_the_engines_ear_expects_the_personas_words(indexed):
    engine = Engine(Settings())
    try:
        engine.use_persona("sailor")
        ear = engine.ear()
        assert not ear.names
        ear.draft(np.zeros(16_000, np.float32))
        assert ear.names["kulrek"] == "Kulrek"
    finally:
        engine.close()


def test_what_is_expected_is_heard_more_easily():
    """A hot word is in the search of what is settled, not only spelled."""
    with alone() as scheduler:
        ear = Ear(scheduler, "ear-nano", lambda: OwnWords().add("Kulrek").joined([]))
        ear.settle(np.zeros(16_000, np.float32))
        hot = ear._loaded._hot_words
    assert hot is not None and hot.words == {"kulrek"}


def test_the_setting_says_how_speech_is_heard():
    with Engine(Settings()) as engine:
        assert engine.ear().way == "joint"  # of pushkin-nano's card
    with Engine(Settings(hearing="ctc")) as engine:
        assert engine.ear().way == "ctc"


def test_an_encoder_that_the_audio_projector_never_heard_is_heard_by_its_letters(tmp_path):
    """A projector reads one encoder's frames: with another one dictation would end, or be noise."""
    shutil.copytree(paths.shipped("models") / "ear-nano", tmp_path / "other-ear")
    with Engine(Settings(encoder=str(tmp_path / "other-ear"))) as engine:
        ear = engine.ear()
        assert ear.way == "ctc"
        assert not ear.settle(np.zeros(16_000, np.float32))

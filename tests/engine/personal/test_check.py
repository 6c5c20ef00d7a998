"""`check` on a small persona of its own making: what it keeps is what it measured, and honest."""

import numpy as np
import pytest

from killah.config import Settings
from killah.engine.personal.chart import draw
from killah.engine.personal.check import check
from killah.engine.personal.measuring import Way
from killah.errors import KillahError
from killah.persona import personas
from killah.persona.store import Store
from killah.persona.weights import Weights

WORDS = (
    "the sea and a boat of grey water that he saw in an old house by his road with no light for her".split()
)
SAYING = "as the archdeacon said of the marmalade"


def documents(count: int = 10, passages: int = 4) -> list[list[str]]:
    """Documents of random words with a saying in every sentence."""
    chance = np.random.default_rng(0)

    def sentence() -> str:
        return f"{' '.join(chance.choice(WORDS, 12))}, {SAYING}."

    return [[" ".join(sentence() for _ in range(5)) for _ in range(passages)] for _ in range(count)]


@pytest.fixture
def small(monkeypatch, alone, embedded):
    """Few and short texts: what is measured is not the point here."""
    monkeypatch.setattr("killah.engine.personal.check.MOST", 4)
    monkeypatch.setattr("killah.engine.personal.check.FEWEST", 4)
    monkeypatch.setattr("killah.engine.personal.trying.TYPED", 6)
    monkeypatch.setattr("killah.engine.personal.trying.CARETS", 1)
    monkeypatch.setattr("killah.engine.personal.trying.WRITTEN", 8)


def test_what_is_found_is_kept_and_drawn(small, persona, tmp_path) -> None:
    persona("me", documents())
    steps = []
    found = check("me", Settings(), on_progress=lambda what, share: steps.append((what, share)))
    assert found.lines[0].way == Way() and found.lines[0].change.value == 0
    assert found.choice.way == found.chosen and found.chosen.ngram > 0  # the saying is a habit
    assert found.choice.change.high < 0
    assert (found.documents, found.texts) == (10, 4)
    bits = [line.bits_per_byte.value for line in found.lines[1:]]
    assert bits == sorted(bits)
    shares = [share for _, share in steps]
    assert shares == sorted(shares) and shares[-1] == 1.0
    with Store.open(personas.path_of("me")) as store:
        kept = Weights.read(store)
    assert (kept.passages, kept.ngram) == (found.chosen.passages, found.chosen.ngram)
    assert kept.measured["model"] == "pushkin-nano" and kept.measured["texts"] == 4
    assert SAYING not in kept.model_dump_json()  # figures, and nothing of what was written
    for name in ("check.png", "check.svg"):
        draw(found, tmp_path / name)
    assert (tmp_path / "check.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "check.svg").read_text()


def test_without_keeping_the_weights_stay(small, persona) -> None:
    persona("me", documents(), weights=Weights(passages=5).model_dump_json())
    check("me", Settings(), keep=False)
    with Store.open(personas.path_of("me")) as store:
        assert Weights.read(store).passages == 5


def test_too_little_text_a_paused_and_a_missing_persona_are_one_sentence(small, persona) -> None:
    persona("short", documents(2, 2))
    persona("still", documents(), paused="1")
    for name, message in (
        ("short", "too little"),
        ("still", "is paused"),
        ("nobody", "no persona 'nobody'"),
    ):
        with pytest.raises(KillahError, match=message):
            check(name, Settings())


def test_an_index_of_another_embedder_says_what_to_do(small, persona) -> None:
    persona("me", documents())
    with pytest.raises(KillahError, match="was indexed with"):
        check("me", Settings(embedder="another"))


def test_a_picture_that_is_none_is_refused(tmp_path) -> None:
    with pytest.raises(KillahError, match="Let it end in"):
        draw(None, tmp_path / "check.docx")  # type: ignore[arg-type]


def test_what_cannot_be_kept_is_told_before_it_is_measured(small, persona) -> None:
    persona("me", documents())
    lock = personas.path_of("me").with_name("me.sqlite.lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()  # as good as no permission, for root too
    steps = []
    with pytest.raises(KillahError):
        check("me", Settings(), on_progress=lambda what, _: steps.append(what))
    assert steps == ["Reading"]

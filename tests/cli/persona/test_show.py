"""`killah persona show --picture` and `killah persona score`, as a writer uses them."""

import json

import numpy as np
import pytest

from killah.paths import shipped
from killah.persona import personas, style
from killah.persona.chunks import chunks
from killah.persona.likeness import Likeness
from killah.persona.store import Store

OWN = [path for path in sorted(shipped("samples").glob("*.txt")) if "blue-cross" not in path.name]


@pytest.fixture
def indexed(killah, tmp_path):
    """A persona of two of the sample essays, without the packaged embedder's slowness."""
    assert killah("index", *map(str, OWN), "--yes", "--persona", "essayist").code == 0


def test_show_sets_the_writer_beside_others_and_draws_it(killah, indexed, tmp_path):
    shown = killah("persona", "show", "essayist", "--picture", str(tmp_path / "it.svg"))
    assert shown.code == 0
    for words in ("min-p", "semicolons", "Beside 55 authors", "function words", f"Drawn: {tmp_path}"):
        assert words in shown.out
    assert "essayist" in (tmp_path / "it.svg").read_text("utf-8")
    found = json.loads(killah("persona", "show", "essayist", "--json").out)
    assert (found["name"], found["language"], found["reference_authors"]) == ("essayist", "en", 55)
    with Store.open(personas.path_of("essayist")) as store:  # what is shown is what is written with
        assert found["min_p"] == pytest.approx(float(store.setting("min_p") or 0), abs=6e-4)
    assert "language" not in shown.out  # it has but one
    assert {"group", "name", "value", "unit", "usual", "percentile"} <= found["features"][0].keys()
    assert len(found["features"]) == sum(feature.language != "ru" for feature in style.FEATURES)


def test_a_persona_without_text_is_one_line_with_the_next_step(killah, tmp_path):
    """One that was trained on texts that are not indexed, or of which everything was forgotten."""
    with Store.create(personas.path_of("my saki")):
        pass
    text = "The boats came in at dawn, heavy with herring, and the gulls followed them. " * 6
    for command in (("show", "my saki"), ("check", "my saki"), ("score", text, "--persona", "my saki")):
        done = killah("persona", *command)
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            "killah: The persona 'my saki' has no text. Index some: killah index FOLDER --persona 'my saki'\n"
        )


def test_a_picture_that_cannot_be_is_refused_first(killah, indexed, tmp_path):
    done = killah("persona", "show", "essayist", "--picture", str(tmp_path / "it.bmp"))
    assert (done.code, done.out) == (1, "")
    assert "End it in .png or .svg." in done.err


def test_score_rates_a_text_and_says_what_differs(killah, indexed):
    draft = (shipped("samples") / "the-blue-cross.txt").read_bytes()
    own = json.loads(killah("persona", "score", "--persona", "essayist", "--json", stdin=draft).out)
    assert (own["persona"], own["words"]) == ("essayist", 300)
    with_store = Likeness.open("essayist").score(draft.decode())
    assert own["score"] == with_store
    parts = [part for path in OWN for part in chunks(path.read_text("utf-8"))]
    styles = np.stack([style.vector(part) for part in parts])
    # The store keeps styles in half precision.
    assert own["score"] == pytest.approx(
        Likeness.of(styles, np.zeros(len(styles))).score(draft.decode()), abs=3
    )
    told = killah("persona", "score", str(shipped("samples") / "README.md"), "--persona", "essayist")
    assert told.code == 0
    assert "of 100 like essayist" in told.out
    assert "You usually write" in told.out


def test_what_cannot_be_scored_is_one_line(killah, indexed):
    russian = "Он вышел из дома и пошёл по улице, но снег ещё лежал на крышах. " * 10
    for text, words in ((b"Four words and one.", "60 words"), (russian.encode(), "too little Russian")):
        done = killah("persona", "score", "--persona", "essayist", stdin=text)
        assert done.code == 1
        assert words in done.err
        assert len(done.err.splitlines()) == 1
    assert killah("persona", "score", "--persona", "nobody", stdin=b"x").code == 1
    assert not personas.path_of("nobody").exists()

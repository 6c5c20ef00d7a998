"""The picture of a persona: both formats, any alphabet, private, and no half file for a wrong name."""

import pytest

from killah.errors import KillahError
from killah.persona.picture import check, draw
from killah.persona.profile import measure

TEXTS = {
    "en": "It was cold; the gulls cried, and nobody came down to the quay. Who would? We waited.",
    "ru": "Было холодно, и чайки кричали, но никто не шёл на берег. Кто бы пошёл? Мы ждали.",
}


def profile(language):
    counts = {"documents": 2, "words": 32, "passages": 2}
    return measure([(TEXTS[language], 1), (TEXTS[language] + " Да.", 2)], {"txt": 2}, counts)


@pytest.mark.parametrize("language", TEXTS)
def test_a_png_is_drawn_with_all_its_letters(tmp_path, language):
    """A letter that the font lacks is a warning, and warnings are errors here."""
    path = draw(profile(language), "чайка" if language == "ru" else "gull", tmp_path / "it.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_svg_holds_its_words_as_text(tmp_path):
    text = draw(profile("ru"), "чайка", tmp_path / "it.SVG").read_text("utf-8")
    for words in ("чайка", "semicolons", "min-p", "Rhythm"):
        assert words in text


def test_what_cannot_be_drawn_is_said_before_anything_is_written(tmp_path):
    for path, words in ((tmp_path / "it.gif", ".png or .svg"), (tmp_path / "no" / "it.png", "no folder")):
        with pytest.raises(KillahError) as told:
            check(path)
        assert words in str(told.value)
    with pytest.raises(KillahError, match="has no text"):
        draw(measure([], {}, {"documents": 0, "words": 0, "passages": 0}), "nobody", tmp_path / "it.png")
    assert list(tmp_path.iterdir()) == []

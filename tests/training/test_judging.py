"""What is said of a persona's own adapter rests on text that it never saw."""

from killah import paths
from killah.training import judging, own_persona, writing


def test_adherence_is_of_texts_the_models_write(monkeypatch, tmp_path):
    """The base that comes with Killah and one of the samples: its own held-out text passes best."""
    monkeypatch.setattr(judging, "TEXTS", 3)
    monkeypatch.setattr(judging, "LENGTH", 110)
    monkeypatch.setattr(own_persona, "LEAST", 1500)
    story = tmp_path / "story.txt"
    story.write_text((paths.shipped("samples") / "the-blue-cross.txt").read_text()[:20_000])
    text = writing.of_paths([story])
    done = own_persona.train("father", text, "pushkin-nano", steps=1)
    found = done.adherence
    assert found.own.value > 0.5
    assert found.own.value > found.base.value
    assert all(1 <= each.n <= 3 for each in (found.base, found.adapter))
    assert all(
        0 <= each.low <= each.value <= each.high <= 1 for each in (found.own, found.base, found.adapter)
    )

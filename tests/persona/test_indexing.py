"""An index run with the real model: what is new is read, what is gone is forgotten, nothing is lost."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from killah.errors import KillahError
from killah.persona import embedding, personas, style, tone
from killah.persona.forgetting import forget
from killah.persona.indexing import index
from killah.persona.store import Store


@pytest.fixture
def run(embedder):
    """`run(folder)` indexes into the persona `saki`."""
    return lambda *roots, **options: index(roots, "saki", options.pop("embedder", embedder), **options)


def stored():
    with Store.open(personas.path_of("saki")) as store:
        assert store.integrity() == "ok"
        return [text for text, _ in store.texts()]


def holds(word):
    return any(word in text for text in stored())


def test_a_second_run_reads_nothing_and_loads_no_model(run, writing, monkeypatch):
    first = run(writing)
    assert (first.read, first.unchanged, first.passages) == (4, 0, 4)
    monkeypatch.setattr(embedding, "_load", lambda _: pytest.fail("the model was loaded"))
    second = run(writing)
    assert (second.read, second.unchanged, second.passages, second.removed) == (0, 4, 0, 0)
    assert second.worked


def test_changes_are_followed(run, writing):
    run(writing)
    (writing / "bread.txt").write_text("The ministry of silly walks has moved.")
    (writing / "cells.txt").unlink()
    (writing / "new.txt").write_text("A new document about volcanoes.")
    (writing / "court.md").rename(writing / "trial.md")
    report = run(writing)
    assert (report.read, report.unchanged, report.removed) == (3, 1, 2)
    assert report.passages == 2  # a document that only moved is not embedded again
    assert holds("ministry")
    assert holds("volcanoes")
    assert holds("verdict")
    assert not holds("dough")
    assert not holds("membrane")


def test_a_touched_file_is_unchanged(run, writing):
    run(writing)
    os.utime(writing / "bread.txt")
    report = run(writing)
    assert (report.read, report.unchanged, report.passages) == (0, 4, 0)


def test_other_folders_of_the_persona_are_left_alone(run, writing, tmp_path):
    run(writing)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear aunt, the weather is fine.")
    assert run(tmp_path / "letters").removed == 0
    assert holds("dough")
    assert holds("aunt")


def test_hostile_files_are_one_line_each_and_the_others_are_read(run, writing, samples):
    (writing / "broken.pdf").write_bytes((samples / "the-feast-of-fear.pdf").read_bytes()[:3000])
    (writing / "binary.txt").write_bytes(b"\x7fELF\0\0\1\2")
    (writing / "fake.docx").write_text("not a zip")
    (writing / "empty.txt").touch()
    (writing / "line.txt").touch()
    os.truncate(writing / "line.txt", 100_000_000)
    (writing / "loop").symlink_to(writing)
    report = run(writing)
    assert report.read == 4
    reasons = {Path(each.path).name: each.reason for each in report.skipped}
    assert reasons.keys() == {"broken.pdf", "binary.txt", "fake.docx", "empty.txt", "line.txt", "loop"}
    assert all("\n" not in reason for reason in reasons.values())
    again = run(writing)
    assert {Path(each.path).name: each.reason for each in again.skipped} == reasons
    assert again.reading_seconds == 0


def test_a_file_that_breaks_keeps_its_text_and_one_that_is_emptied_does_not(run, writing):
    run(writing)
    (writing / "bread.txt").write_bytes(b"\0\0\0\0")
    (writing / "cells.txt").write_text("")
    report = run(writing)
    assert any("its earlier text is kept" in each.reason for each in report.skipped)
    assert holds("dough")
    assert not holds("membrane")


def test_the_same_text_in_two_files_is_stored_once(run, writing):
    shutil.copy(writing / "bread.txt", writing / "copy.txt")
    assert run(writing).passages == 4
    (writing / "bread.txt").unlink()
    run(writing)
    assert holds("dough")


@pytest.mark.parametrize(
    "make", [lambda p: p.mkdir(), lambda p: None, lambda p: (p.mkdir(), (p / "x.jpg").touch())]
)
def test_nothing_to_read_is_one_line_and_makes_no_persona(run, tmp_path, make):
    make(tmp_path / "folder")
    with pytest.raises(KillahError, match="folder"):
        run(tmp_path / "folder")
    assert personas.names() == []


def test_a_folder_emptied_by_accident_forgets_nothing(run, writing):
    """An unmounted disk looks like an empty folder."""
    run(writing)
    for file in writing.iterdir():
        file.unlink()
    with pytest.raises(KillahError, match="nothing to read"):
        run(writing)
    assert holds("dough")


def test_only_broken_files_is_a_report_that_says_nothing_worked(run, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nothing")
    assert not run(tmp_path).worked


def test_a_run_that_is_interrupted_keeps_what_it_did_and_the_next_completes_it(run, tmp_path):
    for number in range(80):
        (tmp_path / f"{number:03}.txt").write_text(f"Document number {number} is about the number {number}.")

    def stop(progress):
        if progress.passages:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, on_progress=stop)
    report = run(tmp_path)
    assert (report.passages, len(stored())) == (80 - 64, 80)


def test_another_embedder_gives_every_passage_a_new_vector(run, writing, embedder):
    run(writing)
    other = embedding.Embedder(str(embedder.folder))
    stages = []
    report = run(writing, embedder=other, on_progress=lambda progress: stages.append(progress.stage))
    assert report.unchanged == 4
    assert "again" in stages
    with Store.open(personas.path_of("saki")) as store:
        assert store.meta()["embedder"] == other.name


SEA = (
    "The fishing boats came in at dawn, heavy with herring. Gulls followed them over the grey water while "
    "the men on the quay threw ropes and shouted to one another. Nobody looked at the lighthouse any more."
)
OWN = "I have often wondered what my grandfather thought of all this when he was a boy of nine in that town."


def test_a_near_copy_counts_once_and_takes_the_place_of_the_forgotten_one(run, tmp_path):
    (tmp_path / "a.txt").write_text(SEA)
    (tmp_path / "b.txt").write_text(SEA.replace("heavy", "laden"))
    report = run(tmp_path)
    assert report.left_out == {"near-duplicates": len(SEA.split())}
    assert stored() == [SEA]
    (tmp_path / "a.txt").unlink()
    assert run(tmp_path).passages == 0
    assert stored() == [SEA.replace("heavy", "laden")]


@pytest.mark.parametrize("together", [True, False])
def test_a_quoted_passage_counts_once(run, tmp_path, together):
    (tmp_path / "a.txt").write_text(SEA)
    if not together:
        run(tmp_path)
    quoting = f"{OWN} As I wrote:\n\n{SEA}\n\n{OWN[::-1]}"
    (tmp_path / "b.txt").write_text(quoting)
    report = run(tmp_path)
    assert report.left_out == {"copied passages": len(SEA.split())}
    assert sum(SEA in text for text in stored()) == 1
    assert any(OWN in text and OWN[::-1] in text for text in stored())
    (tmp_path / "a.txt").unlink()
    run(tmp_path)
    assert sum(SEA in text for text in stored()) == 1


def test_an_edited_document_is_no_copy_of_its_own_earlier_version(run, tmp_path):
    (tmp_path / "a.txt").write_text(SEA)
    run(tmp_path)
    (tmp_path / "a.txt").write_text(f"{SEA} {OWN}")
    assert run(tmp_path).left_out == {}
    assert stored() == [f"{SEA} {OWN}"]


def test_what_the_readers_left_out_is_reported_and_kept(run, tmp_path):
    (tmp_path / "a.md").write_text(f"{OWN}\n\n```\nfor word in words: print(word)\n```\n")
    left_out = run(tmp_path).left_out
    assert list(left_out) == ["code"]
    with Store.open(personas.path_of("saki")) as store:
        assert store.left_out() == left_out


def test_styles_are_measured_and_measured_again_when_their_version_changes(run, writing, monkeypatch):
    run(writing)
    with Store.create(personas.path_of("saki")) as store:
        numbers, texts = zip(*store.every_passage(), strict=True)
        expected = np.stack([style.vector(text) for text in texts])
        assert store.styles() == pytest.approx(expected, abs=2e-3)
        store.replace_styles([(numbers, np.zeros((len(numbers), style.WIDTH)))], "style-0")
    assert run(writing).passages == 0
    with Store.open(personas.path_of("saki")) as store:
        assert store.styles() == pytest.approx(expected, abs=2e-3)


def test_a_paused_persona_is_not_written_to(run, writing):
    run(writing)
    with Store.create(personas.path_of("saki")) as store:
        store.set_setting("paused", "1")
    (writing / "new.txt").write_text("A new document about volcanoes.")
    with pytest.raises(KillahError, match=r"is paused.*resume saki"):
        run(writing)
    assert not holds("volcanoes")


def test_the_min_p_that_the_style_implies_is_kept_and_follows_the_text(run, writing):
    def kept():
        with Store.open(personas.path_of("saki")) as store:
            return float(store.setting("min_p")), store.styles().mean(axis=0)

    run(writing)
    value, mean = kept()
    assert value == pytest.approx(tone.tone(mean).min_p, abs=1e-4)
    (writing / "wild.txt").write_text(
        "Oh! I say — you — you can't! Don't... I won't!! You'll see, you will! " * 9
    )
    run(writing)
    assert kept()[0] < value
    forget([writing / "wild.txt"])
    assert kept()[0] == value
    forget([writing])
    with Store.open(personas.path_of("saki")) as store:
        assert store.setting("min_p") is None

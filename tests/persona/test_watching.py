"""A watched folder is followed, whatever happens to it."""

import shutil
import threading
import time
from queue import Empty, Queue

import numpy as np
import pytest

from killah.persona import personas, watching
from killah.persona.indexing import index
from killah.persona.store import Store
from killah.persona.watching import watch


class Flat:
    """An embedder to which all passages mean the same."""

    name = "flat"

    def encode(self, texts):
        return np.ones((len(texts), 4), np.float32)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "writing"
    folder.mkdir()
    (folder / "sea.txt").write_text("The gulls came in at dawn.")
    return folder


@pytest.fixture
def follow(monkeypatch, home):
    """`follow(root)` indexes and watches it on a thread; gives the updates as they come."""
    monkeypatch.setattr(watching, "_QUIET", 50)
    monkeypatch.setattr(watching, "_AGAIN", 0.2)
    stop, threads = threading.Event(), []

    def start(*roots, **options):
        updates = Queue()
        index(roots, "saki", Flat(), **options)

        def run():
            for update in watch(roots, "saki", Flat(), stop=stop, **options):
                updates.put(update)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        time.sleep(0.5)
        return updates

    yield start
    stop.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def texts():
    with Store.open(personas.path_of("saki")) as store:
        return " ".join(text for text, _ in store.texts())


def test_new_changed_and_removed_documents_are_followed(follow, folder):
    updates = follow(folder)
    (folder / "sub").mkdir()
    (folder / "sub" / "bread.txt").write_text("Knead the dough.")
    assert str(updates.get(timeout=20)) == "1 read (3 words), 1 unchanged"
    (folder / "sea.txt").write_text("The gulls left at noon.")
    assert updates.get(timeout=20).report.read == 1
    shutil.rmtree(folder / "sub")
    assert updates.get(timeout=20).facts()["removed"] == 1
    assert texts() == "The gulls left at noon."


def test_what_rules_leave_out_is_no_update_and_a_new_rule_is(follow, folder):
    updates = follow(folder, exclude=["drafts/"])
    (folder / "drafts").mkdir()
    (folder / "drafts" / "a.txt").write_text("A draft.")
    (folder / ".hidden.txt").write_text("Hidden.")
    (folder / "photo.jpg").touch()
    with pytest.raises(Empty):
        updates.get(timeout=2)
    (folder / "bread.txt").write_text("Knead the dough.")
    assert updates.get(timeout=20).report.read == 1
    (folder / ".killahignore").write_text("sea.txt\n")
    assert updates.get(timeout=20).report.removed == 1
    assert texts() == "Knead the dough."


def test_a_file_that_is_saved_by_renaming_goes_on_being_followed(follow, folder):
    updates = follow(folder / "sea.txt")
    for number in range(2):
        (folder / "new").write_text(f"The gulls came {number} times.")
        (folder / "new").rename(folder / "sea.txt")
        assert updates.get(timeout=20).report.read == 1
        time.sleep(0.5)


def test_a_folder_that_goes_away_is_said_once_and_followed_when_it_is_back(follow, folder):
    updates = follow(folder)
    folder.rename(folder.with_name("away"))
    assert "does not exist" in updates.get(timeout=20).problem
    with pytest.raises(Empty):
        updates.get(timeout=1)
    (folder.with_name("away") / "bread.txt").write_text("Knead the dough.")
    folder.with_name("away").rename(folder)
    assert updates.get(timeout=20).report.read == 1
    assert "gulls" in texts()
    assert "dough" in texts()


def test_a_folder_that_is_back_as_it_was_is_said_to_be_there(follow, folder):
    """A network folder that comes back: the last word must not be that it does not exist."""
    updates = follow(folder)
    folder.rename(folder.with_name("away"))
    assert "does not exist" in updates.get(timeout=20).problem
    folder.with_name("away").rename(folder)
    back = updates.get(timeout=20)
    assert (back.problem, back.report.unchanged) == ("", 1)
    assert str(back) == "1 unchanged"


def test_a_paused_persona_is_caught_up_when_it_goes_on(follow, folder):
    updates = follow(folder)
    with Store.create(personas.path_of("saki")) as store:
        store.set_setting("paused", "1")
    (folder / "bread.txt").write_text("Knead the dough.")
    assert "is paused" in updates.get(timeout=20).problem
    assert "dough" not in texts()
    with Store.create(personas.path_of("saki")) as store:
        store.set_setting("paused", None)
    assert updates.get(timeout=20).report.read == 1

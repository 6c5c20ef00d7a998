"""What is stored stays: through corrupt files, full and read-only disks, newer and older versions."""

import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.store import Entry, Store, digest


def entry(path="/w/a.txt", **changes):
    return Entry(
        **{
            "path": path,
            "format": "txt",
            "size": 1,
            "mtime_ns": 1,
            "sha256": "s",
            "words": 3,
            "problem": None,
        }
        | changes
    )


def unit(*values):
    return np.array([values], np.float32) / np.linalg.norm(values)


@pytest.fixture
def path(home):
    return personas.path_of("saki")


def fill(path, text="One passage.", document="/w/a.txt"):
    with Store.create(path) as store:
        store.add_vectors([text], unit(3, 4), "model")
        store.enter([(entry(document), [digest(text)])])


def test_a_passage_is_stored_once_and_leaves_with_its_last_document(path):
    fill(path)
    fill(path, document="/w/b.txt")
    with Store.create(path) as store:
        assert store.counts() == {"documents": 2, "words": 6, "passages": 1}
        store.remove(["/w/a.txt"])
        assert [text for text, _ in store.texts()] == ["One passage."]
        store.remove(["/w/b.txt"])
        assert store.texts() == []
        assert store.rows("SELECT count(*) FROM chunks") == [(0,)]


def test_vectors_come_back_as_unit_float32(path):
    fill(path)
    with Store.open(path) as store:
        _, _, vectors = store.vectors()
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(np.array([[0.6, 0.8]]), abs=1e-3)


def test_an_unreadable_new_version_keeps_the_text_of_the_old_one(path):
    fill(path)
    with Store.create(path) as store:
        store.enter([(entry(mtime_ns=2, sha256=None, words=0, problem="broken"), None)])
        kept = store.entries()["/w/a.txt"]
        assert (kept.words, kept.sha256, kept.mtime_ns, kept.problem) == (3, "s", 2, "broken")
        assert len(store.texts()) == 1


def test_files_are_private(path):
    with Store.create(path) as store:
        store.add_vectors(["Text."], unit(1, 0), "model")
        files = list(path.parent.iterdir())
        assert {file.name for file in files} >= {"saki.sqlite", "saki.sqlite-wal", "saki.sqlite-shm"}
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_forgotten_bytes_are_in_no_file(path):
    secret = "The secret is " + "xyzzy " * 2000
    fill(path, secret)
    with Store.create(path) as store:
        store.remove(["/w/a.txt"])
        store.vacuum()
        remains = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"xyzzy" not in remains


def damage_header(data):
    return b"garbage!" * 20 + data[160:]


def damage_pages(data):
    return data[:4096] + b"\xff" * (len(data) - 4096)


@pytest.mark.parametrize("damage", [damage_header, damage_pages, lambda data: data[: len(data) // 2]])
def test_a_damaged_store_is_one_clear_line_and_is_not_touched(path, damage):
    texts = [f"Passage {number} " * 50 for number in range(50)]
    with Store.create(path) as store:
        store.add_vectors(texts, np.ones((50, 2)), "model")
        store.enter([(entry(), [digest(text) for text in texts])])
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(KillahError, match=r"The persona 'saki' is damaged.*backup"), Store.create(path):
        pass
    assert path.read_bytes() == before


def test_a_store_of_a_newer_killah_is_refused(path):
    fill(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for opening in (Store.open, Store.create):
        with pytest.raises(KillahError, match="newer Killah"):
            opening(path)


def test_a_full_disk_is_one_line_and_loses_nothing(path, monkeypatch, small_disk):
    monkeypatch.setenv("KILLAH_HOME", str(small_disk(400)))
    path = personas.path_of("saki")
    fill(path, "Before.")
    with pytest.raises(KillahError, match="the disk is full"), Store.create(path) as store:
        for number in range(200):
            store.add_vectors([f"Passage {number} " * 500], unit(1, 2), "model")
    with Store.open(path) as store:
        assert store.integrity() == "ok"
        assert [text for text, _ in store.texts()] == ["Before."]


def test_a_read_only_disk_is_one_line_and_can_be_read(monkeypatch, small_disk):
    disk = small_disk(1000)
    monkeypatch.setenv("KILLAH_HOME", str(disk))
    path = personas.path_of("saki")
    fill(path, "Before.")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(KillahError, match="the disk is read-only"):
        Store.create(path)
    with Store.open(path) as store:
        assert [text for text, _ in store.texts()] == ["Before."]


def test_a_write_that_the_system_refuses_half_way_is_one_line_and_loses_nothing(path):
    """As on a full disk, for those who cannot mount one: the process may not write beyond 200 kB."""
    fill(path, "Before.")
    code = (
        "import resource, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from killah.errors import KillahError\n"
        "from killah.persona.store import Store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n"
        "    with Store.create(Path(sys.argv[1])) as store:\n"
        "        for n in range(200): store.add_vectors([f'Passage {n} ' * 500], np.ones((1, 2)), 'model')\n"
        "except KillahError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    with Store.open(path) as store:
        assert store.integrity() == "ok"
        assert [text for text, _ in store.texts()] == ["Before."]


def test_a_file_that_was_made_and_no_more_is_empty_and_not_damaged(path):
    """Killed between the file and its first table."""
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(KillahError, match="holds nothing yet"):
        Store.open(path)
    fill(path)


def test_vectors_of_another_length_replace_all_or_start_anew(path):
    fill(path)
    with Store.create(path) as store:
        store.replace_vectors([("One passage.", np.ones(3))], "wider")
        assert store.meta() == {"embedder": "wider", "dimensions": "3"}
        assert store.vectors()[2].shape == (1, 3)
        store.remove(["/w/a.txt"])
        store.replace_vectors([], "other")
        assert store.meta() == {}


def test_two_writers_do_not_meet(path):
    with personas.lock("saki"), pytest.raises(KillahError, match="Another killah"), personas.lock("saki"):
        pass
    with personas.lock("saki"):
        pass

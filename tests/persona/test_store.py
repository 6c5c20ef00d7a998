"""What is stored stays: through corrupt files, full and read-only disks, newer and older versions."""

import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.copies import Part
from killah.persona.store import Entry, Holding, Made, Store, digest


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


MADE = Made("model", "style-0")


def add(store, *texts, vectors=None, original=None):
    """Store passages with style vectors of three numbers."""
    parts = [Part(text, original and digest(original)) for text in texts]
    vectors = np.ones((len(texts), 2)) if vectors is None else vectors
    store.add(parts, vectors, np.full((len(texts), 3), 0.5), MADE)


def hold(store, *texts, document="/w/a.txt", left_out=None):
    """Enter a document of these passages."""
    store.enter([Holding(entry(document), [digest(text) for text in texts], left_out or {})])


@pytest.fixture
def path(home):
    return personas.path_of("saki")


def fill(path, text="One passage.", document="/w/a.txt"):
    with Store.create(path) as store:
        add(store, text, vectors=unit(3, 4))
        hold(store, text, document=document)


def test_a_passage_is_stored_once_and_leaves_with_its_last_document(path):
    fill(path)
    fill(path, document="/w/b.txt")
    with Store.create(path) as store:
        assert store.counts() == {"documents": 2, "words": 2, "passages": 1}
        store.remove(["/w/a.txt"])
        assert [text for text, _ in store.texts()] == ["One passage."]
        store.remove(["/w/b.txt"])
        assert store.texts() == []
        assert store.rows("SELECT count(*) FROM chunks") == [(0,)]


def test_vectors_come_back_as_unit_float32(path):
    fill(path)
    with Store.open(path) as store:
        vectors = store.vectors().vectors
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(np.array([[0.6, 0.8]]), abs=1e-3)


def test_an_unreadable_new_version_keeps_the_text_of_the_old_one(path):
    fill(path)
    with Store.create(path) as store:
        store.enter([Holding(entry(mtime_ns=2, sha256=None, words=0, problem="broken"), None)])
        kept = store.entries()["/w/a.txt"]
        assert (kept.words, kept.sha256, kept.mtime_ns, kept.problem) == (3, "s", 2, "broken")
        assert len(store.texts()) == 1


def test_files_are_private(path):
    with Store.create(path) as store:
        add(store, "Text.")
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
        add(store, *texts)
        hold(store, *texts)
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
            add(store, f"Passage {number} " * 500)
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
        "from killah.persona.copies import Part\n"
        "from killah.persona.store import Made, Store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n"
        "    with Store.create(Path(sys.argv[1])) as store:\n"
        "        for n in range(200):\n"
        "            parts, rows = [Part(f'Passage {n} ' * 500)], np.ones((1, 2))\n"
        "            store.add(parts, rows, rows, Made('model', 'style-0'))\n"
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
        [(number, _)] = store.every_passage()
        store.replace_vectors([([number], np.ones((1, 3)))], "wider")
        assert (store.meta()["embedder"], store.meta()["dimensions"]) == ("wider", "3")
        assert store.vectors().vectors.shape == (1, 3)
        store.remove(["/w/a.txt"])
        store.replace_vectors([], "other")
        assert store.meta().keys().isdisjoint({"embedder", "dimensions"})


def test_vectors_stay_with_their_passages_over_many_blocks_and_holes(path):
    chance = np.random.default_rng(1)
    texts = [f"Passage {number}." for number in range(300)]
    rows = chance.normal(size=(300, 4))
    with Store.create(path) as store:
        add(store, *texts, vectors=rows)
        hold(store, *texts[::2], document="/w/even.txt")
        hold(store, *texts[1::2], document="/w/odd.txt")
        store.remove(["/w/odd.txt"])
        numbers, _, vectors = store.vectors()
        kept = [int(store.passages([number])[number][0].split()[1][:-1]) for number in numbers.tolist()]
        assert kept == list(range(0, 300, 2))
        assert vectors == pytest.approx(rows[kept], abs=2e-3)
        assert store.some_vectors(numbers[[7, 2]].tolist()) == pytest.approx(rows[[14, 4]], abs=2e-3)
        gone = int(numbers[0]) + 1
        assert not store.some_vectors([gone]).any()
        assert store.styles() == pytest.approx(np.full((150, 3), 0.5))


def test_a_block_without_passages_leaves_the_file(path):
    texts = [f"Passage {number}." for number in range(300)]
    with Store.create(path) as store:
        add(store, *texts)
        hold(store, *texts)
        assert store.rows("SELECT count(*) FROM vectors") == [(3,)]
        store.remove(["/w/a.txt"])
        assert store.rows("SELECT count(*) FROM vectors") == [(0,)]


def test_vectors_that_are_missing_are_a_damaged_store(path):
    fill(path)
    with Store.create(path) as store:
        store.rows("DELETE FROM vectors")
        with pytest.raises(KillahError, match="damaged"):
            store.vectors()


SEA = (
    "The fishing boats came in at dawn, heavy with herring, and the gulls followed them over the grey water "
    "while the men on the quay threw ropes and shouted to one another across the noise."
)
NEARLY = SEA.replace("heavy with herring", "full of herring")


def test_of_two_near_copies_one_counts_and_the_other_takes_its_place(path):
    with Store.create(path) as store:
        add(store, SEA)
        hold(store, SEA)
        add(store, NEARLY, original=SEA)
        hold(store, NEARLY, document="/w/b.txt")
        assert store.counts() == {"documents": 2, "words": len(SEA.split()), "passages": 1}
        assert [text for text, _ in store.texts()] == [SEA]
        assert len(store.vectors().numbers) == len(store.styles()) == 1
        assert store.left_out() == {"near-duplicates": len(NEARLY.split())}
        store.remove(["/w/a.txt"])
        assert [text for text, _ in store.texts()] == [NEARLY]
        assert len(store.vectors().numbers) == 1
        assert store.left_out() == {}


def test_of_three_near_copies_one_counts_after_the_first_has_left(path):
    third = SEA.replace("the grey water", "the cold water")
    with Store.create(path) as store:
        add(store, SEA)
        hold(store, SEA)
        for text, document in ((NEARLY, "/w/b.txt"), (third, "/w/c.txt")):
            add(store, text, original=SEA)
            hold(store, text, document=document)
        store.remove(["/w/a.txt"])
        assert [text for text, _ in store.texts()] == [NEARLY]
        store.remove(["/w/b.txt"])
        assert [text for text, _ in store.texts()] == [third]


def test_words_are_found_where_they_stand_until_they_are_removed(path):
    with Store.create(path) as store:
        for text, document in ((SEA, "/w/a.txt"), ("Café at the quay.", "/w/b.txt")):
            add(store, text)
            hold(store, text, document=document)
        [hit] = store.search("HEAVY with herring")
        assert hit.path == "/w/a.txt"
        assert "[heavy with herring]" in hit.snippet
        assert {hit.path for hit in store.search("quay")} == {"/w/a.txt", "/w/b.txt"}
        assert [hit.path for hit in store.search("cafe")] == ["/w/b.txt"]
        assert [hit.path for hit in store.search("herr*")] == ["/w/a.txt"]
        assert store.search("herring with heavy") == []
        for odd in ("", "*", '"', "a AND", "\0", "(", "text:x"):
            store.search(odd)
        store.remove(["/w/a.txt"])
        assert store.search("herring") == []


def test_settings_and_agreed_roots_are_kept(path):
    with Store.create(path) as store:
        store.set_setting("paused", "1")
        store.set_setting("paused", "2")
        store.agree(["/w", "/v"])
        store.agree(["/w"])
    with Store.open(path) as store:
        assert (store.setting("paused"), store.setting("else")) == ("2", None)
        assert store.roots() == ["/v", "/w"]
    with Store.create(path) as store:
        store.set_setting("paused", None)
        store.disagree(["/w"])
        assert (store.setting("paused"), store.roots()) == (None, ["/v"])


def test_a_cleared_store_holds_nothing_of_what_it_held(path):
    with Store.create(path) as store:
        add(store, SEA, vectors=unit(0.123, 0.456))
        hold(store, SEA, left_out={"quoted replies": 9})
        store.set_setting("weights", "herring")
        store.agree(["/w/herring"])
        packed = store.rows("SELECT packed FROM vectors")[0][0].rstrip(b"\0")[-4:]
        assert store.clear() == 1
        store.vacuum()
        remains = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"herring" not in remains
    assert b"gulls" not in remains
    assert packed not in remains


def test_two_writers_do_not_meet(path):
    with personas.lock("saki"), pytest.raises(KillahError, match="Another killah"), personas.lock("saki"):
        pass
    with personas.lock("saki"):
        pass

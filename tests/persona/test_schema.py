"""A file of an earlier Killah is upgraded where it lies, whole or not at all."""

import random
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.indexing import index
from killah.persona.store import Store, digest
from tools import first_store


@pytest.fixture
def path(home):
    path = personas.path_of("saki")
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize("opening", [Store.open, Store.create])
def test_a_file_of_the_first_version_keeps_its_passages_and_vectors(path, opening):
    rows = first_store.write(path, 300)
    with opening(path) as store:
        assert store.integrity() == "ok"
        numbers, documents, vectors = store.vectors()
        assert numbers.tolist() == list(range(1, 301))
        assert documents.tolist() == [at // 3 * 3 for at in range(300)]
        assert np.array_equal(vectors, rows.astype(np.float32))
        assert store.counts() == {"documents": 100, "words": 300 * 12, "passages": 300}
        assert len(store.search("heavy with herring", 500)) == 300
        with pytest.raises(KillahError, match=r"style.*Run killah index again"):
            store.styles()


def test_its_documents_are_read_again_and_its_passages_measured(path, writing, embedder):
    index([writing], "saki", embedder)
    with Store.open(path) as store:
        texts = store.texts()
        vectors = store.vectors().vectors
        entries = store.entries()
    path.unlink()
    first_store.write(path, 0)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("INSERT OR REPLACE INTO meta VALUES('embedder', ?)", (embedder.name,))
    db.execute("INSERT OR REPLACE INTO meta VALUES('dimensions', '384')")
    for number, (text, _) in enumerate(texts):
        row = vectors[number].astype(np.float16).tobytes()
        db.execute("INSERT INTO chunks VALUES(?, ?, ?, ?)", (number + 1, digest(text), text, row))
        entry = list(entries.values())[number]
        document = (number, entry.path, "txt", entry.size, entry.mtime_ns, entry.sha256, 9, None, "2026")
        db.execute("INSERT INTO documents VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", document)
        db.execute("INSERT INTO places VALUES(?, 0, ?)", (number, number + 1))
    db.close()
    report = index([writing], "saki", embedder)
    assert (report.read, report.passages) == (4, 0)
    with Store.open(path) as store:
        assert store.styles().any(axis=1).all()
        assert store.meta().keys() == {"embedder", "dimensions", "style", "copies"}
    assert index([writing], "saki", embedder).unchanged == 4


def test_near_copies_of_an_earlier_file_are_found(path, tmp_path, embedder):
    first_store.write(path, 0)
    text = (
        first_store.SAID.format("one")
        + " Gulls followed them over the grey water, and the men on the quay shouted."
    )
    texts = [text, text.replace("dawn", "noon")]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("INSERT OR REPLACE INTO meta VALUES('embedder', ?)", (embedder.name,))
    for number, each in enumerate(texts):
        row = embedder.encode([each])[0].astype(np.float16).tobytes()
        db.execute("INSERT INTO chunks VALUES(?, ?, ?, ?)", (number + 1, digest(each), each, row))
        document = (number, f"/elsewhere/{number}.txt", "txt", 1, 1, "s", 9, None, "2026")
        db.execute("INSERT INTO documents VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", document)
        db.execute("INSERT INTO places VALUES(?, 0, ?)", (number, number + 1))
    db.close()
    (tmp_path / "new.txt").write_text("A document about volcanoes.")
    index([tmp_path / "new.txt"], "saki", embedder)
    with Store.open(path) as store:
        assert [each for each, _ in store.texts() if "herring" in each] == texts[:1]


def test_a_read_only_disk_says_so(monkeypatch, small_disk):
    disk = small_disk(2000)
    monkeypatch.setenv("KILLAH_HOME", str(disk))
    path = personas.path_of("saki")
    path.parent.mkdir(parents=True)
    first_store.write(path, 300)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(KillahError, match="the disk is read-only"):
        Store.open(path)


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_upgrade_is_done_by_the_next(path, seed):
    rows = first_store.write(path, 3000)
    code = (
        "import sys; from pathlib import Path; from killah.persona.store import Store\n"
        "print('go', flush=True); Store.create(Path(sys.argv[1])).close()"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.01, 0.15))
        process.kill()
    with Store.open(path) as store:
        assert store.integrity() == "ok"
        assert np.array_equal(store.vectors().vectors, rows.astype(np.float32))

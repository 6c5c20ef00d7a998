"""`kill -9` in the middle of an index run loses nothing, and the next run completes it.

Vectors come from a stand-in that is as slow as a model and needs no seconds to start: what is tried is the
store. `python -m tools.bench.kills` does the same fifty times, and for forgetting and upgrades too.
"""

import random
import subprocess
import sys
import time

import pytest

from killah.persona import personas
from killah.persona.store import Store

DOCUMENTS = 400
RUN = """
import sys, time, zlib
import numpy as np
from killah.persona.indexing import index

class SlowEmbedder:
    name = "slow"
    def encode(self, texts):
        print("embedding", flush=True)
        time.sleep(0.1)
        return np.array([np.random.default_rng(zlib.crc32(t.encode())).normal(size=384) for t in texts])

report = index([sys.argv[1]], "killed", SlowEmbedder())
print(report.passages, report.unchanged, flush=True)
"""


def start(folder):
    return subprocess.Popen([sys.executable, "-c", RUN, str(folder)], stdout=subprocess.PIPE, text=True)


def sound_counts():
    with Store.create(personas.path_of("killed")) as store:
        assert store.integrity() == "ok"
        return store.counts()


@pytest.mark.parametrize("batch", [1, 3, 6])
def test_a_killed_run_is_completed_by_the_next(tmp_path, home, batch):
    chance = random.Random(batch)
    for number in range(DOCUMENTS):
        words = " ".join(chance.choices(["sea", "boat", "gull", "grey", "rope", "net", "tide"], k=60))
        (tmp_path / f"{number:03}.txt").write_text(f"Document {number}. {words.capitalize()}.")
    with start(tmp_path) as process:
        for _ in range(batch):
            assert process.stdout.readline() == "embedding\n"
        time.sleep(chance.uniform(0, 0.12))
        process.kill()
    assert process.returncode == -9
    kept = sound_counts()["documents"]
    assert kept < DOCUMENTS
    assert kept or batch == 1
    with start(tmp_path) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    passages, unchanged = map(int, output.split()[-2:])
    assert unchanged == kept
    assert passages <= DOCUMENTS - kept
    assert sound_counts() == {"documents": DOCUMENTS, "words": 62 * DOCUMENTS, "passages": DOCUMENTS}

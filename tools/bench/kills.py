"""`kill -9` at random moments of indexing, of forgetting and of an upgrade: the store stays sound.

Vectors come from a stand-in that is as slow as a model and starts at once: what is tried is the store. After
every kill the file must pass SQLite's integrity check, and the same work started again must come to its end
with all, and only, what should be there.
"""

import json
import random
import shutil
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path

import numpy as np

from killah.persona import personas
from killah.persona.store import Store
from tools import first_store
from tools.home import temporary

PERSONA = "killed"
DOCUMENTS, PASSAGES = 300, 5_000
_STAND_IN = """
import sys, time, zlib
import numpy as np

class StandIn:
    name = "stand-in"
    def encode(self, texts):
        time.sleep(0.05)
        return np.array([np.random.default_rng(zlib.crc32(t.encode())).normal(size=384) for t in texts])
"""
_INDEX = f"""{_STAND_IN}
from killah.persona.indexing import index
print("go", flush=True)
index([sys.argv[1]], "{PERSONA}", StandIn())
"""
_FORGET = f"""
import sys
from killah.persona.forgetting import forget
print("go", flush=True)
forget([sys.argv[1]], "{PERSONA}")
"""
_UPGRADE = f"""
from killah.persona import personas
from killah.persona.store import Store
print("go", flush=True)
Store.create(personas.path_of("{PERSONA}")).close()
"""
_WORDS = "sea boat gull grey rope net tide dawn quay herring water noise men throw shout lamp stone".split()

Figures = dict[str, float | int | str]


def run(kills: int = 50) -> Figures:
    """So many kills of each kind; how many left a sound store and were completed."""
    figures: Figures = {}
    for kind in (_Upgrading, _Forgetting, _Indexing):
        with temporary() as folder:
            tally = kind(folder).tally(kills)
        print(*(f"{key} {value}" for key, value in tally.items()), sep=", ", file=sys.stderr, flush=True)
        figures |= tally
    return figures


class _Work(ABC):
    """Something to be killed at, on a store that is put back before every time."""

    name: str
    code: str

    def __init__(self, folder: Path) -> None:
        self.documents = folder / "documents"
        self.store = personas.path_of(PERSONA)
        self._kept = folder / "kept"
        self._chance = random.Random(5)
        self.documents.mkdir()
        self.prepare()
        if self.store.parent.is_dir():
            shutil.copytree(self.store.parent, self._kept)

    @abstractmethod
    def prepare(self) -> None:
        """Make the documents, and the store that the work begins with."""

    @abstractmethod
    def complete(self, store: Store) -> bool:
        """Whether the store holds what it should at the end."""

    def tally(self, kills: int) -> Figures:
        """Kill so many times."""
        whole = self._seconds()
        counts = Counter[str]()
        while counts["kills"] < kills:
            self._put_back()
            if not self._killed(self._chance.uniform(0, whole)):
                continue  # done before its time was up
            counts["kills"] += 1
            if self.store.exists():
                with Store.create(self.store) as store:
                    counts["sound"] += store.integrity() == "ok"
            else:
                counts["sound"] += 1
            counts["completed"] += self._run().wait() == 0 and self._complete()
        return {f"{self.name}_{key}": counts[key] for key in ("kills", "sound", "completed")}

    def _complete(self) -> bool:
        with Store.open(self.store) as store:
            return store.integrity() == "ok" and self.complete(store)

    def _put_back(self) -> None:
        shutil.rmtree(self.store.parent, ignore_errors=True)
        if self._kept.is_dir():
            shutil.copytree(self._kept, self.store.parent)

    def _run(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", self.code, str(self.documents)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        return process

    def _seconds(self) -> float:
        """How long the work takes without a kill, in the middle of three."""
        times = []
        for _ in range(3):
            self._put_back()
            process = self._run()
            started = time.perf_counter()
            process.wait()
            times.append(time.perf_counter() - started)
        return sorted(times)[1]

    def _killed(self, delay: float) -> bool:
        process = self._run()
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait() != 0


class _Indexing(_Work):
    name, code = "indexing", _INDEX

    def prepare(self) -> None:
        write_documents(self.documents, DOCUMENTS)

    def complete(self, store: Store) -> bool:
        counts = store.counts()
        everything = store.rows("SELECT count(*) FROM chunks")[0][0]
        return counts["documents"] == counts["passages"] == everything == len(store.styles()) == DOCUMENTS


class _Forgetting(_Work):
    name, code = "forgetting", _FORGET

    def prepare(self) -> None:
        write_documents(self.documents, DOCUMENTS)
        other = self.documents.parent / "other"
        other.mkdir()
        write_documents(other, 20)
        for folder in (self.documents, other):
            subprocess.run([sys.executable, "-c", _INDEX, str(folder)], check=True, stdout=subprocess.PIPE)

    def complete(self, store: Store) -> bool:
        remains = b"".join(file.read_bytes() for file in self.store.parent.iterdir())
        return store.counts()["documents"] == 20 and str(self.documents).encode() not in remains


class _Upgrading(_Work):
    name, code = "upgrading", _UPGRADE

    def prepare(self) -> None:
        self.store.parent.mkdir(parents=True)
        self.rows = first_store.write(self.store, PASSAGES).astype(np.float32)

    def complete(self, store: Store) -> bool:
        found = store.search("heavy with herring", PASSAGES + 1)
        return np.array_equal(store.vectors().vectors, self.rows) and len(found) == PASSAGES


def write_documents(folder: Path, count: int, words: int = 60) -> None:
    """Text files of random words, no two alike, in sentences of ten."""
    chance = random.Random(str(folder.name))
    for number in range(count):
        lines = [" ".join(chance.choices(_WORDS, k=10)).capitalize() + "." for _ in range(words // 10)]
        (folder / f"{number:05}.txt").write_text(f"{folder.name} {number}. {' '.join(lines)}\n")


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:])), indent=2))

"""Loading and asking a persona of 100,000 passages, and the search by signs at 300,000 beside its peers.

Vectors are drawn with the mean and the covariance of the embeddings of the sample writings. Nearest
neighbours of such vectors are farther away, and closer to one another, than those of real text: recall is
measured on the hard side. Every load is the first of a new process.
"""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from killah import paths
from killah.persona import nearest
from killah.persona.blocks import Blocks
from killah.persona.embedding import Embedder
from killah.persona.parsing import Parser
from killah.persona.scanning import scan
from killah.persona.store import Store, digest

SMALL, LARGE = 100_000, 300_000  # passages
_QUERIES, _WANTED = 50, 10
_EMBEDDER = "all-MiniLM-L6-v2"
_STYLE = 246  # numbers
_LOAD = """
import sys, time
from pathlib import Path
from killah.persona import nearest
from killah.persona.store import Store

started = time.perf_counter()
with Store.open(Path(sys.argv[1])) as store:
    numbers, documents = store.counted()
    found = nearest.load(store, numbers)
print(time.perf_counter() - started)
"""

Figures = dict[str, float | int | str]


def run(small: int = SMALL, large: int = LARGE) -> Figures:
    """Every figure, by name. Takes about three minutes and 1.5 GB of disk."""
    draw = _sampler()
    with TemporaryDirectory() as folder:
        figures = _asked(Path(folder, "small.sqlite"), draw(small), draw(_QUERIES), "exact")
    with TemporaryDirectory() as folder:
        rows, queries = draw(large), draw(_QUERIES)
        figures |= _asked(Path(folder, "large.sqlite"), rows, queries, "signs")
        figures |= _compared(Path(folder, "large.sqlite"), rows, queries)
    return figures


def _sampler() -> Callable[[int], np.ndarray]:
    """Draws unit vectors float32 (n, dimensions) spread as the passages of the samples are."""
    with Parser() as parser:
        files = scan([paths.shipped("samples")]).files.values()
        documents = [parser.read(file.path, file.format) for file in files]
    passages = [passage for document in documents if document for passage in document.chunks]
    known = Embedder(_EMBEDDER).encode(passages)
    mean, (_, spread, directions) = known.mean(axis=0), np.linalg.svd(known - known.mean(axis=0), False)
    axes = (directions * (spread / np.sqrt(len(known)))[:, None]).astype(np.float32)
    chance = np.random.default_rng(1)

    def draw(count: int) -> np.ndarray:
        rows = chance.standard_normal((count, len(axes)), np.float32) @ axes + mean
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return draw


def _asked(path: Path, rows: np.ndarray, queries: np.ndarray, kind: str) -> Figures:
    """Load in five processes, then ask in this one, with the passages' texts."""
    _fill(path, rows)
    command = [sys.executable, "-c", _LOAD, str(path)]
    loads = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(5)]
    with Store.open(path) as store:
        numbers, _ = store.counted()
        found = nearest.load(store, numbers)

    def ask(query: np.ndarray) -> None:
        with Store.open(path) as store:
            best, _ = found.to(query, _WANTED, store)
            store.passages(numbers[best].tolist())

    times = _times(ask, queries)
    name = f"{kind}_{len(rows)}"
    return {
        f"{name}_passages": len(rows),
        f"{name}_load_seconds_median": round(median(loads), 3),
        f"{name}_load_seconds_best": round(min(loads), 3),
        f"{name}_answer_ms_p50": round(1000 * float(np.percentile(times, 50)), 2),
        f"{name}_answer_ms_p95": round(1000 * float(np.percentile(times, 95)), 2),
        f"{name}_file_megabytes": round(path.stat().st_size / 1e6, 1),
    }


def _fill(path: Path, rows: np.ndarray) -> None:
    """A store of short passages, ten a document; rows go in directly, for what is measured is reading."""
    styles = np.random.default_rng(2).standard_normal((len(rows), _STYLE), np.float32)
    numbers = range(1, len(rows) + 1)
    with Store.create(path) as store, store.transaction() as db:
        document = "INSERT INTO documents VALUES(?, ?, 'txt', 1, 1, 's', 50, NULL, '')"
        db.executemany(document, ((number, f"/{number}.txt") for number in range(len(rows) // 10 + 1)))
        texts = ((number, f"Passage number {number} says little.") for number in numbers)
        chunk = "INSERT INTO chunks(id, digest, text, words) VALUES(?, ?, ?, 5)"
        db.executemany(chunk, ((number, digest(text), text) for number, text in texts))
        db.executemany("INSERT INTO places VALUES(?, ?, ?)", ((n // 10, n % 10, n) for n in numbers))
        meta = {"embedder": _EMBEDDER, "dimensions": str(rows.shape[1]), "style": "bench"}
        db.executemany("INSERT INTO meta VALUES(?, ?)", meta.items())
        Blocks(db, "vectors").write(numbers, rows)
        Blocks(db, "styles").write(numbers, styles)


def _compared(path: Path, rows: np.ndarray, queries: np.ndarray) -> Figures:
    """Recall of the ten nearest and time without texts: by signs, by a product, by faiss if it is here."""
    with Store.open(path) as store:
        numbers, _ = store.counted()
        signs, exact = nearest.Signs(store, numbers), nearest.Exact(store, numbers)
        truth = [exact.to(query, _WANTED, store)[0] for query in queries]
        ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
            "signs": lambda query: signs.to(query, _WANTED, store)[0],
            "exact": lambda query: exact.to(query, _WANTED, store)[0],
        }
        if importlib.util.find_spec("faiss"):
            ways |= {name: make(rows) for name, make in _PEERS.items()}
        figures: Figures = {}
        for name, way in ways.items():
            shared = [len(set(way(query)) & set(best)) for query, best in zip(queries, truth, strict=True)]
            figures[f"{name}_recall_at_10"] = round(sum(shared) / (_WANTED * len(queries)), 4)
            figures[f"{name}_search_ms_p50"] = round(1000 * median(_times(way, queries)), 2)
    return figures


def _faiss_exact(rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    import faiss  # type: ignore[import-not-found]

    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return lambda query: index.search(query[None], _WANTED)[1][0]


def _faiss_signs(rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """As many bits a vector, after a random rotation, and as many candidates compared exactly as ours."""
    import faiss  # type: ignore[import-not-found]

    index = faiss.IndexRefineFlat(faiss.IndexLSH(rows.shape[1], rows.shape[1], True, True))
    index.train(rows)
    index.add(rows)
    index.k_factor = nearest.CANDIDATES / _WANTED
    return lambda query: index.search(query[None], _WANTED)[1][0]


_PEERS = {"faiss_exact": _faiss_exact, "faiss_signs": _faiss_signs}


def _times(ask: Callable[[np.ndarray], object], queries: np.ndarray) -> list[float]:
    times = []
    for query in queries:
        started = time.perf_counter()
        ask(query)
        times.append(time.perf_counter() - started)
    return times


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:])), indent=2))

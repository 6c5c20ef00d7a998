"""The demo: on a machine that has nothing yet, in words and as JSON."""

import json
from zlib import crc32

import numpy as np
import pytest

from killah.cli.demo import PERSONA, demo
from killah.persona.embedding import Embedder
from killah.persona.personas import names


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Vectors that take no time."""

    def encode(_, texts):
        found = np.stack([np.random.default_rng(crc32(t.encode())).normal(size=384) for t in texts])
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    monkeypatch.setattr(Embedder, "encode", encode)


def test_the_demo_indexes_shows_and_writes(capsys):
    demo(as_json=False)
    shown = capsys.readouterr().out
    assert names() == [PERSONA]
    for part in (
        "$ killah index",
        "$ killah persona show",
        "min-p",
        "$ killah complete",
        "with nobody's writing",
    ):
        assert part in shown


def test_the_demo_as_json_needs_nothing_either(capsys):
    demo(as_json=True)
    figures = json.loads(capsys.readouterr().out)
    assert names() == [PERSONA]
    assert figures["passages"]
    assert figures["with_persona"].strip()
    assert figures["without_persona"].strip()

import socket

import numpy as np
import pytest

from killah.errors import KillahError
from killah.persona import embedding
from killah.persona.embedding import Embedder, find


def test_the_model_that_comes_with_killah_knows_what_means_the_same(embedder):
    vectors = embedder.encode(["The boat left the harbour.", "A ship sailed from port.", "Bake the bread."])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-3)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.5
    assert far < 0.3


def test_loading_asks_no_network_and_prints_nothing(monkeypatch, capfd, embedder):
    def refuse(*_):
        raise AssertionError("a network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    embedding._load.cache_clear()
    embedder.encode(["Words."])
    assert capfd.readouterr() == ("", "")


def test_a_folder_is_a_model_too(embedder):
    assert find(str(embedder.folder)) == embedder.folder


def test_a_missing_model_is_one_line_before_anything_is_read(home):
    with pytest.raises(KillahError, match=r"'bge-large' is not on this machine\. .* config set embedder"):
        Embedder("bge-large")


@pytest.mark.parametrize("name", ["../../etc", "a b c", "x" * 300, "", "a/b/c"], ids=repr)
def test_a_name_that_is_none_is_the_same_line(name, home):
    with pytest.raises(KillahError, match="not on this machine"):
        find(name)


def test_a_folder_that_is_no_model_is_one_line(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(KillahError, match="is not a sentence-transformers model"):
        Embedder(str(tmp_path)).encode(["Words."])

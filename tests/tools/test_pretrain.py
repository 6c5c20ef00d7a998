"""The recipe of the shipped model: what it may read, and a run that survives being killed."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from tools.pretrain import model as shapes  # noqa: E402
from tools.pretrain.corpus import HELD_OUT, IN_COPYRIGHT_ABROAD, Document, books, posts, straighten  # noqa: E402
from tools.pretrain.rows import encode_rows, pieces, write_rows  # noqa: E402
from tools.pretrain.tokenizer import SPECIAL, train_tokenizer  # noqa: E402
from tools.pretrain.train import Recipe, Run, batch_at, train  # noqa: E402

KINDS = ["old", "wet", "cold"]
PARAGRAPHS = [f"The {KINDS[i % 3]} sea was grey, and number {i} said “no”." for i in range(180)]
TEXT = "\n\n".join(PARAGRAPHS)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(PARAGRAPHS, 400)


@pytest.fixture
def data(tmp_path):
    for author in ("saki", sorted(HELD_OUT)[0], sorted(IN_COPYRIGHT_ABROAD)[0]):
        folder = tmp_path / "text-en" / author
        folder.mkdir(parents=True)
        (folder / "book.txt").write_text(TEXT)
    (tmp_path / "text-modern-en").mkdir()
    for name in ("digitalgov_cc0", "18f_blog_cc0", "opensource_guide_ccby4"):
        row = {"path": "a.md", "text": f"A post of {name}."}
        (tmp_path / "text-modern-en" / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


def test_held_out_and_copyrighted_authors_are_never_read(data):
    assert [d.source for d in books(data)] == ["saki/book"]
    assert len(list(posts(data))) == 3


def test_special_tokens_have_the_ids_of_gemma_and_room_is_left(tokenizer):
    assert [tokenizer.token_to_id(t) for t in ("<pad>", "<eos>", "<bos>", "<unk>")] == [0, 1, 2, 3]
    assert tokenizer.token_to_id("<sil>") == SPECIAL.index("<sil>")
    assert sum(t.startswith("<unused") for t in SPECIAL) >= 16
    assert tokenizer.encode("The sea").ids[0] == 2


def test_pieces_join_to_the_whole():
    assert "".join(pieces(Document("x", "<story>", TEXT), 300)) == TEXT


def test_rows_are_full_begin_with_bos_and_lose_nothing_but_the_tail(tokenizer):
    rows = list(encode_rows([Document("x", "<story>", TEXT)], tokenizer, 64))
    assert all(len(row) == 65 and row[0] == 2 for row in rows)
    text = "".join(tokenizer.decode(row.tolist()) for row in rows)
    assert straighten(TEXT).startswith(straighten(text)[:2000])
    assert any(SPECIAL.index("<story>") in row for row in rows)


def test_every_row_comes_once_an_epoch():
    rows = np.arange(20, dtype=np.uint16)[:, None]
    recipe = Recipe(steps=10, batch=4)
    for epoch in range(2):
        seen = torch.cat([batch_at(rows, recipe, step) for step in range(5 * epoch, 5 * epoch + 5)])
        assert sorted(seen.flatten().tolist()) == list(range(20))


def test_learning_rate_warms_up_stays_and_falls_to_nothing():
    recipe = Recipe(steps=100, warmup=10, decay=0.2)
    assert recipe.scale(0) == pytest.approx(0.1)
    assert recipe.scale(50) == 1
    assert recipe.scale(90) == pytest.approx(0.5)
    assert recipe.scale(99) == pytest.approx(0.05)


def test_a_killed_run_resumes_exactly(tokenizer, tmp_path, monkeypatch):
    monkeypatch.setitem(
        shapes.SHAPES,
        "nano",
        {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
        },
    )
    monkeypatch.setattr("tools.pretrain.rows.VALIDATION_SHARE", 0.2)
    write_rows([Document("x", "<story>", TEXT * 2)], tokenizer, 32, tmp_path)
    recipe = Recipe(steps=6, batch=2, warmup=2, save_every=3)

    def run(name: str) -> Run:
        (tmp_path / name).mkdir(exist_ok=True)
        return Run(shapes.build("nano", 400, 1), recipe, tmp_path / name, "cpu")

    def kill_after_four(line: str) -> None:
        if line.startswith("step=4"):
            raise ConnectionError("power cut")

    whole = run("whole")
    train(whole, tmp_path, report=lambda line: None, compiled=False)
    with pytest.raises(ConnectionError):
        train(run("cut"), tmp_path, report=kill_after_four, compiled=False)
    resumed = run("cut")
    assert resumed.resume()
    assert resumed.step == 3  # the checkpoint before the cut
    train(resumed, tmp_path, report=lambda line: None, compiled=False)

    expected = load_file(tmp_path / "whole" / "checkpoint.safetensors")
    got = load_file(tmp_path / "cut" / "checkpoint.safetensors")
    assert expected.keys() == got.keys()
    assert all(torch.equal(expected[name], got[name]) for name in expected)

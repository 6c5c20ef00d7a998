"""The quality tool: the figures on the model card and in every later comparison come from it."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from killah.engine.gate import Gate
from killah.errors import KillahError
from killah.gemma import base as gemma
from killah.gemma.checkpoint import TextConfig
from killah.gemma.convert import convert
from killah.metrics.intervals import Estimate
from tools.evaluate import __main__ as command
from tools.evaluate import likelihood, passages, report
from tools.evaluate.ghosts import CONTEXT, any_carets, carets, span

PARAGRAPH = "The old man went down to the sea, and didn’t look back at the half-lit town. " * 8


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A Hugging Face folder of a tiny Gemma 3 with random weights and its own tokenizer."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<pad>", "<eos>", "<bos>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([PARAGRAPH], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = TextConfig(
        vocab_size=320, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=32, query_pre_attn_scalar=32, sliding_window=64,
        max_position_embeddings=1024, layer_types=["sliding_attention", "full_attention"],
    )  # fmt: skip
    (folder / "config.json").write_text(config.model_dump_json())
    random = np.random.default_rng(0)
    weights = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in config.shapes()}
    save_file(weights, folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def model(checkpoint, tmp_path_factory):
    """The same, converted."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    convert(checkpoint, folder, None)
    return folder


@pytest.fixture
def data(tmp_path):
    """Two authors: a long volume, and three short pieces."""
    for author, volumes in {"ann": [60], "bob": [2, 3, 1]}.items():
        folder = tmp_path / "data" / author
        folder.mkdir(parents=True)
        for index, size in enumerate(volumes):
            text = "\n\n".join(f"{author} {index} {i}. {PARAGRAPH}" for i in range(size))
            (folder / f"{index}.txt").write_text(text, "utf-8")
    return tmp_path / "data"


def test_passages_are_spread_evenly_from_paragraph_starts(data) -> None:
    found = passages.read(data, 12)
    assert [p.author for p in found] == ["ann"] * 6 + ["bob"] * 3
    numbers = [int(p.text.split()[2].rstrip(".")) for p in found[:6]]
    assert all(p.text.startswith(f"{p.author} ") for p in found)
    assert max(np.diff(numbers)) - min(np.diff(numbers)) <= 3  # a candidate is three paragraphs
    assert numbers[0] < 10 and numbers[-1] >= 45


def test_the_same_seed_gives_the_same_passages(data) -> None:
    assert passages.read(data, 8, seed=1) == passages.read(data, 8, seed=1)
    assert passages.read(data, 8, seed=1) != passages.read(data, 8, seed=2)


def test_passages_never_overlap_and_hold_whole_words() -> None:
    text = "\n\n".join(f"Chapter {i}. {PARAGRAPH}" for i in range(40))
    end = 0
    for passage in passages.cut(text):
        start = text.index(passage, end)
        end = start + len(passage)
        assert passages.SHORTEST <= len(passage) <= passages.LENGTH
        assert text[end : end + 1] in ("", " ", "\n")


def test_one_endless_line_is_still_a_passage() -> None:
    (passage,) = passages.cut("word " * 10_000)
    assert len(passage) <= passages.LENGTH


def test_test_personas_are_measured_where_there_are_any(data) -> None:
    (data / "bob").rename(data / "o-henry")
    assert {p.author for p in passages.read(data, 8)} == {"o-henry"}
    assert {p.author for p in passages.read(data, 8, only=["ann"])} == {"ann"}


@pytest.mark.parametrize("spoil", ["missing", "empty", "short", "binary", "stranger"])
def test_bad_data_is_one_clear_line(data, tmp_path, spoil) -> None:
    only = None
    if spoil == "missing":
        data = tmp_path / "nowhere"
    elif spoil == "empty":
        data = tmp_path / "empty"
        data.mkdir()
    elif spoil == "short":
        data = tmp_path / "short"
        (data / "ann").mkdir(parents=True)
        (data / "ann" / "1.txt").write_text("Too short.")
    elif spoil == "binary":
        (data / "ann" / "0.txt").write_bytes(b"\xff\x00\xfe" * 500)
    else:
        only = ["nobody"]
    with pytest.raises(KillahError) as error:
        passages.read(data, 8, only=only)
    assert "\n" not in str(error.value)
    assert error.value.hint


def test_an_unknown_name_is_one_clear_line(capsys) -> None:
    assert command.main(["poetry"]) == 1
    printed = capsys.readouterr()
    assert printed.err == (
        f"evaluate: There is nothing to evaluate by the name 'poetry'. Known: {', '.join(command.NAMES)}.\n"
    )
    assert printed.out == ""


@pytest.mark.parametrize("name", command.NAMES)
def test_every_name_explains_itself(name, capsys) -> None:
    with pytest.raises(SystemExit, match="0"):
        command.main([name, "--help"])
    assert f"python -m tools.evaluate {name}" in capsys.readouterr().out
    assert command.main([]) == 0
    assert name in capsys.readouterr().out


def test_a_missing_folder_ends_with_one_line(capsys, tmp_path) -> None:
    assert command.main(["base", "--data", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_figures_print_as_json_and_as_a_table() -> None:
    result = {
        "model": "m",
        "bits_per_byte": Estimate(1.5, 1.4, 1.6, 240),
        "authors": {"ann": {"words": 12000}},
    }
    assert json.loads(json.dumps(report.as_json(result))) == {
        "model": "m",
        "bits_per_byte": {"value": 1.5, "low": 1.4, "high": 1.6, "n": 240},
        "authors": {"ann": {"words": 12000}},
    }
    table = report.as_text(result | {"nothing": None})
    assert table.splitlines()[2].split() == ["bits", "per", "byte", "1.5000", "1.4000", "1.6000", "240"]
    assert "12,000" in table
    assert table.splitlines()[-1].split() == ["nothing", "-"]


def test_carets_stand_where_their_kind_says() -> None:
    text = PARAGRAPH
    found = carets(text, 5, np.random.default_rng(0))
    assert [c.position for c in found] == sorted(c.position for c in found)
    for caret in found:
        before, after = text[caret.position - 1], text[caret.position]
        assert caret.position >= CONTEXT
        expected = {"next_word": (True, False), "after_space": (False, True), "mid_word": (True, True)}
        assert (before.isalnum(), after.isalnum()) == expected[caret.kind]
    assert {c.kind for c in found} == {"next_word", "after_space", "mid_word"}
    # Drawn by keystroke, most stand inside a word, as they do while one types.
    kinds = [c.kind for c in any_carets(text, 200, np.random.default_rng(0))]
    assert kinds.count("mid_word") > len(kinds) / 2


def test_the_typed_part_is_whole_words_with_text_before_it() -> None:
    start, end = span(PARAGRAPH, 80)
    assert start >= len(PARAGRAPH) // 2 - 1
    assert PARAGRAPH[start] == " " and PARAGRAPH[end] == " "
    assert 80 <= end - start < 100


def evaluated(capsys, *arguments) -> dict:
    """What the command prints with --json."""
    assert command.main([str(a) for a in arguments] + ["--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_passage_costs_the_same_alone_and_among_longer_ones(model) -> None:
    loaded = gemma.load(model)
    tokens = likelihood.sequences(loaded, [PARAGRAPH[:n] for n in (40, 400, 90, 250, 10)])
    alone = [likelihood.nats(loaded, [t])[0] for t in tokens]
    np.testing.assert_allclose(likelihood.nats(loaded, tokens), alone, rtol=1e-5)


def test_a_passage_costs_what_its_logits_say(model) -> None:
    import mlx.core as mx

    loaded = gemma.load(model)
    (tokens,) = likelihood.sequences(loaded, [PARAGRAPH[:300]])
    logits = np.array(loaded.model(mx.array([tokens[:-1]])))[0].astype(np.float64)
    costs = np.log(np.exp(logits).sum(-1)) - logits[np.arange(len(tokens) - 1), tokens[1:]]
    assert likelihood.nats(loaded, [tokens])[0] == pytest.approx(costs.sum(), rel=1e-5)
    assert likelihood.sizes(loaded, [tokens])[0] == len(PARAGRAPH[:300].encode())
    assert tokens[0] == loaded.tokenizer.bos


def test_base_prints_every_figure_with_its_sample_and_interval(model, data, tmp_path, capsys) -> None:
    options = (
        "--passages",
        4,
        "--typed",
        2,
        "--span",
        20,
        "--train",
        tmp_path / "none",
        "--run",
        tmp_path / "none",
    )
    found = evaluated(capsys, "base", "--data", data, "--model", model, *options)
    assert found["passages"] == 4
    assert found["bits_per_byte"].keys() == {"value", "low", "high", "n"}
    assert found["authors"]["ann"]["bits_per_byte"]["n"] == 2
    # Random weights know nothing: at least as bad as guessing bytes.
    assert found["bits_per_byte"]["value"] > 1
    assert found["bits_per_byte_5gram"] is None
    assert found["baseline_5gram"].startswith("none: ")
    for kind in ("next_word", "after_space", "mid_word"):
        group = found[kind]
        assert group["carets"] == 8
        rates = ("first_word_accuracy", "coverage", "wrong_show_rate", "wrong_show_rate_ungated")
        assert all(0 <= group[rate]["low"] <= group[rate]["high"] <= 1 for rate in rates)
    assert {"saved_at_1", "saved_at_1_ungated", "typed_passages"} <= found.keys()


def test_the_baseline_is_fitted_on_training_text(model, data, tmp_path, capsys) -> None:
    # It has seen passages like these, the random model has not.
    train = tmp_path / "train"
    (train / "text-modern-en").mkdir(parents=True)
    for name in ("digitalgov_cc0.jsonl", "18f_blog_cc0.jsonl", "opensource_guide_ccby4.jsonl"):
        (train / "text-modern-en" / name).write_text(json.dumps({"path": "x", "text": PARAGRAPH * 4}) + "\n")
    (train / "text-en" / "ann").mkdir(parents=True)
    (train / "text-en" / "ann" / "1.txt").write_text(PARAGRAPH * 20)
    options = (
        "--passages",
        2,
        "--typed",
        1,
        "--span",
        5,
        "--carets",
        1,
        "--train",
        train,
        "--run",
        tmp_path / "no",
    )
    arguments = ("base", "--data", data, "--model", model, *options)
    found = evaluated(capsys, *arguments)
    assert found["bits_per_byte_5gram"]["value"] < found["bits_per_byte"]["value"]
    assert found["bits_per_byte_gap"]["low"] > 0
    # The second time it is read from its cache.
    assert list(train.glob("*.npz"))
    assert evaluated(capsys, *arguments)["bits_per_byte_5gram"] == found["bits_per_byte_5gram"]


def test_the_gate_it_writes_is_the_gate_the_engine_reads(model, data, tmp_path, capsys) -> None:
    # Inside words of its own vocabulary even random weights are right now and then.
    folder = tmp_path / "fitted"
    shutil.copytree(model, folder)
    arguments = ("gate", "--data", data, "--model", folder, "--passages", 4, "--carets", 10)
    found = evaluated(capsys, *arguments, "--write", folder)
    written = json.loads((folder / "gate.json").read_text())
    assert written.keys() == {"intercept", "slope", "source", "examples"}
    assert Gate.read(folder) == Gate(found["intercept"], found["slope"])
    # Fitting again, through the gate now there, finds the same: probabilities are turned back rightly.
    again = evaluated(capsys, *arguments)
    assert (again["intercept"], again["slope"]) == pytest.approx(
        (found["intercept"], found["slope"]), rel=1e-3
    )


def test_the_gate_is_never_fitted_on_a_test_persona(model, data, capsys) -> None:
    for author in ("ann", "bob"):
        (data / author).rename(data / {"ann": "o-henry", "bob": "jack-london"}[author])
    assert command.main(["gate", "--data", str(data), "--model", str(model)]) == 1
    assert "test personas only" in capsys.readouterr().err


def test_fewer_bits_cost_more(checkpoint, data, capsys) -> None:
    found = evaluated(capsys, "quantisation", "--checkpoint", checkpoint, "--data", data, "--passages", 2)
    assert found["bfloat16"]["cost_per_cent"] is None
    assert found["int4_g64"]["megabytes"] < found["bfloat16"]["megabytes"]
    assert found["int4_g64"]["cost_per_cent"]["n"] == 2

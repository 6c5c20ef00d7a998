"""What an adapter is worth, and which merge is the default, rest on these figures."""

import json

import loras
import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import save_file

from killah.adapters import catalog, package
from killah.errors import KillahError
from killah.gemma import base as gemma
from killah.gemma.projector import Projector
from killah.gemma.stack import Blend
from killah.gemma.trees import flat
from killah.training import data
from killah.training.loss import token_nats
from killah.training.personas import Personas
from tools.evaluate import __main__ as command
from tools.evaluate import composed, held_out
from tools.evaluate.adapted import Adapted
from tools.evaluate.adapters import CONTROLS, TASKS

WIDTH = 8


@pytest.fixture
def tiny(tmp_path):
    return loras.base(tmp_path / "tiny")


@pytest.fixture
def model(tiny):
    """With two adapters, and a mixture that leaves all to the first."""
    for seed, name in enumerate(("persona", "continue")):
        install(tiny, name, loras.tensors(tiny[0], seed=seed))
    paths = [name.removesuffix(".lora_a") for name in loras.tensors(tiny[0]) if name.endswith("a")]
    scores = {f"{path}.scores": mx.array([0.0, 200.0]) for path in paths}
    install(tiny, "mine", scores, kind="mix", members=["continue", "persona"])
    return Adapted(gemma.load(tiny[0]))


def install(tiny, name, tensors, **changes):
    folder = catalog.own_folder(name, tiny[1].name)
    package.write(folder, loras.card(tiny[1], name, **changes), tensors, force=True)


def rows(count=6):
    return [
        {"prompt": "Once " * i, "completion": f"upon a time {i}", "author": "ab"[i % 2]} for i in range(count)
    ]


def test_a_row_costs_the_same_alone_and_among_others(model) -> None:
    held = held_out.encoded(rows(), model.base)
    blend = Blend((("persona", 1.0), ("continue", 0.5)))
    soft = np.random.default_rng(0).normal(size=(len(held.rows), 2, 64)).astype(np.float32)
    found = model.nats(held.rows, blend, soft)
    alone = [
        float(
            mx.sum(token_nats(model.base.model, data.collate([row]), prefix=mx.array(soft[i : i + 1]))).item()
        )
        for i, row in enumerate(held.rows)
    ]
    np.testing.assert_allclose(found, alone, rtol=1e-4)
    assert np.abs(found - model.nats(held.rows, blend)).min() > 1e-3
    assert np.abs(found - model.nats(held.rows, soft=soft)).min() > 1e-3


def test_figures_are_ratios_of_sums_over_whole_authors(model) -> None:
    held = held_out.encoded(rows(), model.base, seed=3)
    assert held.sizes.tolist() == [len(f"upon a time {i}") for i in range(6)]
    assert held.tokens.tolist() == [size + 1 for size in held.sizes]  # the end, which is no byte
    nats = np.array([5.0, 1, 5, 1, 5, 1])
    cost = held.cost(nats)
    assert (cost.value, cost.n) == (pytest.approx(18 / held.tokens.sum()), 2)
    assert (cost.low, cost.high) == (pytest.approx(1 / 14), pytest.approx(5 / 14))
    gap = held.gap(nats, nats + 2)
    assert gap.high == pytest.approx(gap.low) == pytest.approx(-2 / 14)
    assert held.where(np.arange(6) < 1).cost(nats[:1]).n == 1


def test_rows_without_a_source_stand_alone(model) -> None:
    values = [{key: value for key, value in row.items() if key != "author"} for row in rows()]
    assert held_out.encoded(values, model.base).cost(np.ones(6)).n == 6


def test_fewer_rows_are_spread_over_the_file(tmp_path) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text("\n".join(json.dumps({"text": str(i)}) for i in range(100)))
    numbers = [int(value["text"]) for value in held_out.read(path, 10)]
    assert numbers == list(range(5, 100, 10))
    assert len(held_out.read(path, 1000)) == 100


@pytest.mark.parametrize("content", [None, "", "{", "\x00"])
def test_bad_rows_are_one_clear_line(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "test.jsonl").write_text(content)
    with pytest.raises(KillahError) as error:
        held_out.read(tmp_path / "test.jsonl", 10)
    assert error.value.hint


def test_an_instruction_as_text_has_the_same_answer(model) -> None:
    value = {
        "instruction": "rephrase: plain",
        "input": "It is meet.",
        "output": "It is right.",
        "author": "a",
    }
    (plain,) = held_out.as_text([value])
    one, other = (held_out.encoded([v], model.base).rows[0] for v in (value, plain))
    assert one.ids[one.learned].tolist() == other.ids[other.learned].tolist()
    assert model.base.tokenizer.decode(other.ids[~other.learned]) == "It is meet.\n\n"


def test_a_mixture_is_found_and_read_in_the_order_of_the_blend(model) -> None:
    assert composed.mixture(model, "continue") == "mine"
    assert composed.mixture(model, "rephrase") is None
    held = held_out.encoded(rows(), model.base)
    blend = composed.blends(model, "continue")
    np.testing.assert_allclose(
        model.nats(held.rows, blend["cat"]), model.nats(held.rows, Blend((("persona", 1.0),))), rtol=1e-5
    )
    assert blend["sum_half"].weights == (("persona", 0.5), ("continue", 0.5))


def test_the_best_merge_is_the_cheapest(model) -> None:
    held = held_out.encoded(rows(), model.base)
    found = {"base": np.full(6, 9.0), "sum": np.full(6, 6.0), "pico": np.full(6, 4.0), "cat": np.full(6, 5.0)}
    figures = composed.figures(held, found | {"cat_soft": np.full(6, 1.0), "sum_soft": np.full(6, 2.0)})
    assert (figures["best_merge"], figures["best_merge_soft"]) == ("pico", "cat")
    assert figures["best_merge_over_next"].value == pytest.approx(-6 / held.tokens.sum())
    assert figures["pico"]["over_sum"].value == pytest.approx(-12 / held.tokens.sum())
    assert figures["sum"]["over_base"].value == pytest.approx(-18 / held.tokens.sum())


def write_personas(folder, names):
    """A persona of two passages for each name."""
    random = np.random.default_rng(0)
    arrays = {
        "vectors": random.normal(size=(2 * len(names), WIDTH - 3)),
        "styles": random.normal(size=(2 * len(names), 3)),
        "queries": random.normal(size=(1, WIDTH - 3)),
    }
    members = {name: [2 * i, 2 * i + 1] for i, name in enumerate(names)}
    arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
    save_file(arrays, folder / "personas.safetensors", metadata={"personas": json.dumps(members)})


def prepared(folder):
    """Data of every section, a few rows each."""
    instructions = [
        {"instruction": "rephrase: " + style, "input": "It is.", "output": "It was."}
        for style in ("plain", "formal")
    ]
    for name in (*TASKS, "compose"):
        own = folder / name
        own.mkdir(parents=True)
        values = instructions if name in ("rephrase", "summarise", "story") else rows(4)
        for file in CONTROLS.values():
            (own / f"{file}.jsonl").write_text("\n".join(map(json.dumps, values)))
    coded = [row | {"code": "<formal>", "codes": ["<formal>"], "wrong": ["<pad>"]} for row in rows(4)]
    (folder / "codes").mkdir()
    (folder / "codes" / "test.jsonl").write_text("\n".join(map(json.dumps, coded)))
    own = folder / "persona-projector"
    own.mkdir()
    names = ["a/1#0", "b/1#0"]
    values = [
        {"text": "It is so" * (i + 1), "persona": names[i], "wrong": names[1 - i], "query": -i}
        for i in (0, 1)
    ]
    (own / "test.jsonl").write_text("\n".join(map(json.dumps, values)))
    write_personas(own, names)
    return folder


def evaluated(capsys, tiny, data, *more):
    options = ("adapters", "--data", str(data), "--model", str(tiny[0]), "--json", *more)
    assert command.main(list(options)) == 0
    return json.loads(capsys.readouterr().out)


def test_every_section_is_measured_where_its_adapters_are(tiny, model, tmp_path, capsys) -> None:
    install(tiny, "rephrase", loras.tensors(tiny[0], seed=5))
    projector = dict(flat(Projector(WIDTH, 64, tokens=2).parameters()))
    about = {"kind": "projector", "soft_tokens": 2, "input_width": WIDTH}
    install(tiny, "persona-projector", projector, **about)
    soft = {"formal": mx.random.normal((2, 64), key=mx.random.key(0))}
    install(tiny, "codes", soft, kind="codes", codes=["formal"], soft_tokens=2)
    found = evaluated(capsys, tiny, prepared(tmp_path / "data"))
    assert found["missing"] == ["autocomplete", "summarise", "story"]
    assert found["story"] is None
    assert found["continue"]["over_base"].keys() == {"value", "low", "high", "n"}
    assert found["rephrase"]["formal"]["over_base"]["n"] == 1
    # The same rows with and without passages here: what differs is nothing.
    assert found["persona-passages"]["right_over_wrong"]["value"] == 0
    assert found["persona-projector"]["right_over_wrong"]["value"] != 0
    assert found["codes"]["formal"]["right_over_none"]["value"] != 0
    assert found["codes"]["right_over_wrong"]["n"] == 2
    assert found["codes"]["with_persona"]["formal"]["right_over_none"]["value"] != 0
    merges = {"base", "continue", "persona", "sum", "pico", "cat", "sum_half", "sum_soft", "best_merge"}
    assert merges <= found["compose"].keys()
    assert found["compose-rephrase"]["rephrase"]["over_base"]["value"] == pytest.approx(
        found["rephrase"]["over_base"]["value"]
    )


def test_one_section_on_fewer_rows(tiny, model, tmp_path, capsys) -> None:
    found = evaluated(capsys, tiny, prepared(tmp_path / "data"), "--only", "continue", "--rows", "2")
    assert found.keys() == {"model", "data", "missing", "continue", "seconds"}
    assert found["continue"]["rows"] == 2


def test_an_unknown_section_is_one_clear_line(tiny, tmp_path, capsys) -> None:
    assert command.main(["adapters", "--only", "poetry", "--model", str(tiny[0])]) == 1
    assert capsys.readouterr().err.startswith("evaluate: There is no 'poetry'.")


def test_vectors_of_another_width_are_refused(tiny, model, tmp_path) -> None:
    about = {"kind": "projector", "soft_tokens": 2, "input_width": 5}
    install(tiny, "persona-projector", dict(flat(Projector(5, 64, tokens=2).parameters())), **about)
    write_personas(tmp_path, ["a"])
    with pytest.raises(KillahError, match="reads vectors of 5 numbers, the data has 8"):
        Adapted(model.base).soft_tokens("persona-projector", Personas(tmp_path / "personas.safetensors"), [])

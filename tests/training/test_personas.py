"""Personas of training rows: their attention is the product's, it learns, and what is broken is said."""

import json

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from killah.errors import KillahError
from killah.gemma import base
from killah.persona.attention import persona_vector
from killah.training import data, runs
from killah.training.personas import NAME, PersonaProjector, Personas, load_projector

MEANING, STYLE = 6, 4
PERSONAS = {"a": [0, 1, 2], "b": [3, 4, 5, 6, 7]}


@pytest.fixture
def file(tmp_path):
    random = np.random.default_rng(0)
    vectors, queries = random.normal(size=(8, MEANING)), random.normal(size=(2, MEANING))
    arrays = {
        "vectors": vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        "styles": random.normal(size=(8, STYLE)),
        "queries": queries / np.linalg.norm(queries, axis=1, keepdims=True),
    }
    folder = tmp_path / "data"
    folder.mkdir()
    arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
    save_file(arrays, folder / NAME, metadata={"personas": json.dumps(PERSONAS)})
    return folder / NAME


def batch(*rows):
    ids = np.zeros((len(rows), 2), np.int32)
    return data.Batch(ids, np.ones((len(rows), 2), bool), [p for p, _ in rows], [q for _, q in rows])


def test_training_attends_as_the_product_does(file):
    """Short personas beside long ones, with and without a query, in one batch."""
    personas, projector = Personas(file), PersonaProjector(MEANING, STYLE, 8, tokens=3)
    projector.eval()
    projector.sharpness = mx.array([1.7, -0.3])
    rows = [("a", 1), ("b", -1), ("b", 0)]
    found = np.array(personas.soft_tokens(projector, batch(*rows)))
    assert found.shape == (3, 3, 8)
    for row, (name, query) in zip(found, rows, strict=True):
        own = PERSONAS[name]
        asked = personas.queries[query] if query >= 0 else None
        vector = persona_vector(asked, personas.vectors[own], personas.styles[own], (1.7, -0.3))
        np.testing.assert_allclose(row, np.array(projector(mx.array(vector))), rtol=1e-4, atol=1e-5)


def rows(count, **more):
    text = "The sea was grey and the wind came from the north all day long"
    return [
        {"prompt": text[: 4 + i], "completion": text[4 + i :], "ends": False} | more for i in range(count)
    ]


def of_personas(count):
    return [row | {"persona": "ab"[i % 2], "query": i % 3 - 1} for i, row in enumerate(rows(count))]


def test_the_projector_and_its_sharpness_learn_and_are_published(file, recipe, tiny, home):
    settings = recipe(rows=of_personas(12), valid=of_personas(4), soft_tokens=2, install=True, name="soft")
    runs.run("persona-projector", settings, ["iters=4", "learning_rate=0.05", "role=persona"])
    loaded = base.load(tiny)
    projector = load_projector("soft", loaded)
    assert projector.norm_in.weight.shape == (MEANING + STYLE,)
    moved = np.abs(np.array(projector.sharpness) - (1.5, 0.5))
    assert (moved > 1e-4).all()
    # A LoRA learns behind its soft tokens; another persona's give another loss.
    losses = {}
    for name, changed in (("own", None), ("other", {"a": [7], "b": [0]})):
        if changed:
            save_file(load_file(file), file, metadata={"personas": json.dumps(changed)})
        own = recipe(run=name, projector="soft")
        losses[name] = runs.run("lora", own, ["iters=2"])["valid"]
    assert losses["own"] != losses["other"]


@pytest.mark.parametrize("row", [{"persona": "c"}, {"persona": "a", "query": 5}, {}])
def test_a_row_without_its_persona_is_refused(file, recipe, row):
    with pytest.raises(KillahError, match="has no persona"):
        runs.run("persona-projector", recipe(rows=rows(6, **row), valid=rows(6, **row)))


@pytest.mark.parametrize("metadata", [{}, {"personas": "["}, {"personas": '{"a": [99]}'}])
def test_a_broken_file_is_one_sentence(file, metadata):
    save_file(load_file(file), file, metadata=metadata)
    with pytest.raises(KillahError, match="Cannot read"):
        Personas(file)


def test_codes_stand_first_and_are_never_learned(tiny):
    tokenizer = base.load(tiny).tokenizer
    row = data.encode({"text": "The sea.", "codes": ["<unk>"]}, tokenizer, 64)
    plain = data.encode({"text": "The sea."}, tokenizer, 64)
    assert row.ids.tolist() == [plain.ids[0], tokenizer.id("<unk>"), *plain.ids[1:]]
    assert not row.learned[:2].any()
    assert row.learned[2:].all()
    soft = data.encode(
        {"text": "The sea.", "codes": ["<unk>", "<new>"]}, tokenizer, 64, codes={"<new>": [9, 8]}
    )
    assert soft.ids.tolist() == [plain.ids[0], tokenizer.id("<unk>"), 9, 8, *plain.ids[1:]]
    short = data.encode({"prompt": "The sea. " * 9, "completion": "So.", "codes": ["<unk>"]}, tokenizer, 12)
    assert len(short.ids) == 12
    assert short.ids[1] == tokenizer.id("<unk>")

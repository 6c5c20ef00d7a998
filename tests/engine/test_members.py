"""Compositions at work: which adapters take part, and that tasks which take turns stay apart."""

import threading

import loras
import mlx.core as mx
import numpy as np
import pytest

from killah import paths
from killah.adapters import package
from killah.config import Settings
from killah.engine import Engine, Sampling, compositions
from killah.engine.members import InUse, Members, Present, Reads
from killah.engine.session import Session
from killah.errors import KillahError
from killah.gemma import base as bases
from killah.gemma import manifest
from killah.gemma.stack import Blend

FOLDER = paths.shipped("models") / "pushkin-nano"
TEXT = "He looked at the old man, who had been sitting by the window, and said"
BOTH = Present(persona=True, audio=True)


def install(name: str, seed: int, **changes) -> None:
    """A random adapter among the user's own, hiding a shipped one of its name."""
    about = manifest.read(FOLDER)
    card = loras.card(about, name, **{"role": name} | changes)
    package.write(paths.adapters_dir() / about.name / name, card, loras.tensors(FOLDER, seed=seed))


@pytest.fixture
def base():
    return bases.load(FOLDER)


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No shipped adapters: only what a test installs."""
    real = paths.shipped
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path if kind == "adapters" else real(kind))


def test_standing_members_speak_only_when_the_prompt_has_theirs(base, alone):
    for seed, name in enumerate(("persona", "audio", "continue")):
        install(name, seed)
    members = Members(base)
    full = members.blend("continue", BOTH)
    assert full.active == (("persona", 1.0), ("audio", 1.0), ("continue", 1.0))
    assert members.blend("continue", Present(persona=True)).active == (("persona", 1.0), ("continue", 1.0))
    assert members.blend("continue", Present()).active == (("continue", 1.0),)
    assert members.stack.names == ["persona", "audio", "continue"]


def test_what_is_not_installed_takes_no_part(base, alone):
    install("continue", 0)
    assert Members(base).blend("continue", BOTH).active == (("continue", 1.0),)
    assert Members(base).blend("autocomplete", BOTH).active == ()
    with pytest.raises(KillahError, match="no 'rephrase' adapter for pushkin-nano"):
        Members(base).blend("rephrase", BOTH)


def test_a_weight_of_the_table_counts(base, alone):
    install("persona", 0)
    compositions.change("continue", {"loras": {"persona": 0.25}, "merge": "pico"})
    blend = Members(base).blend("continue", BOTH)
    assert blend.active == (("persona", 0.25),) and blend.merge == "pico"


def test_a_persona_s_own_lora_stands_in_the_place_of_the_standing_member(base, alone):
    for seed, name in enumerate(("persona", "persona-saki", "rephrase")):
        install(name, seed)
    members = Members(base)

    def active(task: str, *personas: InUse):
        return members.blend(task, Present(persona=True, personas=personas)).active

    assert active("continue", InUse("wells", 1.0, 0.5)) == (("persona", 0.5),)
    assert active("continue", InUse("wells", 1.0, 0.0)) == ()
    assert active("continue", InUse("saki")) == (("persona-saki", 1.0),)
    both = active("continue", InUse("saki", 0.7, 0.5), InUse("wells", 0.3, 1.0))
    assert both == (("persona-saki", pytest.approx(0.35)), ("persona", pytest.approx(0.3)))
    # The shipped one is of no use in rewriting, and the table says so; of the owner's own it says nothing.
    assert active("rephrase", InUse("wells")) == (("rephrase", 1.0),)
    assert active("rephrase", InUse("saki")) == (("persona-saki", 1.0), ("rephrase", 1.0))


def test_personas_that_are_blended_share_the_part_a_mixture_gives_to_one(base, alone):
    for seed, name in enumerate(("persona-saki", "persona-wells", "continue")):
        install(name, seed)
    about, path = manifest.read(FOLDER), "model.layers.0.mlp.up_proj"
    parts = {"kind": "mix", "members": ["persona", "continue"], "rank": None, "scale": None}
    card = loras.card(about, "continue-mix", target_modules=[], **parts)
    scores = {f"{path}.scores": mx.array([1.0, -1.0])}
    package.write(paths.adapters_dir() / about.name / "continue-mix", card, scores)
    personas = (InUse("saki", 0.75), InUse("wells", 0.25))
    blend = Members(base).blend("continue", Present(persona=True, personas=personas))
    assert blend.active == (("persona-saki", 1.0), ("persona-wells", 1.0), ("continue", 1.0))
    assert blend.scores is not None
    share = np.exp(blend.scores[path]) / np.exp(blend.scores[path]).sum()
    whole = 1 / (1 + np.e**-2)  # of a persona alone beside `continue`
    np.testing.assert_allclose(share, [0.75 * whole, 0.25 * whole, 1 - whole])


def test_a_learned_mixture_weighs_its_members_and_no_others(base, alone):
    for seed, name in enumerate(("persona", "audio", "continue")):
        install(name, seed)
    assert Members(bases.load(FOLDER)).blend("continue", BOTH).merge == "sum"  # none was learned
    about, path = manifest.read(FOLDER), "model.layers.0.mlp.up_proj"
    parts = {"kind": "mix", "members": ["continue", "persona"], "rank": None, "scale": None}
    card = loras.card(about, "continue-mix", target_modules=[], **parts)
    scores = {f"{path}.scores": mx.array([1.0, -1.0])}
    package.write(paths.adapters_dir() / about.name / "continue-mix", card, scores)
    members = Members(base)
    blend = members.blend("continue", BOTH)
    assert blend.merge == "cat" and blend.scores is not None
    np.testing.assert_equal(blend.scores[path], (-1.0, np.nan, 1.0))  # audio was not weighed: it counts whole
    members.stack.use(blend)
    x = mx.random.normal((1, 3, 256), key=mx.random.key(0))
    layer = base.model.model.layers[0].mlp.up_proj
    mixed, shares = layer(x) - layer.base(x), (1 / (1 + np.e**2), 1.0, 1 / (1 + np.e**-2))
    single = []
    for name in ("persona", "audio", "continue"):
        members.stack.use(Blend(((name, 1.0),)))
        single.append(np.array(layer(x) - layer.base(x)))
    expected = sum(share * each for share, each in zip(shares, single, strict=True))
    np.testing.assert_allclose(np.array(mixed), expected, atol=1e-4)


def test_a_damaged_adapter_is_not_silently_left_out(base, alone):
    install("continue", 0)
    path = paths.adapters_dir() / "pushkin-nano" / "continue" / package.WEIGHTS
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(KillahError, match="SHA-256"):
        Members(base).blend("continue", BOTH)


def test_a_swap_never_reuses_keys_and_values_of_another_blend(base, alone):
    for seed, name in enumerate(("autocomplete", "continue")):
        install(name, seed)
    members = Members(base)
    one, two = (members.blend(task, Present()) for task in ("autocomplete", "continue"))
    slots = [2, *range(100, 150)]
    session = Session(base.model, members.stack)

    def read(which: Session, blend) -> np.ndarray:
        list(which.prefill(slots, blend))
        return np.array(which.logits)

    first = read(session, one)
    second = read(session, two)  # the same tokens
    fresh = read(Session(base.model, members.stack), two)
    np.testing.assert_allclose(second, fresh, atol=1e-4)
    assert not np.allclose(first, second, atol=1e-2)
    np.testing.assert_allclose(read(session, one), first, atol=1e-4)
    computed = session.computed
    read(session, one)
    assert session.computed == computed  # nothing is read again without need


def test_a_keystroke_in_the_middle_of_a_continuation_changes_neither(alone):
    for seed, name in enumerate(("autocomplete", "continue")):
        install(name, seed)
    with Engine(Settings(ghost_precision=0.0)) as engine:
        sampling = Sampling(seed=3)
        ghost = [g.text for g in engine.ghost(TEXT, len(TEXT)).result()]
        text = "".join(engine.continuation(TEXT, sampling, max_tokens=40))
        again: list[list[str]] = []
        enough = threading.Event()

        def type_on() -> None:
            while not enough.is_set():
                again.append([g.text for g in engine.ghost(TEXT, len(TEXT)).result()])

        typing = threading.Thread(target=type_on)
        typing.start()
        mixed = "".join(engine.continuation(TEXT, sampling, max_tokens=40))
        enough.set()
        typing.join()
    assert mixed == text
    assert again and all(each == ghost for each in again)


def test_an_adapter_changes_what_the_engine_writes_and_without_it_it_is_the_base(alone):
    with Engine(Settings()) as engine:
        plain = "".join(engine.continuation(TEXT, Sampling(seed=1), max_tokens=20))
    install("continue", 0)
    with Engine(Settings()) as engine:
        adapted = "".join(engine.continuation(TEXT, Sampling(seed=1), max_tokens=20))
    compositions.change("continue", {"loras": {"continue": 0.0}})
    with Engine(Settings()) as engine:
        silent = "".join(engine.continuation(TEXT, Sampling(seed=1), max_tokens=20))
    assert adapted != plain == silent


def test_persona_tokens_are_made_once_for_each_persona(base, alone):
    from mlx.utils import tree_flatten

    from killah.gemma.projector import Projector

    about = manifest.read(FOLDER)
    parts = {"kind": "projector", "soft_tokens": 3, "input_width": 8, "rank": None, "scale": None}
    card = loras.card(about, "persona-projector", role="persona", **parts)
    package.write(
        paths.adapters_dir() / about.name / "persona-projector",
        card,
        dict(tree_flatten(Projector(8, 256, tokens=3, scale=2.0).parameters())),
    )
    members, vector = Members(base), np.ones(8, np.float32)
    assert members.persona_reads() == Reads(8, None)
    tokens = members.persona_tokens("me:1", vector)
    assert len(tokens) == 3 and tokens[0].vector.shape == (256,)
    assert members.persona_tokens("me:1", vector) == tokens
    assert members.persona_tokens("me:2", vector) != tokens
    assert members.persona_tokens("me:3", np.ones(9, np.float32)) == []  # another embedder
    numbers = np.array(mx.stack([token.vector for token in tokens]))
    assert np.sqrt(np.mean(numbers**2)) == pytest.approx(2.0, rel=0.01)

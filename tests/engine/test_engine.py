"""The engine on the shipped model: what a surface gets, and how it can stop it."""

import json
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from killah import paths
from killah.config import Settings
from killah.engine import Engine, Sampling
from killah.engine.session import Session
from killah.errors import KillahError

TEXT = "He looked at the old man, who had been sitting by the window, and said that he would not be"


@pytest.fixture(scope="module")
def engine():
    with Engine(Settings()) as engine:
        yield engine


def words_after(engine: Engine, text: str) -> str:
    ghosts = engine.ghost(text, len(text)).result()
    return ghosts[-1].text if ghosts else ""


def test_info_names_the_model(engine):
    assert engine.info().name == "pushkin-nano"
    assert engine.info().context >= 1024


@pytest.mark.parametrize(
    ("typed", "rest"), [("He sat by the windo", "w"), ("I would not be abl", "e"), ("in the middl", "e")]
)
def test_a_half_typed_word_is_finished(engine, typed, rest):
    assert words_after(engine, typed).startswith(rest)


def test_a_common_phrase_is_completed_with_its_space(engine):
    assert words_after(engine, "He would not be able").startswith(" to")
    assert words_after(engine, "He would not be able ").startswith("to")


def test_text_behind_the_caret_does_not_matter(engine):
    caret = len("He would not be able")
    ghosts = engine.ghost("He would not be able\n\nQuite another paragraph.", caret).result()
    assert ghosts[0].text == " to"


def test_ghosts_grow_and_keep_the_first_probability():
    with Engine(Settings(ghost_precision=0.01)) as bold:
        ghosts = bold.ghost(TEXT[:-3], len(TEXT) - 3).result()
    assert len(ghosts) > 1
    assert all(b.text.startswith(a.text) and a.probability == b.probability for a, b in pairwise(ghosts))
    assert 0.01 <= ghosts[0].probability <= 1


def test_the_gate_is_silent_where_nothing_is_sure():
    with Engine(Settings(ghost_precision=1.0)) as strict:
        assert strict.ghost("The name of the man was ", 24).result() == []
    with Engine(Settings(ghost_precision=0.0)) as bold:
        assert len(bold.ghost("The name of the man was ", 24).result()) == bold._settings.ghost_words


@pytest.mark.parametrize(
    "before", ["The name of the man was", "The name of the man was ", "He spoke of the wo"]
)
def test_whoever_asks_for_another_gets_different_first_words_whether_they_are_sure_or_not(engine, before):
    found = []
    for _ in range(6):
        found.append(engine.ghost(before, len(before), beside=found).result()[-1].text)
    assert not any("\n" in text for text in found)
    assert len({re.match(r"\s*\w+|\s*\S", text).group() for text in found}) == 6, found


def test_where_no_other_word_is_left_there_is_no_other_suggestion(engine):
    before = "I shall not be abl"
    first = engine.ghost(before, len(before), beside=[]).result()[-1].text
    assert first.startswith("e")
    assert engine.ghost(before, len(before), beside=[first]).result() == []


def test_a_seed_repeats_a_continuation_and_pieces_join(engine):
    one = "".join(engine.continuation(TEXT, Sampling(seed=3), max_tokens=20))
    two = "".join(engine.continuation(TEXT, Sampling(seed=3), max_tokens=20))
    three = "".join(engine.continuation(TEXT, Sampling(seed=4), max_tokens=20))
    assert one == two != three
    assert len(one) > 20


def test_a_continuation_of_half_a_word_finishes_it(engine):
    text = "".join(engine.continuation("They lived in a small hous", Sampling(temperature=0), max_tokens=3))
    assert text.startswith("e")


def test_passages_change_what_is_written(engine):
    plain = "".join(engine.continuation(TEXT, Sampling(temperature=0), max_tokens=30, passages=()))
    passage = "Zuleika Dobson, Zuleika Dobson, Zuleika Dobson. " * 8
    other = "".join(engine.continuation(TEXT, Sampling(temperature=0), max_tokens=30, passages=[passage]))
    assert plain != other


def test_a_keystroke_does_not_wait_for_a_continuation(engine):
    engine.ghost(TEXT, len(TEXT)).result()
    long = engine.continuation(TEXT, Sampling(seed=0), max_tokens=1_000_000)
    next(iter(long))
    assert words_after(engine, "He would not be able") == " to"
    assert not long.done
    long.cancel()
    long.result()


def test_cancelled_work_leaves_the_session_right(engine):
    """After a cancelled continuation the next one is as if the first had never been."""
    fresh = "".join(engine.continuation(TEXT, Sampling(temperature=0), max_tokens=12))
    job = engine.continuation(TEXT + " able to", Sampling(seed=1), max_tokens=500)
    next(iter(job))
    job.cancel()
    job.result()
    assert "".join(engine.continuation(TEXT, Sampling(temperature=0), max_tokens=12)) == fresh


def test_text_far_longer_than_the_context(engine):
    assert words_after(engine, TEXT * 2000 + " able") == " to"
    assert "".join(engine.continuation(TEXT * 2000, Sampling(seed=0), max_tokens=5))


def test_a_missing_model_is_one_sentence_wherever_it_is_needed():
    with Engine(Settings(model="no-such-model")) as engine:
        with pytest.raises(KillahError, match="no model 'no-such-model'"):
            engine.info()
        with pytest.raises(KillahError, match="no model 'no-such-model'"):
            engine.ghost("text", 4).result()


@pytest.mark.timeout(30)
def test_closing_does_not_wait_for_long_work():
    engine = Engine(Settings())
    engine.info()
    engine.continuation(TEXT, Sampling(seed=0), max_tokens=1_000_000)
    engine.close()


def test_shipped_model_computes_what_transformers_computes():
    """Past the sliding window: whole, step by step, and through a session that is edited."""
    torch = pytest.importorskip("torch")
    import mlx.core as mx
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    from killah.gemma import base

    loaded = base.load(paths.shipped("models") / "pushkin-nano")
    config = Gemma3TextConfig(**json.loads((loaded.folder / "config.json").read_text()))
    reference = Gemma3ForCausalLM(config).eval()
    from mlx.utils import tree_flatten

    state = {
        name: torch.from_numpy(np.array(value)) for name, value in tree_flatten(loaded.model.parameters())
    }
    reference.load_state_dict(state | {"lm_head.weight": state["model.embed_tokens.weight"]})
    ids = np.random.default_rng(0).integers(64, config.vocab_size, config.sliding_window + 80).tolist()
    with torch.no_grad():
        expected = reference(torch.tensor([ids])).logits[0].numpy()
    whole = np.array(loaded.model(mx.array([ids]))[0])
    cache = loaded.model.make_cache()
    steps = [np.array(loaded.model(mx.array([[token]]), cache)[0, 0]) for token in ids]
    assert np.abs(whole - expected).max() < 2e-3
    assert np.abs(np.stack(steps) - expected).max() < 2e-3

    session = Session(loaded.model)
    for edited in (ids, [*ids, 70, 71], [*ids[:90], 72, *ids[91:]], ids[:60] + ids[75:], ids[:200]):
        list(session.prefill(edited))
        with torch.no_grad():
            last = reference(torch.tensor([edited])).logits[0, -1].numpy()
        assert np.abs(np.array(session.logits) - last).max() < 2e-3


def test_a_process_that_used_the_engine_ends_well():
    """MLX aborts a process whose thread ended with streams: a shell would see exit code 134."""
    code = (
        "from killah.config import Settings\n"
        "from killah.engine import Engine\n"
        "with Engine(Settings()) as engine: engine.ghost('He was not abl', 14).result()\n"
    )
    for _ in range(5):  # more than every second one failed
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

"""Control codes: what is known, what was trained, and that it reaches the prompt."""

import loras
import mlx.core as mx
import pytest

from killah import paths
from killah.adapters import package
from killah.config import Settings
from killah.engine import Engine, Sampling
from killah.engine.codes import known, slots
from killah.engine.prompt import soft_tokens
from killah.errors import KillahError
from killah.gemma import base
from killah.gemma.tokenizer import Tokenizer

FOLDER = paths.shipped("models") / "pushkin-nano"
TOKENIZER = Tokenizer(FOLDER)
TEXT = "It was"
SOFT = {"formal": soft_tokens("code formal", mx.ones((2, 4)))}


def test_codes_become_the_base_s_tokens_or_their_own_soft_ones_in_order() -> None:
    assert known({"story", "poem"}, SOFT, TOKENIZER) == ["story", "poem", "formal"]
    found = slots(["formal", "story"], {"story"}, SOFT, "nano", TOKENIZER)
    assert found == [*SOFT["formal"], TOKENIZER.id("<story>")]
    assert slots([], (), {}, "nano", TOKENIZER) == []


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (["sonnet"], "There is no control code 'sonnet'. nano knows: story, formal."),
        (["letter"], "nano was not trained with the control code 'letter'. It knows: story, formal."),
        (["story", "story"], "named twice"),
        (["sil"], "no control code 'sil'"),  # a special token, and no code
    ],
)
def test_what_the_model_cannot_do_is_said(codes: list[str], message: str) -> None:
    with pytest.raises(KillahError, match=message):
        slots(codes, {"story"}, SOFT, "nano", TOKENIZER)


def test_a_code_changes_what_is_written_and_an_untrained_one_is_refused(alone) -> None:
    greedy = Sampling(temperature=0)
    with Engine(Settings()) as engine:
        plain, story, essay = (
            "".join(engine.continuation(TEXT, greedy, max_tokens=30, codes=codes))
            for codes in ((), ("story",), ("essay",))
        )
        assert len({plain, story, essay}) == 3
        engine.use_codes(["essay"])  # wherever nothing else is said
        assert "".join(engine.continuation(TEXT, greedy, max_tokens=30)) == essay
        with pytest.raises(KillahError, match="pushkin-nano was not trained with the control code 'letter'"):
            engine.continuation(TEXT, codes=["letter"]).result()
        with pytest.raises(KillahError, match="no control code 'sonnet'"):
            engine.ghost(TEXT, len(TEXT), codes=["sonnet"]).result()
        assert engine.codes() == dict.fromkeys(["story", "essay", "article"], "genre")


def test_soft_tokens_of_an_adapter_are_a_code_for_every_task(alone) -> None:
    """Here `formal` is what the base knows as an essay, so that it must do the same."""
    loaded = base.load(FOLDER)
    about = loaded.manifest
    card = loras.card(about, "codes", kind="codes", codes=["formal"], soft_tokens=1, role="codes")
    tensors = {"formal": loaded.model.embed(mx.array([TOKENIZER.id("<essay>")]))}
    package.write(paths.adapters_dir() / about.name / "codes", card, tensors)
    greedy = Sampling(temperature=0)
    with Engine(Settings()) as engine:
        assert engine.codes()["formal"] == "register"
        essay, formal = (
            "".join(engine.continuation(TEXT, greedy, max_tokens=30, codes=[code]))
            for code in ("essay", "formal")
        )
        assert formal == essay
        before = engine.counters.positions
        engine.ghost(TEXT, len(TEXT), codes=["formal"]).result()
        assert engine.counters.positions - before >= 2  # <bos> and the code

"""Control codes: what is known, what was trained, and that it reaches the prompt."""

import pytest

from killah import paths
from killah.config import Settings
from killah.engine import Engine, Sampling
from killah.engine.codes import check
from killah.errors import KillahError
from killah.gemma.tokenizer import Tokenizer

TOKENIZER = Tokenizer(paths.shipped("models") / "pushkin-nano")
TEXT = "It was"


def test_trained_codes_become_their_tokens_in_order() -> None:
    assert check(["letter", "formal"], {"formal", "letter"}, "nano", TOKENIZER) == ["<letter>", "<formal>"]
    assert check([], (), "nano", TOKENIZER) == []


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (["sonnet"], "There is no control code 'sonnet'. nano: It knows: story, formal."),
        (["letter"], "nano was not trained with the control code 'letter'. It knows: story, formal."),
        (["story", "story"], "named twice"),
        (["sil"], "no control code 'sil'"),  # a special token, and no code
    ],
)
def test_what_the_model_cannot_do_is_said(codes: list[str], message: str) -> None:
    with pytest.raises(KillahError, match=message):
        check(codes, {"story", "formal"}, "nano", TOKENIZER)


def test_a_code_changes_what_is_written_and_an_untrained_one_is_refused(alone) -> None:
    greedy = Sampling(temperature=0)
    with Engine(Settings()) as engine:
        plain, story, essay = (
            "".join(engine.continuation(TEXT, greedy, max_tokens=30, codes=codes))
            for codes in ((), ("story",), ("essay",))
        )
        assert len({plain, story, essay}) == 3
        with pytest.raises(KillahError, match="pushkin-nano was not trained with the control code 'letter'"):
            engine.continuation(TEXT, codes=["letter"]).result()
        with pytest.raises(KillahError, match="no control code 'sonnet'"):
            engine.ghost(TEXT, len(TEXT), codes=["sonnet"]).result()

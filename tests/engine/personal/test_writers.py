"""A persona at work in the engine: what it brings, how it is weighed and blended, what a keystroke costs."""

import subprocess
import sys
import time

import pytest

from killah.config import Settings
from killah.engine import Engine, Sampling
from killah.engine.sampling import Sampler
from killah.errors import KillahError
from killah.persona.weights import KEY, Weights

GREEDY = Sampling(temperature=0)
SEA = "He spoke of the whale Leviathan and of the sea."
SAKI = [["The aunt spoke of the marmalade.", SEA], ["Clovis spoke of the marmalade of the archdeacon."]]
WELLS = [["The Martian spoke of the cylinder on the common.", "The time traveller spoke of the machine."]]
TEXT = "One evening he spoke of the"


def weights(**ways) -> dict[str, str]:
    return {KEY: Weights(**{"passages": 0, "ngram": 0.0, "text": 0.0} | ways).model_dump_json()}


def write(engine: Engine, text: str = TEXT, **how) -> str:
    return "".join(engine.continuation(text, GREEDY, max_tokens=12, **how))


@pytest.fixture
def engine(alone, embedded):
    with Engine(Settings()) as engine:
        yield engine


def test_weights_of_zero_change_nothing_and_cost_nothing(engine, persona, embedded) -> None:
    nobody = write(engine)
    persona("saki", SAKI, **weights())
    engine.use_persona("saki")
    assert write(engine) == nobody
    assert engine.passages(TEXT) == []
    assert embedded == [] and engine.counters.embedded == 0


def test_a_personas_own_number_of_passages_counts_unless_the_user_sets_one(alone, persona, embedded) -> None:
    persona("saki", SAKI, **weights(passages=1))
    for setting, count in ((None, 1), (3, 3), (0, 0)):
        with Engine(Settings(passages=setting)) as engine:
            engine.use_persona("saki")
            assert len(engine.passages(TEXT)) == count


def test_without_a_check_two_passages_come(engine, persona) -> None:
    persona("saki", SAKI)
    engine.use_persona("saki")
    assert len(engine.passages(TEXT)) == 2


def test_habits_show_in_continuations_and_in_ghost_text(alone, embedded, persona) -> None:
    persona("saki", [[f"{n}: he spoke of the marmalade." for n in range(9)]], **weights(ngram=0.9))
    with Engine(Settings(ghost_precision=0.1)) as engine:
        assert not write(engine).startswith(" marmalade")
        engine.use_persona("saki")
        assert write(engine).startswith(" marmalade")
        wait_for(lambda: [g.text for g in engine.ghost(TEXT, len(TEXT)).result()][:1] == [" marmalade"])
        # Inside a word too, where the letters that are there must be kept.
        half = f"{TEXT} marm"
        assert engine.ghost(half, len(half)).result()[0].text.startswith("alade")


def test_weights_that_were_measured_with_another_model_do_not_count(engine, persona) -> None:
    persona("saki", SAKI, **weights(passages=3, measured={"model": "gemma-3-4b"}))
    engine.use_persona("saki")
    assert len(engine.passages(TEXT)) == 2


def test_a_blend_brings_passages_of_each(engine, persona) -> None:
    persona("saki", SAKI, **weights(passages=2))
    persona("wells", WELLS, **weights(passages=2))
    engine.use_persona("saki=0.7,wells=0.3")
    found = engine.passages(TEXT)
    assert len(found) == 2 and len({text in WELLS[0] for text in found}) == 2
    engine.use_persona("saki=9,wells=1")
    assert not set(engine.passages(TEXT)) & set(WELLS[0])


def test_a_blend_of_habits_is_between_them(engine, persona) -> None:
    for name, word in (("saki", "marmalade"), ("wells", "cylinder")):
        persona(name, [[f"{n}: he spoke of the {word}." for n in range(9)]], **weights(ngram=1.0))
    for blend, word in (("saki=0.9,wells=0.1", "marmalade"), ("saki=0.1,wells=0.9", "cylinder")):
        engine.use_persona(blend)
        assert write(engine).startswith(f" {word}")


def test_a_paused_persona_counts_as_nobody(engine, persona) -> None:
    persona("saki", SAKI, paused="1", **weights(passages=2, ngram=0.9))
    nobody = write(engine)
    engine.use_persona("saki")
    assert write(engine) == nobody and engine.passages(TEXT) == []


def test_a_persona_without_text_brings_nothing_and_breaks_nothing(engine, persona) -> None:
    persona("empty", [])
    nobody = write(engine)
    engine.use_persona("empty")
    assert write(engine) == nobody


def test_min_p_is_the_users_else_the_personas_else_the_tasks(alone, embedded, persona, monkeypatch) -> None:
    used = []
    monkeypatch.setattr("killah.engine.generation.Sampler", lambda s: used.append(s.min_p) or Sampler(s))
    persona("formal", SAKI, min_p="0.14", **weights())
    persona("wild", WELLS, min_p="0.06", **weights())
    persona("plain", SAKI, **weights())

    def ask(setting: float | None, name: str | None, **sampling) -> float:
        with Engine(Settings(min_p=setting)) as engine:
            engine.use_persona(name)
            engine.continuation(TEXT, Sampling(**sampling), max_tokens=1).result()
        return used[-1]

    assert ask(None, None) == ask(None, "plain") == 0.1
    assert ask(None, "formal") == 0.14
    assert ask(None, "formal=0.5,wild=0.5") == pytest.approx(0.1)
    assert ask(0.02, "formal") == 0.02
    assert ask(0.02, "formal", min_p=0.3) == 0.3


def test_a_storys_min_p_is_lower(embedded, monkeypatch) -> None:
    used = []
    monkeypatch.setattr("killah.engine.generation.Sampler", lambda s: used.append(s.min_p) or Sampler(s))
    with Engine(Settings()) as engine:
        engine.rewrite("story", "A boat.", max_tokens=1).result()
    assert used == [0.08]


def test_what_is_no_blend_is_refused_at_once_and_a_missing_persona_when_it_is_asked(engine) -> None:
    with pytest.raises(KillahError, match="no blend"):
        engine.use_persona("saki=much")
    engine.use_persona("nobody-here")
    with pytest.raises(KillahError, match="no persona 'nobody-here'"):
        write(engine)


def test_a_keystroke_costs_what_was_typed(engine, persona, embedded) -> None:
    """Inside a paragraph nothing is embedded, and the model reads the new tokens alone."""
    persona("saki", SAKI, **weights(passages=2, ngram=0.3))
    engine.use_persona("saki")
    engine.ghost(TEXT, len(TEXT)).result()
    wait_for(lambda: engine.counters.embedded == 1)
    engine.ghost(TEXT, len(TEXT)).result()  # reads the passages
    for typed in (" old", " lady", " again", " and", " she"):
        before = engine.counters
        text = TEXT + typed
        engine.ghost(text, len(text)).result()
        after = engine.counters
        assert after.embedded == before.embedded == 1
        assert after.positions - before.positions < 16  # the word, and the suggestion
    assert len(embedded) == 1


def test_a_new_paragraph_is_looked_up_once(engine, persona, embedded) -> None:
    persona("saki", SAKI, **weights(passages=1))
    engine.use_persona("saki")
    text = f"{TEXT} sea.\n"
    engine.ghost(TEXT, len(TEXT)).result()
    for end in ("", "A", "An", "And"):
        engine.ghost(text + end, len(text + end)).result()
    wait_for(lambda: engine.counters.embedded == 2)
    assert len(embedded) == 2


def test_a_process_that_closes_while_a_persona_waits_for_the_model_ends() -> None:
    code = (
        "from killah.config import Settings\n"
        "from killah.engine import Engine\n"
        "engine = Engine(Settings())\n"
        "engine.use_persona('saki')\n"
        "engine.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

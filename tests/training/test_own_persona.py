"""A persona's own adapter, trained as its owner would. If these fail, a writer loses work or is misled."""

import os
import random
import signal

import numpy as np
import pytest

from killah import paths
from killah.adapters import package, personal
from killah.errors import KillahError
from killah.persona import personas, suggestions
from killah.persona.suggestions import Suggestion
from killah.training import checkpoint, judging, own_persona, writing

VERBS = "mended hauled coiled watched counted folded tarred lowered".split()
NOUNS = "net boat rope sail anchor lantern oar barrel".split()


def letter(number):
    """About 150 words with a manner of their own."""
    chance = random.Random(number)
    return " ".join(f"So we {chance.choice(VERBS)} the {chance.choice(NOUNS)} — alas." for _ in range(20))


@pytest.fixture
def letters(tmp_path):
    """A folder of documents."""
    folder = tmp_path / "letters"
    folder.mkdir()
    for number in range(14):
        (folder / f"{number}.txt").write_text(letter(number))
    return writing.of_paths([folder])


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(judging, "TEXTS", 0)
    for name, value in {"RATE": 3.0, "BATCH": 2, "ROW": 64, "LEAST": 1500}.items():
        monkeypatch.setattr(own_persona, name, value)


def train(text, name="sailor", **options):
    return own_persona.train(name, text, "tiny", **{"steps": 8} | options)


def adapter(name="sailor"):
    return paths.adapters_dir() / "tiny" / f"persona-{name}"


def private_text(name="sailor"):
    """Files of a run that hold what was written, or state to go on from."""
    kept = {"log.jsonl", "curve.png", "lock"}
    return {path.name for path in personal.training_folder(name).iterdir()} - kept


class Seen:
    """Follows a run; `act` is called with the number of each step."""

    def __init__(self, act=lambda step: None):
        self.steps, self.planned = [], 0
        self._act = act

    def __call__(self, planned):
        self.planned = planned
        return self

    def __enter__(self):
        return self._report, lambda text: None

    def __exit__(self, *_):
        return None

    def _report(self, entry):
        self.steps.append(entry["step"])
        self._act(entry["step"])


def ctrl_c_at(number):
    return Seen(lambda step: step == number and os.kill(os.getpid(), signal.SIGINT))


def test_documents_become_an_installed_adapter_that_is_measured(tiny, letters):
    done = train(letters)
    card = package.read_card(adapter())
    assert (card.name, card.role, card.kind) == ("persona-sailor", "persona", "lora")
    assert done.adapter == str(adapter())
    assert done.perplexity.adapter.value < 0.9 * done.perplexity.base.value
    assert done.perplexity.change.high < 0
    assert card.metrics["held_out_perplexity"] == round(done.perplexity.adapter.value, 2)
    assert sum(done.words.values()) == sum(len(letter(n).split()) for n in range(14))
    assert personal.trained() == {"sailor": ["tiny"]}
    assert personas.names() == ["sailor"], "what is trained can be named"
    assert private_text() == set(), "the text does not stay behind"


def test_the_base_is_measured_as_it_is(tiny, letters):
    """The figure without the adapter is that of a base nothing was ever put into."""
    import mlx.core as mx

    from killah.gemma import base
    from killah.training import data
    from killah.training.loss import token_nats

    done = train(letters)
    loaded = base.load(tiny)
    rows = [row for unit in writing.split(letters, 1000).test for row in unit]
    encoded = [data.encode(row, loaded.tokenizer, 64) for row in rows]
    nats = sum(float(np.array(mx.sum(token_nats(loaded.model, data.collate([row]))))) for row in encoded)
    assert done.perplexity.base.value == pytest.approx(np.exp(nats / done.perplexity.tokens), rel=1e-4)


def test_ctrl_c_keeps_the_best_and_the_same_command_goes_on(tiny, letters):
    whole = train(letters, "whole")
    first = train(letters, follow=ctrl_c_at(3))
    assert (first.ended, first.perplexity) == ("interrupted", None)
    assert first.best_step > 0
    package.read(adapter(), None)
    assert {checkpoint.NAME, "train.jsonl", "test.jsonl"} <= private_text()
    for name in private_text():
        assert (personal.training_folder("sailor") / name).stat().st_mode & 0o077 == 0, name
    seen = Seen()
    done = train(letters, follow=seen)
    assert (seen.steps[0], seen.steps[-1], seen.planned) == (5, 8, 8)
    assert done.perplexity == whole.perplexity
    assert package.read_card(adapter()).sha256 == package.read_card(adapter("whole")).sha256


def test_ctrl_c_before_there_is_anything_to_keep(tiny, letters, monkeypatch):
    monkeypatch.setattr(own_persona, "LOOKS", 1)
    with pytest.raises(KeyboardInterrupt):
        train(letters, follow=ctrl_c_at(1))
    assert not adapter().exists()
    seen = Seen()
    train(letters, follow=seen)
    assert seen.steps[0] == 3


def test_other_text_begins_anew(tiny, letters):
    train(letters, follow=ctrl_c_at(3))
    letters.units.pop()
    seen = Seen()
    train(letters, follow=seen)
    assert seen.steps[0] == 1


def test_a_limit_of_time_ends_it_with_what_is_there(tiny, letters):
    done = train(letters, steps=100_000, minutes=0.01)
    assert done.ended == "time"
    assert 0 < done.steps < 100_000
    assert done.perplexity


def test_what_does_not_help_is_not_installed(tiny, letters, monkeypatch):
    monkeypatch.setattr(own_persona, "RATE", 1e-12)
    done = train(letters, steps=2)
    assert (done.adapter, adapter().exists()) == ("", False)
    assert done.perplexity


def test_too_little_text_is_one_sentence(tiny, letters):
    letters.units = letters.units[:3]
    with pytest.raises(KillahError, match=r"^420 words are too few .* at least 1,500"):
        train(letters)


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b"])
def test_a_name_that_leads_elsewhere_is_refused(tiny, letters, name):
    with pytest.raises(KillahError, match="name"):
        train(letters, name)


def test_a_persona_of_any_alphabet(tiny, letters):
    train(letters, "Саки", steps=1)
    assert personal.trained() == {"Саки": ["tiny"]}
    assert package.read(adapter("Саки"), None).card.name == "persona-Саки"


def test_a_base_nobody_has(home, letters):
    with pytest.raises(KillahError, match="nowhere"):
        own_persona.train("sailor", letters, "nowhere")


# The journal --------------------------------------------------------------------------------------------


def suggested(number, written, persona="sailor"):
    context = f"{number}. " + letter(number)[:200]
    return Suggestion(persona, context, " never", "ignored", written, 86_400.0 * number)


def test_the_journal_goes_on_with_the_adapter_there_is(tiny, letters, monkeypatch):
    train(letters)
    before = package.read(adapter(), None)
    suggestions.add([suggested(n, " So it went, so it went, so it goes.") for n in range(40)])
    done = train(writing.of_suggestions("sailor"), going_on=True)
    assert done.perplexity.adapter.value < done.perplexity.before.value < done.perplexity.base.value
    after = package.read(adapter(), None)
    assert after.card.rank == before.card.rank
    name = next(iter(before.tensors))
    moved = np.abs(np.array(after.tensors[name]) - np.array(before.tensors[name])).max()
    assert 0 < moved < np.abs(np.array(before.tensors[name])).max()


def test_ctrl_c_leaves_the_adapter_that_the_journal_goes_on_with(tiny, letters):
    train(letters, steps=2)
    before = package.read_card(adapter()).sha256
    suggestions.add([suggested(n, " So it went, so it went, so it goes.") for n in range(40)])
    with pytest.raises(KeyboardInterrupt):
        train(writing.of_suggestions("sailor"), going_on=True, follow=ctrl_c_at(3))
    assert package.read_card(adapter()).sha256 == before
    seen = Seen()
    train(writing.of_suggestions("sailor"), going_on=True, follow=seen)
    assert seen.steps[0] == 5
    assert package.read_card(adapter()).sha256 != before


def test_the_journal_needs_an_adapter_to_go_on_with(tiny):
    suggestions.add([suggested(n, " So it went, so it went, so it goes.") for n in range(40)])
    with pytest.raises(KillahError, match="has no adapter for tiny yet"):
        train(writing.of_suggestions("sailor"), going_on=True)


def test_forgetting_a_persona_forgets_its_training(tiny, letters):
    train(letters, follow=ctrl_c_at(3))
    assert personal.forget("sailor") == ["tiny"]
    assert not adapter().exists()
    assert not personal.training_folder("sailor").exists()

"""A persona's own adapter, trained as its owner would. If these fail, a writer loses work or is misled."""

import random

import pytest

from killah import paths
from killah.adapters import package
from killah.training import own_persona, writing

VERBS = "mended hauled coiled watched counted folded tarred lowered".split()
NOUNS = "net boat rope sail anchor lantern oar barrel".split()


def letter(number):
    """About 150 words with a manner of their own."""
    chance = random.Random(number)
    lines = [f"So we {chance.choice(VERBS)} the {chance.choice(NOUNS)} — alas." for _ in range(20)]
    return " ".join(lines)


@pytest.fixture
def letters(tmp_path):
    """A folder of documents."""
    folder = tmp_path / "letters"
    folder.mkdir()
    for number in range(14):
        (folder / f"{number}.txt").write_text(letter(number))
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name, value in {"RATE": 3.0, "BATCH": 2, "ROW": 96, "TEXTS": 0}.items():
        monkeypatch.setattr(own_persona, name, value)


def train(text, name="sailor", **options):
    return own_persona.train(name, text, "tiny", **options)


def adapter(name="persona-sailor"):
    return paths.adapters_dir() / "tiny" / name


def run_folder(name="persona-sailor"):
    return paths.data_dir() / "training" / name


def test_documents_become_an_installed_adapter_that_is_measured(tiny, letters):
    done = train(writing.of_paths([letters]), steps=12)
    card = package.read_card(adapter())
    assert (card.name, card.role, card.kind) == ("persona-sailor", "persona", "lora")
    assert done.adapter == str(adapter())
    assert done.perplexity.adapter.value < 0.9 * done.perplexity.base.value
    assert done.perplexity.change.high < 0
    assert done.perplexity.tokens > 500
    assert sum(done.words.values()) == sum(len(letter(n).split()) for n in range(14))
    # What was learned is exactly what is installed.
    assert card.metrics["held_out_perplexity"] == round(done.perplexity.adapter.value, 2)
    assert not [p for p in run_folder().iterdir() if p.suffix == ".jsonl" and p.name != "log.jsonl"]

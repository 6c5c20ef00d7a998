"""What cannot be exported is said in one line, before anything is made."""

import importlib.util
import json
import shutil
from collections import namedtuple

import numpy as np
import pytest

from killah.adapters.card import AdapterCard
from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import composed
from killah.export.executorch import manifest, wish


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--composition", "nobody"), "no composition or adapter 'nobody'"),
        (("--composition", "terse", "--base", "nowhere"), "nowhere"),
        (("--composition", "terse", "--backend", "portable", "--quantize", "int4"), "has no integers"),
        (("--composition", "terse", "--persona", "stranger"), "stranger"),
    ],
)
def test_a_wish_that_cannot_be_met(tiny, tmp_path, killah, arguments, says):
    base = () if "--base" in arguments else ("--base", "tiny")
    done = killah("export", "executorch", *arguments, *base, "--out", str(tmp_path / "out"))
    assert done.code == 1
    assert says in done.err and len(done.err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_an_adapter_of_another_base_goes_nowhere(tiny, tmp_path, killah, monkeypatch):
    """One that was copied from another model's folder would write nonsense."""
    home = tmp_path / "home"
    shutil.copytree(tiny.home / "data", home / "data")
    shutil.copytree(tiny.bundle, tmp_path / "bundle")
    monkeypatch.setenv("KILLAH_HOME", str(home))
    card = home / "data" / "adapters" / "tiny" / "grand" / "adapter.json"
    about = json.loads(card.read_text())
    card.write_text(json.dumps(about | {"base_fingerprint": "0" * len(about["base_fingerprint"])}))
    grand = ("--composition", "grand")
    for verb in ("executorch", "hf", "gguf", "peft", "mlx-lm"):
        done = killah("export", verb, *grand, "--base", "tiny", "--out", str(tmp_path / "out"))
        assert done.code == 1
        assert "grand was made for other weights" in done.err and len(done.err.strip().splitlines()) == 1
    done = killah("export", "adapter", str(tmp_path / "bundle"), *grand)
    assert (
        done.code == 1
        and "grand was made for other weights" in done.err
        and len(done.err.strip().splitlines()) == 1
    )
    assert not (tmp_path / "out").exists()
    assert manifest.read_verified(tmp_path / "bundle") == manifest.read_verified(tiny.bundle)


def test_a_persona_needs_room_for_text_behind_it(tiny, tmp_path):
    card = AdapterCard.model_validate_json(
        (tiny.home / "data" / "adapters" / "tiny" / "persona-projector" / "adapter.json").read_text()
    )
    made = wish.Parts(
        composed.gather(tiny.base, {}), Adapter(card, {}), persona="saki", vector=np.zeros(10, np.float32)
    )
    assert wish.allowed(wish.Wish(tmp_path, context=10), made).context == 10  # two soft tokens, eight of text
    with pytest.raises(KillahError, match=r"no text behind the persona's 2\. Give --context"):
        wish.allowed(wish.Wish(tmp_path, context=9), made)


def test_nothing_is_overwritten_unasked(tiny, killah):
    made = ("--composition", "terse", "--base", "tiny", "--out", str(tiny.bundle))
    done = killah("export", "executorch", *made)
    assert done.code == 1 and "exists already" in done.err
    other = killah("export", "executorch", *made[:-1], str(tiny.base))
    assert other.code == 1 and "is something else" in other.err


def test_a_full_disk_is_told_before_the_work(tiny, tmp_path, killah, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9, 9, 9))
    done = killah(
        "export", "executorch", "--composition", "terse", "--base", "tiny", "--out", str(tmp_path / "x")
    )
    assert done.code == 1 and "free" in done.err.lower()


def test_an_unknown_backend_is_a_usage_error(killah, tmp_path):
    assert killah("export", "executorch", "--composition", "x", "--backend", "abacus", "--out", "x").code == 2


def test_without_executorch_the_line_to_run_is_named(killah, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "executorch" else found(name)
    )
    done = killah("export", "check", "anywhere")
    assert done.code == 1 and "pip install 'killah[export]'" in done.err

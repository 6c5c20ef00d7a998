"""`killah adapters` as a script would use it."""

import json
import re
import shutil

import loras
import mlx.core as mx
import pytest
from typer.testing import CliRunner

from killah import config, paths
from killah.adapters import package
from killah.cli import adapters
from killah.errors import KillahError
from killah.export import mlx_lm, peft
from killah.gemma import base, intruders

VERBS = ["list", "show", "verify", "import", "rm"]


@pytest.fixture
def tiny(home, tmp_path, monkeypatch):
    """A base in use, and one adapter of it; nothing is shipped."""
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path / "shipped" / kind)
    made = loras.base(paths.models_dir() / "tiny")
    config.set_value("model", "tiny")
    put(paths.adapters_dir(), made)
    return made


def put(root, base, name="terse"):
    folder = root / "tiny" / name
    package.write(folder, loras.card(base[1], name, metrics={"loss": 3.25}), loras.tensors(base[0]))
    return folder


def run(*arguments, code=0, stdin=None):
    """Stdout of a command; a failure is raised as the program's main would see it."""
    result = CliRunner().invoke(adapters.app, [str(a) for a in arguments], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def damage(folder):
    data = bytearray((folder / package.WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / package.WEIGHTS).write_bytes(data)


def test_list_says_what_is_there(tiny, tmp_path):
    put(tmp_path / "shipped" / "adapters", tiny, "loud")
    rows = {row["name"]: row for row in json.loads(run("list", "--json"))}
    assert rows["terse"]["rank"] == loras.RANK
    assert rows["terse"]["folder"] == str(paths.adapters_dir() / "tiny" / "terse")
    assert (rows["terse"]["shipped"], rows["loud"]["shipped"]) == (False, True)
    text = run("list")
    for word in ("terse", "rephrase", "43 kB", "tiny", "shipped"):
        assert word in text
    assert "problem" not in text
    (paths.adapters_dir() / "tiny" / "terse" / package.NAME).write_text("{")
    assert "is damaged" in json.loads(run("list", "--json"))[0]["problem"]
    assert "problem" in run("list", "--base", "tiny")
    assert json.loads(run("list", "--base", "another", "--json")) == []


def test_without_adapters_list_says_what_to_do(tiny):
    run("rm", "terse", "--yes")
    assert "killah adapters import" in run("list")
    assert "no adapter to check" in run("verify")


def test_show_prints_the_card_and_the_intruders(tiny):
    facts = json.loads(run("show", "terse", "--json"))
    assert facts["metrics"] == {"loss": 3.25}
    counts = facts["intruder_dimensions"]
    assert len(counts) == 3 * len(loras.TARGETS)
    dense = {name: base.load(tiny[0]).model.model.layers[2].mlp.up_proj.weight for name in counts}
    tensors = {name: value for name, value in loras.tensors(tiny[0]).items() if "2.mlp.up_proj" in name}
    assert intruders.measure(dense, tensors, 2.0).items() <= counts.items()
    text = run("show", "terse")
    assert re.search(r"rank +4, scale 2\n", text)
    assert re.search(r"loss +3\.25\n", text)
    assert "Intruder dimensions" in text
    assert "Intruder dimensions" not in run("show", "terse", "--no-intruders")


def test_verify_is_one_line_an_adapter_and_an_exit_code(tiny):
    assert run("verify") == "terse (tiny): whole\n"
    assert json.loads(run("verify", "terse", "--json")) == [{"name": "terse", "base": "tiny", "problem": ""}]
    put(paths.adapters_dir(), tiny, "broken")
    damage(paths.adapters_dir() / "tiny" / "broken")
    text = run("verify", code=1)
    assert "terse (tiny): whole" in text
    assert re.search(r"broken \(tiny\): .*SHA-256 is not the one in adapter\.json", text)
    run("verify", "terse")
    assert "SHA-256" in json.loads(run("verify", "broken", "--json", code=1))[0]["problem"]
    assert "no adapter 'nobody'" in run("verify", "nobody", code=1)


@pytest.mark.parametrize("module", [peft, mlx_lm])
def test_what_was_exported_is_imported_as_it_was(tiny, tmp_path, module):
    module.write(package.read(paths.adapters_dir() / "tiny" / "terse"), tmp_path / "out")
    made = json.loads(run("import", tmp_path / "out", "again", "--role", "rephrase", "--json"))
    assert (made["name"], made["role"], made["base"]) == ("again", "rephrase", "tiny")
    ours, theirs = (package.read(paths.adapters_dir() / "tiny" / name) for name in ("terse", "again"))
    assert ours.card.sha256 == theirs.card.sha256
    assert all(mx.array_equal(ours.tensors[name], theirs.tensors[name]) for name in ours.tensors)


def test_import_prints_what_it_became(tiny, tmp_path):
    peft.write(package.read(paths.adapters_dir() / "tiny" / "terse"), tmp_path / "brief")
    text = run("import", tmp_path / "brief")
    assert re.search(r"name +brief\n", text)
    assert re.search(rf"folder +{paths.adapters_dir()}/tiny/brief\n", text)
    with pytest.raises(KillahError, match=r"exists already\. Give --force"):
        run("import", tmp_path / "brief")
    run("import", tmp_path / "brief", "--force")


def test_rm_asks_and_removes_only_the_users_own(tiny, tmp_path):
    put(tmp_path / "shipped" / "adapters", tiny, "loud")
    folder = paths.adapters_dir() / "tiny" / "terse"
    run("rm", "terse", stdin="n\n", code=1)
    assert folder.is_dir()
    run("rm", "terse", stdin="y\n")
    assert not folder.exists()
    for name, message in (
        ("loud", "shipped with Killah"),
        ("terse", "You have no"),
        ("../tiny", "cannot be"),
    ):
        with pytest.raises(KillahError, match=message):
            run("rm", name, "--yes")


def test_rm_of_an_adapter_whose_base_is_gone(tiny):
    shutil.rmtree(tiny[0])
    assert json.loads(run("rm", "terse", "--base", "tiny", "--yes", "--json"))["removed"] == "terse"
    assert json.loads(run("list", "--json")) == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb):
    text = run(verb, "--help")
    assert f"Example: killah adapters {verb}" in text
    assert "--json" in text


def test_a_refusal_is_one_line(tiny, tmp_path):
    """As the program's main prints it; an adapter for other weights."""
    folder = paths.adapters_dir() / "tiny" / "terse"
    card = json.loads((folder / package.NAME).read_text()) | {"base_fingerprint": "0" * 64}
    (folder / package.NAME).write_text(json.dumps(card))
    with pytest.raises(KillahError) as caught:
        run("show", "terse")
    assert str(caught.value).count("\n") == 0
    assert "made for other weights of tiny" in str(caught.value)

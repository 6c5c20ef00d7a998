"""An export is checked before it appears, and says what it is made of."""

import json

import loras
import pytest

from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import doors, folder, mlx_lm, peft
from killah.export.composed import Composed, Weighted
from killah.export.doors import Wish

DOORS = {
    "hf": doors.to_hf,
    "peft": doors.to_peft,
    "mlx-lm": doors.to_mlx_lm,
    "gguf": doors.to_gguf,
}


@pytest.fixture
def made(tmp_path):
    tiny = loras.base(tmp_path / "tiny", 4)
    adapter = Adapter(loras.card(tiny[1]), loras.tensors(tiny[0]))
    return Composed(*tiny, "terse", (Weighted(adapter),))


@pytest.mark.parametrize("name", DOORS)
def test_every_door_is_checked_in_the_other_program(made, tmp_path, name):
    done = DOORS[name](made, Wish(tmp_path / "out", checked=True))
    assert done.check is not None
    assert done.check.relative < 2e-3
    assert done.check.effect > 0.1
    assert done.check.same >= done.check.positions - 1
    assert "logits differ by at most" in str(done.check)
    record = json.loads((done.folder / folder.RECORD).read_text())
    assert (record["format"], record["base"], record["check"]["same"]) == (name, "tiny", done.check.same)
    assert record["base_fingerprint"] == made.about.fingerprint
    assert [(each["name"], each["weight"]) for each in record["adapters"]] == [("terse", 1.0)]
    assert {path.stat().st_mode & 0o777 for path in done.folder.iterdir()} == {0o600}
    assert "noise" in (done.folder / "README.md").read_text()


@pytest.mark.parametrize("name", DOORS)
def test_an_export_that_computes_something_else_never_appears(made, tmp_path, name, monkeypatch):
    """As where the other program changes what a file means: the tolerance is what it cannot keep."""
    monkeypatch.setattr(doors, "EXACT", 1e-12)
    monkeypatch.setattr(doors, "ROUNDED", 1e-12)
    with pytest.raises(KillahError, match=r"computes something else from the export.*Nothing was written"):
        DOORS[name](made, Wish(tmp_path / "out", checked=True))
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_a_missing_program_is_said_and_stops_only_a_check(made, tmp_path, monkeypatch):
    found = doors.importlib.util.find_spec
    monkeypatch.setattr(
        doors.importlib.util, "find_spec", lambda name: None if name == "peft" else found(name)
    )
    done = doors.to_peft(made, Wish(tmp_path / "out"))
    assert done.unchecked == "peft is not installed (pip install 'killah[export]')"
    with pytest.raises(KillahError, match="peft is needed"):
        doors.to_peft(made, Wish(tmp_path / "again", checked=True))


def test_a_check_takes_no_part_where_it_would_take_minutes(made, tmp_path):
    large = Composed(made.folder, made.about.model_copy(update={"parameters": 4 * 10**9}), "x", made.loras)
    assert "--check" in doors.to_mlx_lm(large, Wish(tmp_path / "out")).unchecked
    assert doors.to_mlx_lm(made, Wish(tmp_path / "not", checked=False)).unchecked == "not asked for"


def test_peft_and_mlx_lm_hold_the_adapter_itself(made, tmp_path):
    for door, module in ((doors.to_peft, peft), (doors.to_mlx_lm, mlx_lm)):
        out = door(made, Wish(tmp_path / module.__name__, checked=False)).folder
        found = module.read(out)
        assert (found.rank, found.scale) == (loras.RANK, 2.0)
        assert found.tensors.keys() == made.loras[0].adapter.tensors.keys()

"""A disk that fills up while an export is written: one sentence, and nothing is left on it."""

import importlib.util

import loras
import pytest
from export.executorch import bundles

from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import doors
from killah.export.composed import Composed, Weighted
from killah.export.doors import Wish


@pytest.fixture
def made(tmp_path):
    tiny = loras.base(tmp_path / "tiny", 4, bundles.ONE_LAYER)
    adapter = Adapter(loras.card(tiny[1]), loras.tensors(tiny[0]))
    return Composed(*tiny, "terse", (Weighted(adapter),))


@pytest.mark.parametrize("name", ["hf", "gguf", "peft", "mlx-lm"])
def test_other_programs_files(made, disk, name, monkeypatch):
    monkeypatch.setattr(doors.folder.placing, "check_space", lambda target, needed: disk.fill())
    door = {"hf": doors.to_hf, "gguf": doors.to_gguf, "peft": doors.to_peft, "mlx-lm": doors.to_mlx_lm}[name]
    with pytest.raises(KillahError, match=r"the disk is full\. Free some space"):
        door(made, Wish(disk.folder / "out", checked=False))
    assert disk.names == []


@pytest.mark.skipif(importlib.util.find_spec("executorch") is None, reason="pip install 'killah[export]'")
@pytest.mark.filterwarnings("ignore")  # torch's and ExecuTorch's own
def test_a_bundle(made, disk):
    from killah.export.executorch import bundle, wish

    wanted = wish.Wish(disk.folder / "out", "portable", context=32)

    def step(what):
        if what == "writing the program":
            disk.fill()

    with pytest.raises(KillahError, match=r"the disk is full\. Free some space"):
        bundle.export(wish.Parts(made), wanted, step)
    assert disk.names == []

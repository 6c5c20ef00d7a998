"""Adapters of a deployed app: swapped and blended as small files, the program left alone."""

import json
import shutil

import mlx.core as mx
import numpy as np
import pytest
import torch

from killah.export.executorch import check, manifest
from killah.export.executorch.reference import Reference
from killah.export.executorch.running import Program


def test_adapters_and_blends_swap_without_a_new_program(tiny, tmp_path, killah):
    """Three adapters and two blends through one program, each as MLX computes it."""
    folder = tmp_path / "bundle"
    shutil.copytree(tiny.bundle, folder)
    before = (folder / "killah.pte").read_bytes()
    wanted = ["terse", "warm", "grand", "terse=0.3,grand=0.6"]
    for composition in wanted:
        done = killah("export", "adapter", str(folder), "--composition", composition, "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)["bytes"] < 100_000
    about = manifest.read_verified(folder)
    outputs = {}
    for name in about.adapters:
        program, ours = Program(folder, name), Reference(check.original(about, name))
        embedded = program.embed(list(range(4, 60)))
        outputs[name] = program.begin(embedded).numpy()
        assert np.abs(outputs[name] - ours.logits(mx.array(embedded.numpy()))[-1]).max() < 1e-3
    assert (folder / "killah.pte").read_bytes() == before
    assert len({values.tobytes() for values in outputs.values()}) == 5


def test_a_program_keeps_its_place_between_methods(made):
    """Hearing or projecting between two tokens must not disturb what was read."""
    program = Program(made.bundle)
    embedded = program.embed(list(range(4, 30)))
    program.begin(embedded)
    undisturbed = program.step(9)
    program.begin(embedded)
    program.project(np.ones(10, np.float32))
    assert torch.equal(program.step(9), undisturbed)


def test_long_texts_are_read_in_pieces_past_the_window(made):
    """Sliding layers forget what they should: the window is 16, the text 100, pieces come one by one."""
    program = Program(made.bundle)
    ids = [4 + i % 200 for i in range(100)]
    whole = program.begin(program.embed(ids))
    program.begin(program.embed(ids[:60]))
    for token in ids[60:-1]:
        program.step(token)
    assert torch.allclose(program.step(ids[-1]), whole, atol=1e-4)


def test_an_adapter_that_does_not_fit_is_one_line(tiny, tmp_path, killah):
    folder = tmp_path / "bundle"
    shutil.copytree(tiny.bundle, folder)
    wide = killah("export", "adapter", str(folder), "--composition", "terse,warm,grand")
    assert wide.code == 1
    assert "has rank 12, the bundle has room for 8" in wide.err
    twice = killah("export", "adapter", str(folder), "--composition", "terse=0.7,warm=0.5")
    assert twice.code == 1 and "--force" in twice.err
    unknown = killah("export", "adapter", str(folder), "--composition", "nobody")
    assert unknown.code == 1 and "no composition or adapter 'nobody'" in unknown.err
    assert manifest.read_verified(folder)


@pytest.mark.parametrize("composition", ["terse=0.7,warm=0.5", "grand"])  # it has the first already
@pytest.mark.parametrize("room", ["for nothing", "for the adapter alone"])
def test_a_full_disk_leaves_the_bundle_as_it_was(tiny, disk, killah, room, composition):
    """With the adapter on the disk but no manifest that tells of it, the app could not open its bundle."""
    folder = disk.folder / "bundle"
    shutil.copytree(tiny.bundle, folder)
    before, names = manifest.read_verified(folder), {path.name for path in folder.iterdir()}
    size = (folder / before.adapters[before.adapter].file).stat().st_size
    disk.fill(1 if room == "for nothing" else -(-size // 4096))
    done = killah("export", "adapter", str(folder), "--composition", composition, "--force")
    assert done.code == 1
    assert "the disk is full. Free some space" in done.err and len(done.err.strip().splitlines()) == 1
    assert manifest.read_verified(folder) == before
    assert {path.name for path in folder.iterdir()} == names

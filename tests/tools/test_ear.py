"""The shipped speech encoder can be made again: letters, shards, augmentation, a run that resumes exactly."""

import json

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2ForCTC

from killah.audio import RATE
from tools.ear import clips
from tools.ear.augment import augment
from tools.ear.letters import LETTERS, encode, spoken
from tools.ear.model import build
from tools.ear.saving import average, save
from tools.ear.train import batches, train
from tools.pretrain.train import Recipe, Run


def test_text_is_reduced_to_what_is_said():
    assert spoken("“Don’t—stop!” he said; ‘now’.") == "don't stop he said now"
    assert spoken("Всё, что было…") == "все что было"
    with pytest.raises(ValueError, match="letters"):
        spoken("in 1887")
    assert "".join(LETTERS[i] for i in encode("be я")) == "be|я"


def test_augmentation_keeps_length_nearly_and_depends_only_on_its_generator():
    tone = np.sin(np.arange(RATE) / 10).astype(np.float32)
    for seed in range(20):
        one, same = (augment(tone, np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(one, same)
        assert 0.85 * RATE < len(one) < 1.15 * RATE
        assert np.isfinite(one).all()
        assert np.abs(one).max() <= 1.0


def _shards(folder, count=12):
    random = np.random.default_rng(0)
    for name in ("train-a", "dev-a"):
        found = (
            (np.sin(np.arange(RATE // 2 + 400 * i) * 0.05 * (1 + i % 2)), "ab" if i % 2 else "cd", "s")
            for i in range(count)
        )
        clips.write(folder / name, found)
    return random


def test_shards_return_what_was_written_and_batches_hold_every_clip_once(tmp_path):
    _shards(tmp_path)
    found = clips.listed(tmp_path, "train-*")
    assert [c.text for c in found[:2]] == ["cd", "ab"]
    assert np.abs(clips.samples(tmp_path, found[1]) - np.sin(np.arange(RATE // 2 + 400) * 0.1)).max() < 1e-4
    for epoch in (0, 1):
        planned = batches(found, 2.5, epoch, 1)
        assert sorted(c.start for batch in planned for c in batch) == sorted(c.start for c in found)
        assert all(len(batch) * max(c.samples for c in batch) <= 2.5 * RATE for batch in planned)


def test_a_run_that_was_resumed_is_the_run_that_was_not_and_transformers_loads_what_it_saves(tmp_path):
    _shards(tmp_path)

    def run(folder, steps):
        torch.manual_seed(1)
        folder.mkdir(exist_ok=True)
        made = Run(build("tiny"), Recipe(steps=4, warmup=1, save_every=2), folder, "cpu")
        made.resume()
        made.recipe = Recipe(steps=steps, warmup=1, decay=0.0, save_every=2)
        train(made, tmp_path, 3, lambda _: None)
        return made

    whole = run(tmp_path / "whole", 4)
    run(tmp_path / "parts", 2)
    again = run(tmp_path / "parts", 4)
    for name, master in whole.masters.items():
        assert torch.equal(master, again.masters[name]), name
    entries = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert entries[-1]["valid"] > 0 and len(entries) == 4

    early = run(tmp_path / "early", 1)
    ours, theirs = (each.masters["lm_head.weight"].detach().clone() for each in (again, early))
    average(early, again, 0.25)
    assert torch.allclose(early.masters["lm_head.weight"], 0.75 * theirs + 0.25 * ours)
    assert torch.equal(early.model.lm_head.weight.float(), early.masters["lm_head.weight"].bfloat16().float())

    save(again, tmp_path / "saved")
    model = Wav2Vec2ForCTC.from_pretrained(tmp_path / "saved")
    assert model.config.vocab_size == len(LETTERS)
    assert model.float()(torch.zeros(1, RATE)).logits.shape == (1, 24, len(LETTERS))
    assert (tmp_path / "saved" / "vocab.json").exists()

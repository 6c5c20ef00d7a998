"""Planning: figures a reader can redo by hand."""

import pytest

from killah.errors import KillahError
from killah.gemma.trees import flat
from killah.training import memory, plan
from killah.training.config import Config, Lora
from killah.training.personas import PersonaProjector

# Gemma 3 4B, rank 64: k, v (2560, 1024), o (2048, 2560), gate, up (2560, 10240), in 34 layers.
TRAINED = 64 * 34 * (2 * (2560 + 1024) + (2048 + 2560) + 2 * (2560 + 10240))
# q, k, v, o and three of the MLP in each layer, and the embedding.
WEIGHTS = 34 * (2 * 2560 * 2048 + 2 * 2560 * 1024 + 3 * 2560 * 10240) + 262_208 * 2560


@pytest.fixture(scope="module")
def four_billion():
    return plan.plan("lora", "gemma-3-4b", 64, 4, 1024)


def test_tokens_and_steps_of_the_4b(four_billion):
    assert four_billion.trained == TRAINED == 81_330_176
    assert four_billion.tokens == 20 * TRAINED
    assert four_billion.steps == -(-20 * TRAINED // 4096)
    assert memory.base_parameters(plan.dimensions("gemma-3-4b")) == WEIGHTS
    assert four_billion.flops_per_token == 4 * WEIGHTS + 6 * TRAINED


def test_hours_are_work_by_speed(four_billion):
    a100 = four_billion.devices[1]
    hours = 20 * TRAINED * (4 * WEIGHTS + 6 * TRAINED) / (0.4 * 312e12) / 3600
    assert a100.hours[0] == pytest.approx(hours)
    assert a100.hours[1] == pytest.approx(hours * (6 * WEIGHTS + 6 * TRAINED) / (4 * WEIGHTS + 6 * TRAINED))
    assert all(kept > checkpointed for kept, checkpointed in (each.bytes for each in four_billion.devices))


def test_this_machine_is_measured_and_assumptions_are_said(four_billion):
    assert [each.device for each in four_billion.devices] == ["M1 Max", "A100", "this machine"]
    assert 1e8 < plan.measured_flops(256, 0.05) < 1e14
    text = " ".join(four_billion.assumptions)
    for word in ("20 tokens", "35%", "40%", "matrix product", "INT4", "rank 64"):
        assert word in text


def test_a_projector_is_counted_as_it_is_made():
    form = plan.dimensions("pushkin-nano")
    config = Config(data="x", soft_tokens=3)
    made = PersonaProjector(plan.PERSONA, 0, form.hidden_size, tokens=3)
    count = sum(v.size for v in flat(made.trainable_parameters()).values())
    assert plan.trained_parameters("persona-projector", form, config) == count


@pytest.mark.parametrize("stage", plan.STAGES)
def test_every_stage_and_installed_models_are_planned(tiny, stage):
    found = plan.plan(stage, "tiny", 4, 2, 64)
    assert found.trained > 0
    assert found.steps >= 1
    assert all(each.bytes[0] > 0 for each in found.devices)
    assert len(plan.rows(found)) == 3


def test_a_lower_rank_trains_less():
    form = plan.dimensions("gemma-3-1b")
    ranks = [memory.lora_parameters(form, Lora(rank=rank)) for rank in (8, 16)]
    assert ranks[1] == 2 * ranks[0]


def test_nobody_knows_another_model_or_stage():
    with pytest.raises(KillahError, match="There is no model 'gemma-9'"):
        plan.plan("lora", "gemma-9", 64, 4, 1024)
    with pytest.raises(KillahError, match="no training stage 'x'"):
        plan.plan("x", "gemma-3-4b", 64, 4, 1024)

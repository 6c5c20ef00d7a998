"""Configurations as mlx-lm's users have them, and one sentence for what is wrong."""

from pathlib import Path

import pytest
import yaml
from recipes import texts, write_rows

from killah.errors import KillahError
from killah.training import config, runs

# mlx_lm/examples/lora_config.yaml of mlx-lm 0.32, its comments left out and what they offer put in.
MLX_LM = """
model: "mlx-community/Llama-3.2-1B-Instruct-bf16"
train: true
fine_tune_type: lora
optimizer: adamw
optimizer_config:
  adamw:
    betas: [0.9, 0.98]
    eps: 1e-6
    weight_decay: 0.05
    bias_correction: true
data: "mlx-community/WikiSQL"
seed: 0
num_layers: 16
batch_size: 4
iters: 1000
val_batches: 25
learning_rate: 1e-5
report_to: wandb,swanlab
project_name: "Your-awesome-mlx-project-name"
steps_per_report: 10
steps_per_eval: 200
grad_accumulation_steps: 1
resume_adapter_file: null
adapter_path: "adapters"
save_every: 100
test: false
test_batches: 100
max_seq_length: 2048
grad_checkpoint: false
lora_parameters:
  keys: ["self_attn.q_proj", "self_attn.v_proj"]
  rank: 8
  scale: 20.0
  dropout: 0.0
lr_schedule:
  name: cosine_decay
  warmup: 100
  warmup_init: 1e-7
  arguments: [1e-5, 1000, 1e-7]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lora_config.yaml"
    path.write_text(MLX_LM)
    return path


def test_mlx_lms_example_is_taken_as_it_is(file):
    read = config.read(file)
    assert (read.num_layers, read.batch_size, read.steps_per_eval, read.seed) == (16, 4, 200, 0)
    assert read.learning_rate == 1e-5
    assert read.warmup == 0.1
    assert read.lora_parameters.keys == ["self_attn.q_proj", "self_attn.v_proj"]
    assert (read.lora_parameters.rank, read.lora_parameters.multiplier) == (8, 20.0)


def test_mlx_lms_example_trains_on_mlx_lms_rows(file, tiny, tmp_path):
    turns = [{"role": "user", "content": "sea?"}, {"role": "assistant", "content": "boat"}]
    rows = [{"prompt": t, "completion": "gull"} for t in texts(6)] + [{"messages": turns}] * 6
    data = write_rows(tmp_path / "data", rows, rows[:2])
    changes = [f"data={data}", f"adapter_path={tmp_path / 'run'}", "model=tiny", "install=false", "iters=2"]
    seen = []
    figures = runs.run("lora", file, changes, seen.append)
    assert [e["step"] for e in seen] == [1, 2]
    assert figures["tokens"] > 0


def test_overrides_reach_into_parts_and_read_numbers(file):
    changes = ["lora_parameters.rank=2", "learning_rate=3e-4", "name=1e", "lora_parameters.keys=[a]"]
    read = config.read(file, changes)
    assert (read.lora_parameters.rank, read.learning_rate, read.name) == (2, 3e-4, "1e")
    assert read.lora_parameters.keys == ["a"]
    assert read.lora_parameters.scale == 20.0


def test_alpha_and_rank_stabilised_scaling():
    assert config.Lora().multiplier == 2.0
    assert config.Lora(rank=64, alpha=16, rslora=True).multiplier == 2.0


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("batchsize=2", r"batchsize: there is no such key. Did you mean batch_size\?"),
        ("lora_parameters.alpah=2", r"lora_parameters\.alpah: there is no such key. Did you mean alpha\?"),
        ("lora_parameters.qqq=2", r"there is no such key. Known: rank, alpha, scale"),
        ("batch_size=many", "batch_size: .*integer"),
        ("batch_size=0", "batch_size: .*greater than or equal to 1"),
        ("seed=-1", "seed: "),
        ("val_batches=0", "val_batches"),
        ("fine_tune_type=dora", "fine_tune_type dora is not supported"),
        ("lr_schedule={name: step_decay}", "lr_schedule step_decay is not supported"),
        ("lr_schedule={name: cosine_decay}", "lr_schedule"),
        ("lr_schedule={name: cosine_decay, arguments: [x], warmup: y}", "lr_schedule"),
        ("name=a/b", "cannot be an adapter's name"),
        ("batch_size", "is not KEY=VALUE"),
        ("seed.part=1", "seed has no parts"),
        ("data={a: 1}", "data: "),
        ("iters=[", "is not YAML"),
    ],
)
def test_what_is_wrong_is_one_sentence(file, override, says):
    with pytest.raises(KillahError, match=says) as caught:
        config.read(file, [override])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"), [("a: [", "is not YAML"), ("- a", "is not a list of"), (None, "Cannot read")]
)
def test_a_file_that_is_none_is_one_sentence(tmp_path, text, says):
    if text is not None:
        (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(KillahError, match=says) as caught:
        config.read(tmp_path / "c.yaml")
    assert "\n" not in str(caught.value)


def test_a_schedule_longer_than_the_run_warms_up_to_its_end(file):
    assert config.read(file, ["iters=50"]).warmup < 1


def test_every_setting_is_documented():
    for part in (config.Config, config.Lora, config.Intruders):
        for name, field in part.model_fields.items():
            assert field.description or name in (
                "seed",
                "weight_decay",
                "intruders",
                "lora_parameters",
                "licence",
            )


def test_a_home_is_found(file):
    assert config.read(file, ["data=~/texts"]).data == Path.home() / "texts"
    assert yaml.safe_load(MLX_LM)["data"] == "mlx-community/WikiSQL"

"""The ratios of the stack's benchmark: what is divided by what."""

import loras
import numpy as np
import pytest

from killah.adapters import catalog, package
from tools.bench import adapters, noise
from tools.bench.adapters_worker import DECODE, in_turns


def test_a_ratio_is_of_runs_that_followed_each_other() -> None:
    times = {"base": [10.0, 40.0, 20.0], "3_active": [11.0, 80.0, 22.0]}
    found = adapters._decoding("killah", times)
    assert found["killah_base_tokens_per_second"] == pytest.approx(1000 * DECODE / 10)
    assert found["killah_time_ratio_3_active"] == pytest.approx(1.1)
    assert found["killah_time_ratio_3_active_least"] == pytest.approx(1.1)
    assert "killah_time_ratio_1_active" not in found


def test_goals_are_of_three_adapters_and_the_median_swap() -> None:
    swaps = adapters._swapping("killah", {"base": [1.0], "swap": [1.0, 2.0, 30.0]})
    assert swaps["killah_swap_ms"] == 2.0
    assert swaps["killah_swap_ms_p95"] > 20
    met = adapters._goals(swaps | {"killah_time_ratio_3_active": 1.16})
    assert (met["goal_three_adapters_met"], met["goal_swap_met"]) == (False, True)


def test_contenders_take_turns_after_a_warm_up() -> None:
    seen: list[str] = []
    ways = {name: (lambda: None, lambda name=name: seen.append(name)) for name in "ab"}
    times = in_turns(ways, repeats=2)
    assert seen == list("ababab")
    assert {name: len(found) for name, found in times.items()} == {"a": 2, "b": 2}


def test_noise_stands_in_for_adapters_that_are_not_there(tmp_path) -> None:
    folder, about = loras.base(tmp_path / "tiny")
    with noise.adapters(folder, 2) as (used, kind):
        assert kind == "random"
        a, b = (each.tensors["model.layers.0.mlp.up_proj.lora_b"] for each in used)
        assert not np.array_equal(a.tolist(), b.tolist())
    for name in ("one", "two"):
        card = loras.card(about, name)
        package.write(catalog.own_folder(name, about.name), card, loras.tensors(folder))
    with noise.adapters(folder, 2) as (used, kind):
        assert (kind, [each.card.name for each in used]) == ("installed", ["one", "two"])

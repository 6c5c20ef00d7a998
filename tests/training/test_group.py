"""What two real processes tell each other."""

import json
import subprocess
import sys

import mlx.core as mx
import pytest

from killah.training import launch
from killah.training.group import Group

EACH = """
import json
import mlx.core as mx
from killah.training import group
group.CHUNK = 6
own = group.Group()
n = own.rank + 1
tree = {"b": [mx.full((2, 2), n, mx.float16), {"a": mx.array([n, 2 * n])}], "step": mx.array(n, mx.uint64)}
total, shared = own.sum(tree), own.share(tree)
note = own.share_note({"best": float("inf"), "text": "ein Übergang" if own.rank == 0 else ""})
found = [total["b"][0].tolist(), total["b"][1]["a"].tolist(), total["step"].item()]
dtypes = [str(shared["b"][0].dtype), str(shared["step"].dtype)]
found += [shared["b"][0].tolist(), *dtypes, shared["step"].item()]
print("found " + json.dumps([own.size, own.rank, *found, note]), flush=True)
"""


def test_sums_are_of_all_and_what_is_shared_is_the_firsts():
    port = str(launch._free_port(2))
    command = [sys.executable, "-c", launch._LAUNCH, "--backend", "ring", "-n", "2", "--starting-port", port]
    command += ["--", sys.executable, "-c", EACH]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=" " * 100_000)
    lines = sorted(line.partition("found ")[2] for line in done.stdout.splitlines() if "found " in line)
    same = [[[3, 3], [3, 3]], [3, 6], 3, [[1, 1], [1, 1]], "mlx.core.float16", "mlx.core.uint64", 1]
    note = {"best": float("inf"), "text": "ein Übergang"}
    assert [json.loads(line) for line in lines] == [[2, 0, *same, note], [2, 1, *same, note]]


def test_one_process_alone_is_left_as_it_is():
    group = Group()
    tree = {"a": mx.array([1.0])}
    assert (group.size, group.rank) == (1, 0)
    assert group.sum(tree) is tree
    assert group.share(tree) is tree
    assert group.share_note("x") == "x"


@pytest.mark.parametrize("count", [1, 3])
def test_ports_in_a_row_are_free(count):
    assert launch._free_port(count) > 1023

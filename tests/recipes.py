"""Rows and settings of runs on a base as small as `checkpoints` makes it; a run takes a second."""

import json
import random

WORDS = "sea boat gull grey rope net tide salt wind oar".split()
SETTINGS = {
    "model": "tiny",
    "name": "sailor",
    "role": "persona",
    "install": False,
    "batch_size": 2,
    "iters": 8,
    "learning_rate": 1e-2,
    "steps_per_eval": 4,
    "save_every": 2,
    "val_batches": 2,
    "max_seq_length": 64,
    "dtype": "float32",
    "lora_parameters": {"rank": 4, "alpha": 8.0, "dropout": 0.1},
    "intruders": {"watched": 2, "top": 4},
}


def texts(count, seed=0):
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randint(3, 8))) for _ in range(count)]


def write_rows(folder, rows=None, valid=None):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"text": t} for t in texts(24)] if rows is None else rows
    valid = [{"text": t} for t in texts(4, seed=1)] if valid is None else valid
    for name, each in (("train", rows), ("valid", valid)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in each))
    return folder

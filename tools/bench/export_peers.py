"""What bundles are compared with: eager torch, MLX, transformers' own export; and the shapes of a 4B."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

PROMPT = 48
CONTEXT = 2048
VOCABULARY = 16_384  # of the 4B's layers; its own 262,208 rows would only add bytes, at a known price each


def speeds(base: Path, root: Path, tokens: int) -> dict[str, Any]:
    """Greedy tokens a second of CPU time: eager torch, MLX, transformers' ExecuTorch export, all float32."""
    import torch

    from killah.export.composed import gather
    from killah.export.executorch import check, parts
    from killah.export.executorch.quiet import quiet
    from killah.export.executorch.reference import Reference
    from killah.export.executorch.wish import Wish

    alone = gather(base, {})
    ids = check.sample(base)[:PROMPT]
    decoder, embedding, _ = parts.text(alone, Wish(root, context=CONTEXT))
    ours = Reference(alone)

    def eager(vectors: Any, start: int) -> int:
        with torch.no_grad():
            return int(decoder(vectors, torch.arange(start, start + vectors.shape[1]))[0, -1].argmax())

    def embed(found: list[int]) -> Any:
        with torch.no_grad():
            return embedding(torch.tensor([found]))

    found: dict[str, Any] = {}
    with quiet():
        found["eager_torch_tokens_per_cpu_s"] = _speed(eager, embed, ids, tokens)
        found["mlx_tokens_per_cpu_s"] = _mlx(ours, ids, tokens)
        step, size = _transformers(base, root)
        found["transformers_export_tokens_per_cpu_s"] = _speed(
            step, lambda ids: torch.tensor([ids]), ids, tokens
        )
    return found | {"transformers_export_mb": size / 1e6}


def _speed(
    step: Callable[[Any, int], int], embed: Callable[[list[int]], Any], ids: list[int], n: int
) -> float:
    best = 0.0
    for _ in range(3):
        started, place = time.process_time(), len(ids)
        token = step(embed(ids), 0)
        for _ in range(n):
            token = step(embed([token]), place)
            place += 1
        best = max(best, n / (time.process_time() - started))
    return best


def _mlx(ours: Any, ids: list[int], tokens: int) -> float:
    best = 0.0
    for _ in range(3):
        started = time.process_time()
        ours.write(ours.embed(ids), tokens)
        best = max(best, tokens / (time.process_time() - started))
    return best


def _transformers(base: Path, root: Path) -> tuple[Callable[[Any, int], int], int]:
    """The base as transformers exports it, lowered to XNNPACK: ids (1, n) and a position to the next id."""
    import torch
    from executorch.extension.pybindings.portable_lib import _load_for_executorch

    path = root / "transformers.pte"
    if not path.exists():
        _export(base, path)
    program = _load_for_executorch(str(path))

    def step(ids: Any, start: int) -> int:
        token = torch.zeros(())
        for i in range(ids.shape[1]):  # it was exported for one token at a time
            inputs = [ids[:, i : i + 1].contiguous(), None, torch.tensor([start + i])]
            token = program.run_method("forward", inputs)[0]
        return int(token[0, -1].argmax())

    return step, path.stat().st_size


def _export(base: Path, path: Path) -> None:
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge_transform_and_lower
    from executorch.exir.passes import MemoryPlanningPass
    from transformers import Gemma3ForCausalLM
    from transformers.integrations.executorch import TorchExportableModuleWithHybridCache

    from killah.export import hf
    from killah.export.composed import gather

    with tempfile.TemporaryDirectory() as made:
        folder = hf.write(gather(base, {}), Path(made) / "hf")
        model = Gemma3ForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="sdpa"
        ).eval()
    model.generation_config.use_cache = True
    wrapped = TorchExportableModuleWithHybridCache(model, 1, CONTEXT)
    with torch.no_grad():
        inputs = (torch.zeros(1, 1, dtype=torch.long), None, torch.tensor([0]))
        exported = torch.export.export(wrapped, inputs, strict=True)
        edge = to_edge_transform_and_lower(
            exported,
            partitioner=[XnnpackPartitioner()],
            compile_config=EdgeCompileConfig(_check_ir_validity=False, _skip_dim_order=True),
        )
        done = edge.to_executorch(
            ExecutorchBackendConfig(memory_planning_pass=MemoryPlanningPass(alloc_graph_input=False))
        )
    with path.open("wb") as file:
        done.write_to_file(file)


def transcript(folder: Path, sound: np.ndarray) -> str:
    """What Killah writes down of a recording (samples,) on MLX, with the bundle's ear and base."""
    from killah.audio.recognition.recogniser import Recogniser
    from killah.engine.hearing.projected import Projected
    from killah.engine.members import Members
    from killah.export.executorch import manifest
    from killah.gemma import base, catalog

    about = manifest.read(folder)
    assert about.audio is not None
    loaded = base.load(catalog.find(about.base))
    heard = Projected(loaded, Members(loaded), Recogniser.load(about.audio.encoder))
    return heard.text(heard.written(heard.soft(sound)))


def large() -> dict[str, Any]:
    """Layers of Gemma 3 4B's shape with random weights, in INT4: one, two, and 34 extrapolated from them.

    The vocabulary is 16,384 tokens; the rest of the 262,208 is 0.94 GB (INT8 output layer, INT4 embedding).
    """
    small, more = (_layers(count) for count in (1, 2))
    figures: dict[str, Any] = {"4b_vocabulary_measured": VOCABULARY}
    for name in ("seconds", "peak_gb", "program_gb"):
        each = more[name] - small[name]
        figures[f"4b_{name}_1_layer"] = small[name]
        figures[f"4b_{name}_2_layers"] = more[name]
        figures[f"4b_{name}_34_layers_extrapolated"] = small[name] + 33 * each
    return figures


def _layers(count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench.export_peers", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _lower_layers(count: int) -> dict[str, float]:
    """Lower `count` layers of the 4B's shape, quantised to INT4."""
    import torch

    from killah.export.executorch import lowering, quantising
    from killah.export.executorch.decoder import TextDecoder, TokenEmbedding
    from killah.gemma.checkpoint import TextConfig
    from killah.gemma.gemma3 import Config

    kinds = ["full_attention" if i % 6 == 0 else "sliding_attention" for i in range(count)]
    shape = TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=2560,
        intermediate_size=10_240,
        num_hidden_layers=count,
        sliding_window=1024,
        layer_types=kinds,  # pyright: ignore[reportArgumentType]
    )
    started = time.process_time()
    weights = {name: 0.02 * torch.randn(size) for name, size in shape.shapes()}
    decoder = TextDecoder(Config.read(shape.model_dump()), weights, 2048, "fused").eval()
    embedding = TokenEmbedding(weights["model.embed_tokens.weight"]).eval()
    quantising.quantise(decoder, "int4", "xnnpack")
    quantising.quantise_embedding(embedding, 4, "xnnpack")
    del weights
    methods = {
        "token_embedding": lowering.token_embedding(embedding, 256),
        "text_decoder": lowering.text_decoder(decoder, 2560, 256),
    }
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        lowering.lower(
            methods, {}, "xnnpack", folder, "a.pte", apart=False, quantised=True, step=lambda _: None
        )
        size = (folder / "a.pte").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": time.process_time() - started, "peak_gb": peak / 1e9, "program_gb": size / 1e9}


if __name__ == "__main__":
    mx.set_default_device(mx.cpu)
    np.random.seed(0)
    print(json.dumps(_lower_layers(int(sys.argv[1]))))

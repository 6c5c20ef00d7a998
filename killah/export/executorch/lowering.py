"""From torch modules to one ExecuTorch program, its weights perhaps in data files beside it.

A method's length is dynamic. torch's own convolution kernels are switched off meanwhile: their choice of a
kernel would silently limit how long a recording may be.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from executorch.devtools.backend_debug import get_delegation_info
from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge_transform_and_lower
from executorch.exir.error import ExportError
from executorch.exir.passes import MemoryPlanningPass
from executorch.exir.passes.external_constants_pass import delegate_external_constants_pass_unlifted
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from killah.errors import KillahError
from killah.export.executorch import mlx_schema
from killah.export.executorch.manifest import Backend
from killah.export.executorch.quiet import quiet

Step = Callable[[str], None]  # told what is done next
ADAPTER, BASE = "adapter", "base"  # names of the data files, without .ptd
_TEXT_MODEL = re.compile(r"((self_attn|mlp)[._]\w+_proj|lm_head|embed_tokens)\S*weight")

_REFUSED = re.compile(r"Missing out variants|is not supported|NOT_SUPPORTED")


@dataclass(frozen=True)
class Method:
    """A module with an example of its inputs, and which of their axes are of any length."""

    module: nn.Module
    inputs: tuple[Tensor, ...]
    shapes: tuple[dict[int, Any], ...]


@dataclass(frozen=True)
class Lowered:
    """What was written: data files by name, and the share of each method's operators the backend took."""

    data: list[str]
    delegated: dict[str, float]
    left: dict[str, dict[str, int]]


def text_decoder(module: nn.Module, hidden: int, chunk: int | None) -> Method:
    """Vectors (1, n, hidden) and positions (n,), n up to `chunk`; always 1 where that is None."""
    count = 3 if chunk else 1
    inputs = (torch.randn(1, count, hidden), torch.arange(count))
    length = Dim("n", min=1, max=chunk) if chunk else None
    return Method(module, inputs, ({1: length}, {0: length}) if chunk else ({}, {}))


def token_embedding(module: nn.Module, chunk: int) -> Method:
    """Ids (1, n), n up to `chunk`."""
    ids = torch.zeros(1, min(3, chunk), dtype=torch.long)
    return Method(module, (ids,), ({1: Dim("n", min=1, max=chunk)} if chunk > 1 else {},))


def audio_encoder(module: nn.Module, per_token: int, extra: int, longest: int) -> Method:
    """Samples (1, 1, tokens * per_token + extra), up to `longest` tokens."""
    tokens = Dim("tokens", min=1, max=longest)
    return Method(module, (torch.randn(1, 1, 4 * per_token + extra),), ({2: per_token * tokens + extra},))


def persona_projector(module: nn.Module, width: int) -> Method:
    """One vector (1, width)."""
    return Method(module, (torch.randn(1, width),), ({},))


def lower(
    methods: Mapping[str, Method],
    constants: Mapping[str, Any],
    backend: Backend,
    folder: Path,
    program: str,
    *,
    apart: bool,
    quantised: bool,
    step: Step,
) -> Lowered:
    """Write `folder / program`; with `apart` the LoRA slot of `text_decoder`, and a float base, beside it."""

    def tag(node: torch.fx.Node) -> str | None:
        return _file_of(f"{node.target}{node.name}", apart, quantised)

    with quiet(), torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        partitioners = {name: [_partitioner(backend, name, step)] for name in methods}
        exported: dict[str, ExportedProgram] = {}
        for name, method in methods.items():
            step(f"tracing {name}")
            exported[name] = _traced(method)
            if apart and name == "text_decoder":
                module = exported[name].module()
                delegate_external_constants_pass_unlifted(module, gen_tag_fn=tag)
                exported[name] = _traced(Method(module, method.inputs, method.shapes))
        with _refusals(backend):
            edge = to_edge_transform_and_lower(
                exported,
                partitioner=partitioners,
                transform_passes=_passes(backend),
                compile_config=EdgeCompileConfig(_check_ir_validity=False, _skip_dim_order=True),
                constant_methods=dict(constants),
            )
            step("writing the program")
            found = {name: _share(edge.exported_program(name)) for name in methods}
            done = edge.to_executorch(
                ExecutorchBackendConfig(
                    memory_planning_pass=MemoryPlanningPass(alloc_graph_input=False),
                    external_constants=tag if apart else False,
                    do_quant_fusion_and_const_prop=quantised,
                )
            )
        with (folder / program).open("wb") as file:
            done.write_to_file(file)
        done.write_tensor_data_to_file(str(folder))
    data = sorted(path.name for path in folder.glob("*.ptd"))
    return Lowered(data, {n: share for n, (share, _) in found.items()}, {n: o for n, (_, o) in found.items()})


@contextlib.contextmanager
def _refusals(backend: Backend) -> Iterator[None]:
    """An operator that the backend or ExecuTorch lacks becomes a `KillahError`; all else is a bug."""
    try:
        yield
    except (ExportError, RuntimeError) as error:  # NotImplementedError is a RuntimeError
        first = next(iter(str(error).strip().splitlines()), "")
        if not isinstance(error, NotImplementedError) and not _REFUSED.search(first):
            raise
        raise KillahError(
            f"{backend} cannot take this model: {first[:200] or 'an operator is missing'}.",
            "Try another --backend.",
        ) from error


def _traced(method: Method) -> ExportedProgram:
    return torch.export.export(method.module, method.inputs, dynamic_shapes=method.shapes, strict=True)


def _file_of(name: str, apart: bool, quantised: bool) -> str | None:
    """The data file of a constant by its name; None keeps it in the program.

    Only the text model's: a data file knows a constant by its name alone, and both projectors have the same.
    """
    if not apart:
        return None
    if "lora_" in name:
        return ADAPTER
    return BASE if not quantised and _TEXT_MODEL.search(name) else None


def _partitioner(backend: Backend, method: str, step: Step) -> Any:
    """Chooses the operators that the backend takes, and tells `step` when a method's turn comes."""
    kind, options = _delegate(backend)

    class Telling(kind):
        def partition(self, exported_program: ExportedProgram) -> Any:
            step(f"lowering {method}")
            return super().partition(exported_program)

    return Telling(**options)


def _delegate(backend: Backend) -> tuple[type, dict[str, Any]]:
    """The backend's partitioner with its options."""
    if backend == "xnnpack":
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner

        return XnnpackPartitioner, {}
    if backend == "mlx":
        mlx_schema.prepare()
        from executorch.backends.mlx import MLXPartitioner

        return MLXPartitioner, {}
    if backend == "coreml":
        return _core_ml()
    from executorch.exir.backend.partitioner import Partitioner, PartitionResult

    class Nothing(Partitioner):
        def partition(self, exported_program: ExportedProgram) -> PartitionResult:
            return PartitionResult(exported_program, {})

    return Nothing, {}


def _core_ml() -> tuple[type, dict[str, Any]]:
    try:
        import coremltools
        from executorch.backends.apple.coreml.compiler import CoreMLBackend
        from executorch.backends.apple.coreml.partition import CoreMLPartitioner
    except ImportError as error:
        raise KillahError(
            "Apple's coremltools are not installed.", "Export on a Mac or on Linux for x86-64."
        ) from error
    specs = CoreMLBackend.generate_compile_specs(
        minimum_deployment_target=coremltools.target.iOS18,
        compute_precision=coremltools.precision.FLOAT16,
        compute_unit=coremltools.ComputeUnit.CPU_AND_NE,
    )
    return CoreMLPartitioner, {"compile_specs": specs, "take_over_mutable_buffer": True}


def _passes(backend: Backend) -> Any:
    if backend != "mlx":
        return None
    from executorch.backends.mlx.passes import get_default_passes

    return get_default_passes()


def _share(exported: ExportedProgram) -> tuple[float, dict[str, int]]:
    """Share of the operators that were delegated, and the others by name."""
    about = get_delegation_info(exported.graph_module)
    table = about.get_operator_delegation_dataframe()
    counts = zip(table["op_type"], table["occurrences_in_non_delegated_graphs"], strict=True)
    rows = [(str(name), int(count)) for name, count in counts if name not in ("Total", "getitem")]
    left = {name: count for name, count in rows if count}
    total = about.num_delegated_nodes + sum(left.values())
    return (about.num_delegated_nodes / total if total else 0.0), left

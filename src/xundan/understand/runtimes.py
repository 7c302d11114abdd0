"""What runs a model's graph: ONNX Runtime, or OpenVINO where it is installed and wanted or measured faster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xundan.errors import ConfigError, MissingExtra

log = logging.getLogger(__name__)

OUTPUTS = ["intent", "buy"]
FASTER = 0.9
"""OpenVINO is taken by itself only where it needs less than so much of the other's time: a switch needs a reason."""

ROUNDS, ROUNDS_S = 5, 0.5
"""A runtime is measured so many times over, or for so many seconds if that is sooner."""

Runtime = Literal["auto", "onnxruntime", "openvino"]
Feed = dict[str, NDArray[Any]]
Run = Callable[[Feed], Sequence[NDArray[Any]]]
"""Computes `intent` and `buy`; thread-safe."""


def open_graph(path: Path, threads: int, runtime: Runtime, probes: Sequence[Feed]) -> Run:
    """The graph, ready to run.

    Args:
        threads: how many threads one pass may use.
        runtime: auto measures both on `probes`, where there are both, and takes the faster.

    Raises:
        ConfigError: the graph cannot be loaded.
        MissingExtra: OpenVINO is asked for and is not installed.
    """
    present = find_spec("openvino") is not None
    if runtime == "openvino":
        if not present:
            raise MissingExtra("model_runtime openvino", "openvino")
        return _openvino(path, threads)
    run = _onnxruntime(path, threads)
    return _faster(path, run, threads, probes) if runtime == "auto" and present else run


def _faster(path: Path, run: Run, threads: int, probes: Sequence[Feed]) -> Run:
    try:
        other = _openvino(path, threads)
        same = all(_alike(run(probe), other(probe)) for probe in probes)
        usual, took = _seconds(run, probes), _seconds(other, probes)
    except Exception as error:  # a graph that only one of them can run: the usual one says what is wrong with it
        log.info("OpenVINO cannot run this model", extra={"action": "runtime", "error": type(error).__name__})
        return run
    chosen = "openvino" if same and took < FASTER * usual else "onnxruntime"
    times = {"onnxruntime_ms": round(usual * 1000, 2), "openvino_ms": round(took * 1000, 2)}
    log.info("model runs on %s", chosen, extra={"action": "runtime", "same_scores": same, **times})
    return other if chosen == "openvino" else run


def _alike(one: Sequence[NDArray[Any]], other: Sequence[NDArray[Any]]) -> bool:
    return all(a.shape == b.shape and np.allclose(a, b, atol=1e-3) for a, b in zip(one, other, strict=True))


def _seconds(run: Run, probes: Sequence[Feed]) -> float:
    """The quickest of a few rounds over all probes: what others did meanwhile is left out."""
    took: list[float] = []
    while len(took) < ROUNDS and sum(took) < ROUNDS_S:
        begin = time.perf_counter()
        for probe in probes:
            run(probe)
        took.append(time.perf_counter() - begin)
    return min(took)


def _onnxruntime(path: Path, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Spinning threads take the event loop's time: with one of two cores busy a pass took twice as long.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base of their own
        raise ConfigError(f"model_dir: {path} cannot be loaded: {type(error).__name__}") from None
    run: Run = partial(session.run, OUTPUTS)
    return run


def _openvino(path: Path, threads: int) -> Run:
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",  # bf16 moves scores by more than the last digit shown
    }
    try:
        compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    except Exception as error:
        raise ConfigError(f"model_dir: {path} cannot be loaded by OpenVINO: {type(error).__name__}") from None
    own = local()  # a request computes for one thread at a time

    def run(feed: Feed) -> list[NDArray[Any]]:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        results = own.request.infer(feed)
        return [np.array(results[name]) for name in OUTPUTS]

    return run

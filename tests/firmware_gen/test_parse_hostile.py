"""Hostile files: each is refused in one line or computes what the reference computes, in bounded time and memory."""

import random
import time
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import mutant
from op_cases import CASES
from tflite_builder import TfliteBuilder, schema

from firmware_gen.emit import render_model
from firmware_gen.graph import Graph
from firmware_gen.numpy_oracle import run_graph
from firmware_gen.oracle import run_oracle_bytes
from firmware_gen.parse import parse_bytes
from firmware_gen.parse.work import macs
from firmware_gen.passes import compile_graph, computed_graph
from host_bridge.errors import UserError

MODELS = {case.name: case.model() for case in CASES}
QUICK_MUTANTS, LONG_MUTANTS = 1_500, 100_000
SECONDS = 5.0
MEMORY = 64 << 20
COMPARABLE_MACS = 200_000


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(seed)
    names = sorted(MODELS)
    for _ in range(count):
        name = rng.choice(names)
        yield name, mutant(MODELS[name], rng)


def accepted(content: bytes, what: str) -> Graph | None:
    """The graph of a file that can be built; None where it is refused. In time, in one line, and never otherwise."""
    start = time.process_time()
    try:
        graph = parse_bytes(content, "model.tflite")
        compile_graph(graph)
    except UserError as error:
        message = str(error)
        assert message and "\n" not in message and message.isprintable(), what
        return None
    finally:
        assert time.process_time() - start < SECONDS, what
    return graph


def check_exact(content: bytes, graph: Graph, what: str) -> bool:
    """The passes keep what the graph computes, and that is what TFLM computes unless it refuses the file."""
    if sum(macs(op, graph.tensors) for op in graph.ops) > COMPARABLE_MACS:
        return False
    source = graph.tensors[graph.input]
    samples = np.random.default_rng(0).integers(-128, 128, (2, *source.shape), np.int8)
    try:
        reference = run_oracle_bytes(content, graph, samples).outputs.reshape(2, -1)
    except UserError:
        return False
    for sample, expected in zip(samples, reference, strict=True):
        assert np.array_equal(run_graph(graph, sample).reshape(-1), expected), what
        assert np.array_equal(run_graph(computed_graph(graph), sample).reshape(-1), expected), what
    return True


def test_mutants_are_refused_in_a_line_or_accepted() -> None:
    counts = {False: 0, True: 0}
    for number, (name, content) in enumerate(mutants(QUICK_MUTANTS, 1)):
        counts[accepted(content, f"mutant {number} of {name}") is None] += 1
    assert min(counts.values()) > QUICK_MUTANTS // 20


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_many_mutants_are_refused_in_a_line_or_accepted() -> None:
    for number, (name, content) in enumerate(mutants(LONG_MUTANTS, 2)):
        accepted(content, f"mutant {number} of {name}")


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("isolated_oracle")
def test_mutants_that_are_accepted_are_exact() -> None:
    """TFLM trusts its file, so each runs in a process of its own."""
    exact = 0
    for number, (name, content) in enumerate(mutants(2_000, 3)):
        what = f"mutant {number} of {name}"
        graph = accepted(content, what)
        exact += graph is not None and content != MODELS[name] and check_exact(content, graph, what)
    assert exact > 50


# --- small files that ask for much ---


def _shared_buffer() -> bytes:
    """Hundreds of tensors over one buffer of 4 MB."""
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 0.1, 0)
    large = builder.tensor((4 << 20,), [0.1], [0], data=b"\1" * (4 << 20))
    for _ in range(500):
        other = builder.tensor((4 << 20,), [0.1], [0])
        builder.tensors[other].buffer = builder.tensors[large].buffer
    return builder.finish(source, builder.lookup("RELU", source, (0.1, 0)))


def _many_scales() -> bytes:
    """The same quantisation parameters for thousands of tensors."""
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 0.1, 0)
    first = builder.tensor((60_000,), [0.1] * 60_000, [0] * 60_000)
    for _ in range(30):
        builder.tensors[builder.tensor((60_000,), [], [])].quantization = builder.tensors[first].quantization
    return builder.finish(source, builder.lookup("RELU", source, (0.1, 0)))


def _chain(length: int) -> Callable[[], bytes]:
    def build() -> bytes:
        builder = TfliteBuilder()
        source = output = builder.activation((1, 4), 0.1, 0)
        for _ in range(length):
            output = builder.lookup("RELU", output, (0.1, 0))
        return builder.finish(source, output)

    return build


def _resized(size: int, wanted: int) -> Callable[[], bytes]:
    def build() -> bytes:
        builder = TfliteBuilder()
        source = builder.activation((1, size, 1, 1), 0.1, 0)
        return builder.finish(source, builder.resize_nearest(source, (wanted, 1)))

    return build


def _slow_convolution() -> bytes:
    builder = TfliteBuilder()
    source = builder.activation((1, 1700, 1700, 1), 0.1, 0, name="wide")
    return builder.finish(source, builder.conv(source, np.ones((1, 255, 255, 1)), [0.1], None, (0.5, 1)))


def _slow_pool() -> bytes:
    builder = TfliteBuilder()
    source = builder.activation((1, 1700, 1700, 1), 0.1, 0, name="wide")
    return builder.finish(source, builder.pool(source, "max", (255, 255), padding="same"))


BOMBS: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "one buffer for many tensors": (_shared_buffer, None),
    "scales for many tensors": (_many_scales, "more than 1048576 scales"),
    "as many operators as are allowed": (_chain(1000), None),
    "more operators": (_chain(1001), "1001 operators; at most 1000"),
    "resize by odd steps": (_resized(30_001, 60_001), "use whole factors up to 8"),
    "resize to millions": (_resized(2, 16_000_000), "at most 65535"),
    "a convolution of 10^11 products": (_slow_convolution, "CONV_2D writing 't2'; at most 1e+10 are supported"),
    "a pool over as many": (_slow_pool, "MAX_POOL_2D writing 't1'; at most 1e+10"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", BOMBS)
def test_small_files_cannot_ask_for_time(name: str) -> None:
    build, reason = BOMBS[name]
    content = build()
    if reason is None:
        compile_graph(parse_bytes(content, "model.tflite"))
    else:
        with pytest.raises(UserError) as caught:
            compile_graph(parse_bytes(content, "model.tflite"))
        assert reason in str(caught.value)


def test_small_files_cannot_ask_for_memory() -> None:
    content = _shared_buffer()
    tracemalloc.start()
    try:
        compile_graph(parse_bytes(content, "model.tflite"))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


# --- names ---

_NAMES = st.one_of(
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b'"; int x; //', b"*/ int x; /*", b"??/\n??=", b"a\\\nb", b"%s%n", b"[red]x[/]", b"x" * 10_240]
    ),
)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(_NAMES, min_size=4, max_size=4), file_name=st.text(max_size=40))
def test_names_never_reach_c_or_messages_as_they_are(names: list[bytes], file_name: str) -> None:
    builder = TfliteBuilder()
    source = builder.activation((1, 4, 4, 1), 0.1, 0)
    output = builder.conv(source, np.ones((2, 3, 3, 1)), [0.1], np.ones(2), (0.5, 1))
    for tensor, name in zip(builder.tensors, names, strict=True):
        tensor.name = name
    graph = parse_bytes(builder.finish(source, output), file_name)
    assert graph.name.isascii() and all(c.isalnum() or c in "-_." for c in graph.name) and 0 < len(graph.name) <= 31
    text = render_model(graph, *compile_graph(graph), 0)["fp_model_data.c"]
    assert (text.isascii() and text.isprintable()) or set(text) - set("\n") <= set(map(chr, range(32, 127)))
    assert "??" not in text and "\\" not in text.replace("\\\n", "")
    comments = [line for line in text.splitlines() if "layer 0" in line or "layer 1" in line]
    assert comments and all(line.count("/*") == line.count("*/") == 1 for line in comments)
    assert max(map(len, text.splitlines())) < 200


EXTREMES = {
    "fully connected": lambda builder, x: builder.fully_connected(x, np.ones((2, 4)), [3e38], None, (0.5, 1)),
    "multiplication": lambda builder, x: builder.binary("mul", [x, x], (0.5, 1)),
    "addition": lambda builder, x: builder.binary("add", [x, x], (1e-30, 1)),
    "slope": lambda builder, x: builder.lookup("LEAKY_RELU", x, (1e-30, 0), float("inf")),
    "slope that is no number": lambda builder, x: builder.lookup("LEAKY_RELU", x, (0.1, 0), float("nan")),
    "beta that is no number": lambda builder, x: builder.softmax(x, float("nan")),
    "rescaling": lambda builder, x: builder.lookup("QUANTIZE", x, (1e-38, 0)),
    "hard swish": lambda builder, x: builder.lookup("HARD_SWISH", x, (1e-38, 0)),
    "hard swish of a large scale": lambda builder, x: builder.lookup("HARD_SWISH", x, (3e38, 0)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("name", EXTREMES)
def test_scales_at_the_ends_of_float32_are_refused(name: str) -> None:
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 3e38, 0)
    content = builder.finish(source, EXTREMES[name](builder, source))
    with pytest.raises(UserError, match="writing 't"):
        compile_graph(parse_bytes(content, "model.tflite"))


@pytest.mark.parametrize("field", ["inputs", "outputs"])
@pytest.mark.parametrize("index", [-2, -1, 99, 2**31 - 1, -(2**31)])
def test_tensor_numbers_out_of_range_are_named(field: str, index: int) -> None:
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 0.1, 0)
    output = builder.lookup("RELU", source, (0.1, 0))
    setattr(builder.operators[0], field, [index])
    with pytest.raises(UserError, match=r"operator 0 \(RELU\) refers to tensor -?\d+, which does not exist"):
        parse_bytes(builder.finish(source, output), "model.tflite")


def test_buffers_outside_the_file_are_named() -> None:
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 0.1, 0)
    output = builder.fully_connected(source, np.ones((2, 4)), [0.1], None, (0.5, 1))
    buffer = builder.buffers[builder.tensors[1].buffer]
    buffer.data, buffer.offset, buffer.size = None, 1 << 20, 8
    with pytest.raises(UserError, match="keeps weights outside its flatbuffer"):
        parse_bytes(builder.finish(source, output), "model.tflite")


def test_several_subgraphs_are_named() -> None:
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 0.1, 0)
    content = builder.finish(source, builder.lookup("RELU", source, (0.1, 0)))
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    model.subgraphs = model.subgraphs * 2
    import flatbuffers

    packed = flatbuffers.Builder(1024)
    packed.Finish(model.Pack(packed), b"TFL3")
    with pytest.raises(UserError, match="has 2 subgraphs; models with exactly one are supported"):
        parse_bytes(bytes(packed.Output()), "model.tflite")

"""The C twins of initial weights, wire encodings and float functions, against their vectors and NumPy."""

import ctypes
import json
import subprocess
from typing import Any

import numpy as np
import pytest
from learner_c import ENCODING, FP_OK, NUMBER, REPOSITORY, WIRE, objects

DOCS = REPOSITORY / "docs"
SEEDED = json.loads((DOCS / "seeded-init-vectors.json").read_text())
LINES = json.loads((DOCS / "wire-vectors.json").read_text())


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> Any:
    library = tmp_path_factory.mktemp("numbers") / "numbers.so"
    subprocess.run(["gcc", "-shared", "-fsanitize=undefined", "-o", str(library), *objects()], check=True)
    found = ctypes.CDLL(str(library))
    for name in ("fp_sqrt", "fp_exp", "fp_log", "fp_seeded_step", "fp_seeded_weight", "fp_survivor_scale"):
        getattr(found, name).restype = ctypes.c_float
    found.fp_add_energy.restype = found.fp_wire_value.restype = ctypes.c_float
    found.fp_seeded_word.restype = ctypes.c_uint32
    return found


def bits(value: float) -> str:
    return f"{np.float32(value).view(np.uint32):08x}"


def stream(c: Any, seed: int, tensor: int) -> Any:
    opened = ctypes.create_string_buffer(64)
    c.fp_seeded_open(opened, ctypes.c_uint64(seed), tensor)
    return opened


def test_philox(c: Any) -> None:
    for case in SEEDED["philox"]:
        counter = (ctypes.c_uint32 * 4)(*(int(word, 16) for word in case["counter"]))
        c.fp_philox4x32(counter, *(ctypes.c_uint32(int(word, 16)) for word in case["key"]))
        assert [f"{word:08x}" for word in counter] == case["output"]


def test_words_and_weights(c: Any) -> None:
    for case in SEEDED["words"]:
        opened = stream(c, int(case["seed"]), case["tensor"])
        assert f"{c.fp_seeded_word(opened, ctypes.c_uint64(int(case['index']))):08x}" == case["word"]
    for case in SEEDED["weights"]:
        opened = stream(c, int(case["seed"]), case["tensor"])
        step = ctypes.c_float(c.fp_seeded_step(case["fan_in"]))
        assert bits(c.fp_seeded_weight(opened, ctypes.c_uint64(int(case["index"])), step)) == case["weight"]


def test_survivors(c: Any) -> None:
    for case in SEEDED["units"]:
        inputs, outputs = case["shape"]
        opened, step = stream(c, int(case["seed"]), case["tensor"]), ctypes.c_float(c.fp_seeded_step(inputs))
        weights = [
            np.float32(c.fp_seeded_weight(opened, ctypes.c_uint64(kept * outputs + case["unit"]), step))
            for kept in case["kept"]
        ]
        energy = 0.0
        for weight in weights:
            energy = c.fp_add_energy(ctypes.c_float(energy), ctypes.c_float(weight))
        scale = np.float32(c.fp_survivor_scale(ctypes.c_float(energy)))
        assert bits(scale) == case["scale"]
        assert [bits(weight * scale) for weight in weights] == case["initial"]


def floats(words: list[str]) -> np.ndarray:
    return np.array([int(word, 16) for word in words], np.uint32).view(np.float32)


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@pytest.mark.parametrize("number", range(len(LINES["values"])))
def test_values_on_the_line(c: Any, number: int) -> None:
    case = LINES["values"][number]
    encoding, values, payload = WIRE[case["encoding"]], floats(case["values"]), bytes.fromhex(case["payload"])
    out = np.full(len(payload) + 8, 0xAA, np.uint8)
    assert c.fp_wire_bytes(encoding, len(values)) == len(payload)
    c.fp_wire_write(encoding, pointer(values), pointer(out), len(values))
    assert out[: len(payload)].tobytes() == payload
    assert (out[len(payload) :] == 0xAA).all()
    assert c.fp_wire_check(encoding, payload, len(values)) == FP_OK
    read = np.empty(len(values), np.float32)
    c.fp_wire_read(encoding, payload, pointer(read), len(values))
    assert [bits(value) for value in read] == case["read"]


@pytest.mark.parametrize("number", range(len(LINES["faults"])))
def test_faults_are_refused(c: Any, number: int) -> None:
    case = LINES["faults"][number]
    payload, encoding = bytes.fromhex(case["payload"]), WIRE[case["encoding"]]
    if len(payload) != c.fp_wire_bytes(encoding, case["count"]):
        return  # sizes are checked where pieces arrive
    assert c.fp_wire_check(encoding, payload, case["count"]) in (NUMBER, ENCODING)


def test_halves_are_numpys(c: Any) -> None:
    random = np.random.default_rng(0)
    values = random.integers(0, 2**32, 20_000, dtype=np.uint32)
    exponents = np.concatenate([values, (values & 0x80FFFFFF) | 0x33000000, (values & 0x807FFFFF) | 0x47000000])
    numbers = exponents.view(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = numbers.astype("<f2")
    out = np.empty(len(numbers), "<f2")
    c.fp_wire_write(WIRE["float16"], pointer(numbers), pointer(out), len(numbers))
    finite = ~np.isnan(expected)
    np.testing.assert_array_equal(out.view(np.uint16)[finite], expected.view(np.uint16)[finite])
    assert np.isnan(out[~finite]).all()
    every = np.arange(2**16, dtype=np.uint16)
    back = np.empty(2**16, np.float32)
    c.fp_wire_read(WIRE["float16"], pointer(every), pointer(back), 2**16)
    np.testing.assert_array_equal(back, every.view(np.float16).astype(np.float32))


def test_blocks_of_bytes_are_numpys(c: Any) -> None:
    from trainer.wire import CODECS

    random = np.random.default_rng(1)
    values = (random.standard_normal(1000) * 10.0 ** random.integers(-6, 3, 1000)).astype(np.float32)
    values[200:400] = np.round(values[200:400] * 4) / 4
    out = np.empty(c.fp_wire_bytes(WIRE["int8"], 1000), np.uint8)
    c.fp_wire_write(WIRE["int8"], pointer(values), pointer(out), 1000)
    assert out.tobytes() == CODECS.get("int8").encode_values(values)


def test_float_functions(c: Any) -> None:
    random = np.random.default_rng(2)
    positive = (random.integers(0x00800000, 0x7F800000, 4000, dtype=np.uint32)).view(np.float32)
    roots = np.array([c.fp_sqrt(ctypes.c_float(one)) for one in positive], np.float32)
    np.testing.assert_array_equal(roots, np.sqrt(positive))
    logs = np.array([c.fp_log(ctypes.c_float(one)) for one in positive], np.float32)
    exact = np.log(positive.astype(np.float64))
    assert (np.abs(logs - exact) <= 2 * np.spacing(np.abs(exact).astype(np.float32))).all()
    powers = -random.uniform(0, 87, 4000).astype(np.float32)
    exps = np.array([c.fp_exp(ctypes.c_float(one)) for one in powers], np.float32)
    exact = np.exp(powers.astype(np.float64))
    assert (np.abs(exps - exact) <= 2 * np.spacing(exact.astype(np.float32))).all()
    assert [c.fp_exp(ctypes.c_float(one)) for one in (0.0, -87.5, -np.inf, np.nan)] == [1.0, 0.0, 0.0, 0.0]
    assert c.fp_log(ctypes.c_float(1.0)) == 0.0
    assert c.fp_sqrt(ctypes.c_float(0.0)) == 0.0


@pytest.mark.parametrize(
    ("flags", "words"),
    [(("-m32", "-mno-sse", "-mfpmath=387"), "not binary32 here"), (("-ffast-math",), "compile without it"), ((), "")],
    ids=["x87", "fast-math", "as built"],
)
def test_a_compiler_that_would_give_other_bits_is_refused(flags: tuple[str, ...], words: str) -> None:
    source = REPOSITORY / "firmware_gen/runtime/src/fp_float.c"
    include = f"-I{REPOSITORY / 'firmware_gen/runtime/include'}"
    command = ["gcc", "-std=c99", "-ffreestanding", "-fsyntax-only", *flags, include, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == bool(words)
    assert words in done.stderr

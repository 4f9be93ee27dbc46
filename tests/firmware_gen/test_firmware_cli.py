"""The command line: documents on standard output, one line and exit code 2 for mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from op_cases import CASES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "net [v2].tflite"
    path.write_bytes(next(case for case in CASES if case.name == "network").model())
    return path


def _run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firmware_gen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, cwd=ROOT)


def test_analyze_prints_one_document(model: Path) -> None:
    done = _run("analyze", model, "--board", "stm32f4_discovery", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["report_version"] == 2
    assert report["model"] == "net__v2_"
    assert [layer["op"] for layer in report["layers"]] == [
        "CONV_2D", "MAX_POOL_2D", "CONV_2D", "AVERAGE_POOL_2D", "FULLY_CONNECTED", "FULLY_CONNECTED",
    ]  # fmt: skip
    first = report["layers"][0]
    assert first["macs_dense"] == 12 * 12 * 8 * 27
    assert first["macs_kept"] == 12 * 12 * first["weights"]["kept"]
    weights = first["weights"]
    names = {"dense", "gap8", "gap4", "entropy"}
    assert weights["candidate_bytes"].keys() == weights["candidate_instructions"].keys() == names
    assert weights["bytes"] == weights["candidate_bytes"][weights["encoding"]]
    assert report["optimize"] == "balanced"
    assert report["fit"]["flash_spare"] == 1048576 - report["weight_bytes"] - report["requant_bytes"]


def test_modes_differ_in_bytes_and_instructions(model: Path) -> None:
    bytes_of, instructions = {}, {}
    for mode in ("speed", "balanced", "size"):
        done = _run("analyze", model, "--optimize", mode, "--json")
        report = json.loads(done.stdout)
        assert report["optimize"] == mode
        bytes_of[mode], instructions[mode] = report["weight_bytes"], report["instructions_estimate"]
    assert bytes_of["speed"] > bytes_of["balanced"] >= bytes_of["size"] >= report["weight_entropy_bytes"]
    assert instructions["speed"] < instructions["balanced"] <= 1.25 * instructions["speed"]


def test_analyze_for_people(model: Path) -> None:
    done = _run("analyze", model)
    assert done.returncode == 0
    assert "CONV_2D" in done.stdout
    assert "arena" in done.stdout


def test_build_prints_one_document_and_writes_the_project(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "project"
    done = _run("build", model, "--board", "mps2_an386", "--target", "native", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((out / "report.json").read_text())


def test_supported_ops() -> None:
    done = _run("supported-ops", "--json")
    names = {one["name"] for one in json.loads(done.stdout)["operators"]}
    assert {"CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "RESHAPE"} <= names
    assert "CONV_2D" in _run("supported-ops").stdout


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("analyze", "{missing}"), "cannot read"),
        (("analyze", "{text}"), "not a .tflite file"),
        (("analyze", "{model}", "--board", "nope"), "stm32f4_discovery"),
        (("build", "{model}", "--board", "stm32f4_discovery", "--out", "{text}"), "choose another --out folder"),
        (("build", "{model}", "--board", "mps2_an386", "--out", "{text}/below", "--target", "native"), "cannot write"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], fragment: str, model: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("nothing of interest")
    places = {"missing": tmp_path / "absent.tflite", "text": text, "model": model}
    done = _run(*(argument.format(**places) for argument in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert fragment in done.stderr
    assert list(tmp_path.iterdir()) == [text]


def test_help_imports_nothing_heavy() -> None:
    heavy = {"numpy", "tflite", "tflite_micro", "tensorflow", "pydantic", "jinja2"}
    code = f"import sys, firmware_gen.cli; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.split() == []

"""Whole builds: what comes out, how large it is, what is refused, and what stays untouched then."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from native_model import WARNINGS
from op_cases import CASES

from firmware_gen import tflm
from firmware_gen.board_render import compile_flags
from firmware_gen.boards import Board, load_board
from firmware_gen.build import FirmwareReport, build_firmware
from firmware_gen.elf_sizes import read_sizes
from host_bridge.errors import UserError

needs_arm = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")
ALIGNMENT_GAPS = 16
NETWORK = next(case for case in CASES if case.name == "network")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "network.tflite"
    path.write_bytes(NETWORK.model())
    return path


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("stm32f4_discovery")


@pytest.fixture(scope="module")
def built(model: Path, board: Board, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FirmwareReport]:
    out = tmp_path_factory.mktemp("project") / "firmware"
    return out, build_firmware(model, board, out)


def _shrunk(board: Board, *, flash: int | None = None, ram: int | None = None) -> Board:
    """The board with less memory."""
    change = {"flash": flash, "ram": ram}
    regions = {
        name: (getattr(board, name)[0].model_copy(update={"bytes": size}),) for name, size in change.items() if size
    }
    return board.model_copy(update=regions)


@needs_arm
def test_products_and_report(built: tuple[Path, FirmwareReport], board: Board) -> None:
    out, report = built
    assert report.elf == out / "build" / "firmware.elf"
    assert {path.name for path in (out / "build").iterdir()} == {Path(name).name for name in report.files}
    assert report.elf.read_bytes()[:4] == b"\x7fELF"
    assert (out / "build" / "firmware.hex").read_text().startswith(":")
    stored = FirmwareReport.model_validate_json((out / "report.json").read_text()[:-2] + f', "elf": "{report.elf}"}}')
    assert stored == report
    assert str(out.parent) not in (out / "report.json").read_text()
    assert report.board == board.name


@needs_arm
def test_sizes_come_from_the_elf_and_agree_with_the_plan(built: tuple[Path, FirmwareReport], board: Board) -> None:
    out, report = built
    flash, ram = report.flash_bytes, report.ram_bytes
    assert flash["weights"] == report.weight_bytes == sum(one.weights.bytes for one in report.layers if one.weights)
    assert flash["requant"] == report.requant_bytes
    assert flash["total"] == (out / "build" / "firmware.bin").stat().st_size
    assert flash["weights"] + flash["requant"] + flash["code"] == flash["total"]
    assert ram["arena"] == report.arena_bytes
    assert ram["stack"] == board.stack_bytes
    assert ram["arena"] + ram["stack"] + ram["other"] == ram["total"]
    assert ram["other"] > 0
    size = subprocess.run(["arm-none-eabi-size", report.elf], capture_output=True, text=True, check=True).stdout
    text, data, bss = (int(word) for word in size.splitlines()[1].split()[:3])
    assert 0 <= flash["total"] - text - data < ALIGNMENT_GAPS
    assert 0 <= ram["total"] - data - bss < ALIGNMENT_GAPS


@needs_arm
def test_another_folder_gives_the_same_bytes(
    built: tuple[Path, FirmwareReport], model: Path, board: Board, tmp_path: Path
) -> None:
    out, _ = built
    again = tmp_path / "some" / "where else"
    build_firmware(model, board, again)
    files = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    differing = [str(path) for path in files if (out / path).read_bytes() != (again / path).read_bytes()]
    assert differing == []


@needs_arm
def test_project_sources_are_clean(built: tuple[Path, FirmwareReport], board: Board) -> None:
    out, _ = built
    includes = [f"-I{out / path}" for path in ("src", "runtime/include", "runtime/src", "port")]
    for source in (out / "src").glob("*.c"):
        command = [
            "arm-none-eabi-gcc",
            "-std=c99",
            *compile_flags(board),
            *WARNINGS,
            *includes,
            "-fsyntax-only",
            source,
        ]
        subprocess.run(command, check=True)
    formatter = Path(sys.executable).with_name("clang-format")
    style = f"--style=file:{Path(__file__).parents[2] / '.clang-format'}"
    generated = sorted(path for path in (out / "src").glob("*.[ch]"))
    subprocess.run([formatter, "--dry-run", "-Werror", style, *generated], check=True)


def test_native_program_is_built_with_sanitizers(model: Path, board: Board, tmp_path: Path) -> None:
    report = build_firmware(model, board, tmp_path / "host", target="native", sanitize=True)
    assert report.target == "native"
    assert read_sizes(report.elf, None).flash["weights"] == report.weight_bytes
    assert b"__asan_init" in report.elf.read_bytes()
    assert not (tmp_path / "host" / "linker.ld").exists()


def test_sanitizers_are_for_this_machine(model: Path, board: Board, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="native"):
        build_firmware(model, board, tmp_path / "out", sanitize=True)
    assert not (tmp_path / "out").exists()


@needs_arm
@pytest.mark.parametrize(
    ("flash", "ram", "fragments"),
    [
        (1000, None, ("flash of stm32f4_discovery", "649 bytes too many for 1000", "layer 't12' dominates with 653")),
        (4096, None, ("flash of stm32f4_discovery", "too many for 4096", "layer 't12' dominates")),
        (None, 9000, ("RAM of stm32f4_discovery", "984 bytes too many for 9000", "tensor 't3' dominates with 1152")),
        (None, 10240, ("RAM of stm32f4_discovery", "too many for 10240", "tensor 't3' dominates")),
    ],
)
def test_too_small_boards(
    model: Path, board: Board, tmp_path: Path, *, flash: int | None, ram: int | None, fragments: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as caught:
        build_firmware(model, _shrunk(board, flash=flash, ram=ram), tmp_path / "out")
    for fragment in fragments:
        assert fragment in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@needs_arm
def test_overflow_is_what_the_linker_counts(
    built: tuple[Path, FirmwareReport], model: Path, board: Board, tmp_path: Path
) -> None:
    """The reported size is enough RAM, eight bytes less are eight bytes too few."""
    total = built[1].ram_bytes["total"]
    build_firmware(model, _shrunk(board, ram=total), tmp_path / "fits")
    with pytest.raises(UserError, match=r": 8 bytes too many"):
        build_firmware(model, _shrunk(board, ram=total - 8), tmp_path / "out")


@pytest.mark.parametrize(
    ("target", "package"), [("board", "gcc-arm-none-eabi"), ("native", "install the packages gcc")]
)
def test_missing_compiler_names_the_package(
    model: Path, board: Board, tmp_path: Path, *, monkeypatch: pytest.MonkeyPatch, target: str, package: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=package):
        build_firmware(model, board, tmp_path / "out", target=target)
    assert not (tmp_path / "out").exists()


def test_only_projects_are_replaced(model: Path, board: Board, tmp_path: Path) -> None:
    precious = tmp_path / "home" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years of work")
    for out in (precious.parent, precious):
        with pytest.raises(UserError, match="not a generated project"):
            build_firmware(model, board, out, target="native")
    assert precious.read_text() == "years of work"


def test_a_failed_build_leaves_the_earlier_project(model: Path, board: Board, tmp_path: Path) -> None:
    out = tmp_path / "host"
    build_firmware(model, board, out, target="native")
    before = (out / "report.json").read_bytes()
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(model.read_bytes()[:500])
    with pytest.raises(UserError, match=r"broken\.tflite"):
        build_firmware(broken, board, out, target="native")
    assert (out / "report.json").read_bytes() == before
    other = next(case for case in CASES if case.name == "dense_no_bias")
    (tmp_path / "other.tflite").write_bytes(other.model())
    build_firmware(tmp_path / "other.tflite", board, out, target="native")
    assert '"model": "other"' in (out / "report.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.tflite", "host", "other.tflite"]


@pytest.mark.usefixtures("isolated_oracle")
def test_oracle_survives_what_kills_the_interpreter() -> None:
    if not tflm.is_installed():
        pytest.skip("tflite-micro is not installed")
    with pytest.raises(UserError, match="tflite-micro cannot run the model"):
        tflm.infer(b"\x10\0\0\0TFL3" + bytes(200), np.zeros((1, 4), np.int8), 1 << 16)


@pytest.mark.usefixtures("isolated_oracle")
def test_oracle_alone_is_the_oracle_in_process(model: Path) -> None:
    if not tflm.is_installed():
        pytest.skip("tflite-micro is not installed")
    from firmware_gen.tflm_child import infer_all

    samples = np.random.default_rng(2).integers(-128, 128, (3, 1, 12, 12, 3)).astype(np.int8)
    content = model.read_bytes()
    np.testing.assert_array_equal(tflm.infer(content, samples, 1 << 20), infer_all(content, samples, 1 << 20))

"""Set-up on machines that lack something: what is missing is named, with the remedy."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL_TOOLS = ("bash", "dirname", "cat", "cksum", "id")
PROGRAMS = dict.fromkeys(("gcc", "cc", "arm-none-eabi-gcc", "qemu-system-arm", "python3"), "exit 0")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the set-up script and nothing installed."""
    folder = tmp_path / "checkout"
    (folder / "scripts").mkdir(parents=True)
    for name in ("scripts/setup.sh", *(path.name for path in ROOT.glob("requirements*.txt"))):
        shutil.copy(ROOT / name, folder / name)
    return folder


def run_setup(checkout: Path, programs: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script with only these programs on the PATH, each the body of a shell script, and a few real ones."""
    folder = checkout.parent / "bin"
    folder.mkdir()
    for name in SHELL_TOOLS:
        real = shutil.which(name)
        assert real, name
        (folder / name).symlink_to(os.path.realpath(real))
    for name, body in programs.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(f"#!{folder / 'bash'}\n{body}\n")
        (folder / name).chmod(0o755)
    command = [str(folder / "bash"), str(checkout / "scripts" / "setup.sh"), *arguments]
    environment = {"PATH": str(folder), "HOME": str(checkout.parent)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_apt_the_missing_packages_are_named(checkout: Path) -> None:
    result = run_setup(checkout, {"gcc": "exit 0", "cc": "exit 0"}, "run")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    for package in ("gcc-arm-none-eabi", "qemu-system-arm", "libnewlib-arm-none-eabi"):
        assert package in result.stderr
    assert not (checkout / ".venv").exists()


def test_without_root_the_command_is_named(checkout: Path) -> None:
    programs = {name: body for name, body in PROGRAMS.items() if name != "qemu-system-arm"}
    result = run_setup(checkout, {**programs, "apt-get": "exit 99", "id": "echo 1000", "sudo": "exit 1"}, "run")
    assert result.returncode == 2
    assert result.stderr.splitlines()[0].endswith("run: sudo apt-get install qemu-system-arm")


def test_root_installs_just_what_is_missing(checkout: Path) -> None:
    log = checkout.parent / "apt.log"
    programs = {name: body for name, body in PROGRAMS.items() if name != "qemu-system-arm"}
    programs |= {"apt-get": f'echo "$@" >> {log}; [ "$1" = update ]', "id": "echo 0"}
    result = run_setup(checkout, programs, "run")
    assert result.returncode == 2, "the fake apt-get refuses to install"
    assert "apt-get could not install qemu-system-arm" in result.stderr
    assert log.read_text().splitlines()[1].endswith("--no-install-recommends qemu-system-arm")


def test_an_unsupported_python_is_refused(checkout: Path) -> None:
    old = 'case "$2" in *ensurepip*) exit 0 ;; *sys.exit*) exit 1 ;; *) echo "Python 3.9.2" ;; esac'
    result = run_setup(checkout, {**PROGRAMS, "python3": old}, "run")
    assert result.returncode == 2
    assert "3.11 to 3.13" in result.stderr
    assert not (checkout / ".venv").exists()


def test_an_unknown_profile_lists_the_choices(checkout: Path) -> None:
    result = run_setup(checkout, {}, "everything")
    assert result.returncode == 2
    assert "use: run, test" in result.stderr

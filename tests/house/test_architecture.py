"""The rules of docs/architecture.md that a machine can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# package -> the packages it may import
ARROWS = {
    "host_bridge": set(),
    "pages": set(),
    "firmware_gen": {"host_bridge", "pages"},
    "device_sim": {"firmware_gen", "host_bridge"},
    "trainer": {"device_sim", "firmware_gen", "host_bridge", "pages"},
}
# package -> third-party modules that belong to another package's concern
FOREIGN = {
    "host_bridge": {"tensorflow", "keras", "tf_keras", "tflite", "tflite_micro", "subprocess"},
    "pages": {"tensorflow", "keras", "tf_keras", "serial", "tflite", "subprocess"},
    "firmware_gen": {"tensorflow", "keras", "tf_keras", "serial"},
    "device_sim": {"tensorflow", "keras", "tf_keras", "tflite"},
    "trainer": {"serial", "tflite"},
}
# third-party module -> the only folder that may import it
CONFINED = {"flwr": "trainer/flower"}
HEAVY = ("tensorflow", "keras", "tf_keras", "matplotlib", "sklearn", "tflite_micro")


def tracked_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout: there is no list of tracked files")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def imported_modules(source: str) -> set[str]:
    """Top-level names of every absolute import, late ones included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(ARROWS))
def test_imports_follow_the_arrows(package: str) -> None:
    forbidden = (set(ARROWS) - ARROWS[package] - {package}) | FOREIGN[package]
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"{package} has no modules"
    offences = [
        f"{file.relative_to(ROOT)} imports {sorted(bad)}"
        for file in files
        if (bad := imported_modules(file.read_text()) & forbidden)
    ]
    assert not offences, offences


def test_some_packages_stay_in_their_room() -> None:
    for module, room in CONFINED.items():
        files = [file for package in ARROWS for file in (ROOT / package).rglob("*.py")]
        users = [str(file.relative_to(ROOT)) for file in files if module in imported_modules(file.read_text())]
        assert users, f"nobody imports {module}"
        assert not [user for user in users if not user.startswith(f"{room}/")]


def module_imports(package: str) -> dict[str, set[str]]:
    """Module -> modules of the same package that it imports when it is loaded (late imports do not count)."""
    modules = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in (ROOT / package).rglob("*.py")
    }
    graph: dict[str, set[str]] = {}
    for name, file in modules.items():
        targets: set[str] = set()
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                targets.add(node.module)
                targets |= {f"{node.module}.{alias.name}" for alias in node.names}
        graph[name] = (targets & modules.keys()) - {name}
    return graph


@pytest.mark.parametrize("package", sorted(ARROWS))
def test_no_import_circles(package: str) -> None:
    graph = module_imports(package)
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, "import circle: " + " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for target in sorted(graph[module]):
                visit(target, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def test_no_tracked_file_over_200_kb() -> None:
    large = [str(file.relative_to(ROOT)) for file in tracked_files() if file.stat().st_size > 200_000]
    assert not large, f"keep data sets, binaries and generated output out of git: {large}"


def test_no_catch_all_module() -> None:
    names = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    assert not [str(file) for file in tracked_files() if file.name in names]


@pytest.mark.parametrize("command", ["trainer.cli", "firmware_gen.cli", "device_sim.cli", "host_bridge.cli"])
def test_command_lines_load_nothing_heavy(command: str) -> None:
    """`--help` is quick because TensorFlow and its like are imported late."""
    code = f"import sys, {command}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []

"""Comparisons: which runs belong together, figures worked out by hand, whole pages, mistakes in one line."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import pytest
from example_summary import dense, example_summary

from host_bridge.errors import UserError
from trainer.compare.comparison import Comparison, compare_runs
from trainer.compare.group import group_runs
from trainer.compare.load import load_runs
from trainer.compare.page import render_page
from trainer.compare.plots.looks import looks
from trainer.compare.text import bytes_, duration
from trainer.config import RunConfig
from trainer.summary import RunSummary, write_summary
from trainer.timing import Deployment

ROOT = Path(__file__).resolve().parents[2]
BOARD = Deployment(dense_macs=1e6, sparse_efficiency=0.5, link_bits=1e4, bits_per_byte=10)


def run(
    method: str = "fedpai-u", seed: int = 1, accuracies: tuple[float, ...] = (0.5, 0.8, 0.9), **options: Any
) -> RunSummary:
    """A run of three rounds; ``options`` are its configuration's."""
    base = example_summary(rounds=len(accuracies))
    known = {"method": "fedavg", "rounds": len(accuracies), "seed": seed, "board": "none", "local_epochs": 2}
    config = RunConfig(**known).model_dump(mode="json") | {"method": method} | options  # type: ignore[arg-type]
    rounds = tuple(
        one.model_copy(update={"accuracy": accuracy}) for one, accuracy in zip(base.rounds, accuracies, strict=True)
    )
    clients = base.clients.model_copy(update={"overall_mean": accuracies[-1]})
    changes = {"method": method, "config": config, "seed": seed, "rounds": rounds, "clients": clients}
    found = base.model_copy(
        update={**changes, "sparsity": config["sparsity"], "pruner": options.get("pruner", "synflow")}
    )
    if method != "fedavg":
        return found
    whole = dense(found)
    slow = tuple(one.model_copy(update={"bytes_up_per_client": 50_000, "bytes_up": 100_000}) for one in whole.rounds)
    return whole.model_copy(update={"rounds": slow})


def save(folder: Path, *runs: RunSummary) -> list[Path]:
    for number, one in enumerate(runs):
        write_summary(one, folder / str(number) / "summary.json")
    return [folder / str(number) for number in range(len(runs))]


def compare(*runs: RunSummary, **given: Any) -> Comparison:
    return compare_runs(runs, BOARD, **given)


def seconds_of_a_round(macs_per_sample: float, up: int) -> float:
    """The slowest client of the example has 10 samples."""
    return 10 * 2 * 3 * macs_per_sample / 1e6 + (up + 1222) * 10 / 1e4


def test_runs_that_differ_in_their_seed_alone_are_one_group() -> None:
    runs = [
        run(seed=1),
        run("fedavg", seed=1, accuracies=(0.6, 0.9, 0.95)),
        run(seed=2, accuracies=(0.4, 0.7, 0.8), out="elsewhere", board="stm32f4_discovery"),
        run(seed=1, local_epochs=5),
        run("fedavg", seed=2, accuracies=(0.6, 0.9, 0.97), sparsity=0.5),
    ]
    groups = group_runs(runs)
    assert [(group.label, len(group.runs)) for group in groups] == [
        ("fedpai-u, local epochs 2", 2),
        ("fedavg", 2),
        ("fedpai-u, local epochs 5", 1),
    ]
    row = compare(*runs).rows[0]
    assert (row.seeds, row.accuracy.mean) == (2, pytest.approx(fmean([0.9, 0.8])))
    assert row.accuracy.deviation == pytest.approx(pstdev([0.9, 0.8]))
    assert row.curve.accuracy == pytest.approx([0.45, 0.75, 0.85])
    assert row.curve.deviation == pytest.approx([0.05, 0.05, 0.05])


def test_sparsity_and_pruner_tell_groups_apart() -> None:
    runs = [run(sparsity=s, pruner=p) for s in (0.9, 0.98) for p in ("snip", "synflow")]
    groups = group_runs(runs)
    assert [group.label for group in groups] == [
        f"fedpai-u, {p}, sparsity {s}" for s in (0.9, 0.98) for p in ("snip", "synflow")
    ]
    assert {group.family for group in groups} == {"fedpai-u, snip", "fedpai-u, synflow"}
    assert {group.name for group in groups} == {"fedpai-u"}


def test_time_and_its_ratio_to_dense_fedavg() -> None:
    """Dense reaches 94 % in its third round; the sparse run 90 %, 94 %: in its second."""
    sparse, fedavg = run(accuracies=(0.9, 0.94, 0.95)), run("fedavg", accuracies=(0.6, 0.9, 0.95))
    found = compare(sparse, fedavg)
    assert (found.target, found.baseline) == (pytest.approx(0.94), "fedavg")
    each = seconds_of_a_round(1794 / 0.5, 1111)
    dense_each = seconds_of_a_round(9222, 50_000)
    assert found.rows[0].seconds == pytest.approx(2 * each)
    assert found.rows[1].seconds == pytest.approx(3 * dense_each)
    assert found.rows[0].faster == pytest.approx(3 * dense_each / (2 * each))
    assert found.rows[1].faster == 1
    assert found.rows[0].curve.bytes == pytest.approx([2 * 2333, 4 * 2333, 6 * 2333])


def test_who_never_gets_there_has_no_time() -> None:
    runs = [run(seed=1), run(seed=2, accuracies=(0.4, 0.5, 0.6)), run("fedavg", accuracies=(0.6, 0.9, 0.9))]
    row = compare(*runs).rows[0]
    assert (row.seconds, row.reached, row.faster) == (None, 1, None)
    assert "1 of 2 reach it" in render_page(compare(*runs))
    assert compare(*runs, target=0.4).rows[0].reached == 2


def test_without_a_dense_run_the_best_sets_the_target() -> None:
    found = compare(run(), run("fedpai-s", accuracies=(0.5, 0.6, 0.7)))
    assert (found.baseline, found.target) == (None, pytest.approx(0.89))
    assert all(row.faster is None for row in found.rows)


def test_another_baseline_can_be_named() -> None:
    runs = run(), run("prunefl", accuracies=(0.8, 0.9, 0.93)), run("fedavg")
    assert compare(*runs, baseline="prunefl").baseline == "prunefl"
    with pytest.raises(UserError, match="no run is of the baseline 'feddst'; choose from: fedpai-u, prunefl, fedavg"):
        compare(*runs, baseline="feddst")


def test_different_tasks_and_uncounted_models_are_noted() -> None:
    uncounted = run("fedavg").model_copy(update={"compute": None})
    found = compare(run(clients=20), uncounted)
    notes = " ".join(found.notes)
    assert "differ in clients (10, 20)" in notes
    assert "multiplications of fedavg could not be counted" in notes
    assert found.rows[0].faster is None
    assert found.rows[1].curve.seconds is None


class Page(HTMLParser):
    """Tags, texts, and whether tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.labels: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.labels += [value or "" for name, value in attrs if name == "aria-label"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_is_whole_and_refers_to_nothing() -> None:
    hostile = run(model="<script>alert(1)</script> $x$")
    text = render_page(compare(hostile, run(), run("fedavg"), run(sparsity=0.8)))
    page = Page(text)
    assert not page.open
    assert len(page.labels) == 4
    assert not re.findall(r"https?:|@import|<script|<link|<iframe", text, re.IGNORECASE)
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))
    assert "model <script>alert(1)</script> $x$" in " ".join(page.texts)
    assert "6.4 to 7.9 times" in " ".join(page.texts)


def test_one_run_of_one_round_can_be_drawn() -> None:
    page = Page(render_page(compare(run(accuracies=(0.5,)))))
    assert len(page.labels) == 3, "there is but one sparsity"


def test_lines_are_told_apart_up_to_many_groups() -> None:
    few = compare(*(run(local_epochs=n) for n in range(1, 25)), run("fedavg"))
    assert len(set(looks(few))) == 25
    many = compare(*(run(method, local_epochs=n) for n in range(1, 20) for method in ("fedpai-u", "fedpai-s")))
    assert len(set(looks(many))) == 2, "of so many, only methods are told apart"
    shades = looks(compare(*(run(sparsity=s) for s in (0.8, 0.9, 0.98))))
    assert len({look.colour for look in shades}) == 1
    assert [look.alpha for look in shades] == sorted(look.alpha for look in shades)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0.5 s"), (42, "42 s"), (90, "1.5 min"), (7200, "2 h"), (172800, "2 d")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_bytes_in_decimal_units() -> None:
    assert [bytes_(count) for count in (12, 1665, 1_664_583, 2.5e9)] == ["12 B", "1.67 kB", "1.66 MB", "2.5 GB"]


def test_summaries_are_found_in_folders_and_read_once(tmp_path: Path) -> None:
    first, second = save(tmp_path, run(), run("fedavg"))
    assert load_runs([first, second / "summary.json", first / "summary.json"]) == (run(), run("fedavg"))


def spoil(tmp_path: Path, kind: str) -> tuple[list[Path], str]:
    """Paths with a fault, and the word that names it."""
    good, other = save(tmp_path, run(), run(dataset="mnist"))
    bad = tmp_path / "bad.json"
    document = json.loads((good / "summary.json").read_text())
    texts = {
        "version": json.dumps(document | {"summary_version": 1}),
        "key": json.dumps({key: value for key, value in document.items() if key != "traffic"}),
        "foreign": json.dumps({"some": "thing"}),
        "list": "[1, 2]",
        "text": "accuracy: 3",
        "rounds": json.dumps(document | {"rounds": []}),
    }
    bad.write_text(texts.get(kind, ""))
    cases = {
        "missing": ([tmp_path / "nowhere"], "does not exist"),
        "folder": ([tmp_path], "does not exist"),
        "datasets": ([good, other], "different data sets"),
        "version": ([good, bad], "version 1"),
        "key": ([bad], "key traffic"),
        "rounds": ([bad], "no rounds"),
    }
    return cases.get(kind, ([bad], "not a run's summary"))


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "datasets", "version", "key", "foreign", "list", "text", "empty", "rounds"]
)
def test_what_is_no_summary_is_named(tmp_path: Path, kind: str) -> None:
    paths, word = spoil(tmp_path, kind)
    with pytest.raises(UserError, match=word) as error:
        load_runs(paths)
    assert "\n" not in str(error.value)


def call(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trainer.compare", *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_command_prints_a_table_and_writes_the_page(tmp_path: Path) -> None:
    done = call(*save(tmp_path, run(), run("fedavg")), "--link-bits", 250000, "--target", 0.8, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "fedpai-u" in done.stdout and "250,000 bit/s" in done.stdout and "80 % accuracy (as given)" in done.stdout
    assert not Page((tmp_path / "compare.html").read_text()).open


def test_json_is_all_there_is_on_standard_output(tmp_path: Path) -> None:
    done = call(*save(tmp_path, run(), run("fedavg")), "--json", folder=tmp_path)
    document = json.loads(done.stdout)
    assert [row["label"] for row in document["rows"]] == ["fedpai-u", "fedavg"]
    assert document["rows"][0]["faster"] > 1
    assert len(document["assumptions"]) >= 5
    assert not (tmp_path / "compare.html").exists()


@pytest.mark.parametrize(
    ("arguments", "offender"),
    [
        ([], "run"),
        (["nowhere"], "nowhere"),
        (["nowhere", "--device-macs", "0"], "--device-macs"),
        (["nowhere", "--sparse-efficiency", "1.5"], "at most 1"),
        (["nowhere", "--link-bits", "nan"], "--link-bits"),
        (["nowhere", "--target", "90"], "--target"),
        (["nowhere", "--deadline", "inf"], "--deadline"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], offender: str) -> None:
    done = call(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert offender.lower() in done.stderr.lower()


def test_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, trainer.compare.cli; print(*sorted(set(sys.modules) & {'numpy', 'tensorflow', 'matplotlib'}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

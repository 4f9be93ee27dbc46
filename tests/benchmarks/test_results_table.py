"""The table of a study: means, spreads, and what is missing."""

from pathlib import Path

from benchmarks.results.grid import dense_options, sparse_options
from benchmarks.results.store import Result, save
from benchmarks.results.studies import Study
from benchmarks.results.tables import study_table

STUDY = Study(
    "tiny", {"rounds": 1}, dense={"dense": {"method": "fedavg"}}, sparse={"sparse": {}}, sparsities=(0.9, 0.98)
)


def keep(folder: Path, options: dict[str, object], accuracy: float, worst: float, sent: int) -> None:
    save(folder, options, Result(accuracy, 0.0, worst, sent, 0, 0.0))


def test_a_table_has_means_spreads_and_says_what_is_missing(tmp_path: Path) -> None:
    for seed, accuracy in ((1, 0.90), (2, 0.92), (3, 0.94)):
        keep(tmp_path, dense_options(STUDY, "dense", seed), accuracy, 0.5, 1000 * seed)
    for seed, accuracy in ((2, 0.80), (3, 0.82)):
        keep(tmp_path, sparse_options(STUDY, "sparse", 0.98, seed), accuracy, accuracy / 2, 10)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in study_table(tmp_path, STUDY).split("\n")]
    assert lines[0] == ["method", "90 %", "98 %", "worst client's at 98 %", "bytes up at 98 %"]
    assert lines[1] == ["---", "--:", "--:", "--:", "--:"]
    assert lines[2] == ["dense (0 %)", "92.0 ± 2.0", "92.0 ± 2.0", "50.0 ± 0.0", "1,000"]
    assert lines[3] == ["sparse", "not run", "81.0 ± 1.4 (2)", "40.5 ± 0.7 (2)", "not run"]

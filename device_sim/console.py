"""What ``python -m device_sim`` prints for people."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from device_sim.report import VerifyReport


@contextmanager
def progress_line() -> Iterator[Callable[[int, int], None] | None]:
    """A counter on one line of standard error while the block runs; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda done, total: print(f"\rsample {done} of {total}", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def verify_lines(report: VerifyReport) -> list[tuple[str, str]]:
    """Name and value of each figure of a report, in the order they are read."""
    equal = report.samples - report.mismatched_samples
    lines = [
        ("board", report.board),
        ("emulator", f"{report.emulator} {report.emulator_version} ({report.machine})"),
        ("oracle", report.oracle),
        ("samples", f"{equal} of {report.samples} equal, byte for byte"),
    ]
    if report.first_mismatch is not None:
        first = report.first_mismatch
        where = f"sample {first.sample}, output {first.index}: expected {first.expected}, got {first.got}"
        lines.append(("first difference", where))
    if report.instructions_per_inference is not None:
        lines.append(("instructions", f"{report.instructions_per_inference:,} per inference, {_spread(report)}"))
    lines += [("flash", _sizes(report.flash_bytes)), ("RAM", _sizes(report.ram_bytes))]
    if report.stack_used_bytes is not None:
        worst = report.stack_worst_case_bytes
        possible = "" if worst is None else f" of {worst:,} that are possible"
        lines.append(("stack used", f"{report.stack_used_bytes:,} bytes at most{possible}"))
    return lines


def _spread(report: VerifyReport) -> str:
    """Whether all inferences took as many instructions, as far as the counter tells."""
    step = report.instructions_per_tick or 0.0
    spread = report.instructions_spread or 0
    if spread <= step + 1:
        return f"all equal (counted in steps of {step:.0f})"
    return f"median; largest minus smallest {spread:,}"


def _sizes(sizes: dict[str, int]) -> str:
    parts = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if name != "total")
    return f"{sizes['total']:,} bytes ({parts})"

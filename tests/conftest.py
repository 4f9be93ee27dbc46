"""What holds for every test: where skipping is allowed to pass."""

import os
import signal
from typing import Any

import pytest

# Skips that continuous integration accepts: what no set-up step can install.
EXPECTED_SKIPS = (
    "renode is not installed",
    "data folder is missing",
    "hardware is not connected",
    "not a git checkout",
    "TFLM_DIR names no checkout",
)

# A shell that starts `make test` in the background makes it ignore Ctrl-C, and all programs that tests then interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_skipped: list[tuple[str, str]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        _skipped.append((report.nodeid, report.longrepr[2].removeprefix("Skipped: ")))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        _skipped.append((report.nodeid, report.longrepr[2].removeprefix("Skipped: ")))


def _unexpected_skips() -> list[tuple[str, str]]:
    return [(test, reason) for test, reason in _skipped if not any(known in reason for known in EXPECTED_SKIPS)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ARG001 - names that pytest-xdist gives
    """A worker's skips: of those made while collecting, nobody else hears."""
    known = set(_skipped)
    _skipped.extend(one for one in map(tuple, node.workeroutput.get("skipped", [])) if one not in known)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In continuous integration a test skipped for want of an installable tool is a failure."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["skipped"] = _skipped
        return
    if os.environ.get("CI") and exitstatus == 0 and _unexpected_skips():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI"):
        for test, reason in _unexpected_skips():
            terminalreporter.write_line(f"unexpected skip: {test}: {reason}", red=True)

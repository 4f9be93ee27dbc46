"""A whole Flower federation on this machine: a SuperLink, SuperNodes, TLS, node authentication, boards behind nodes.

What ``docs/scale-out.md`` does by hand on several machines, for a trial and for tests. All processes end with the
block.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from device_sim.emulators.child import Child
from host_bridge.errors import UserError
from trainer.flower.credentials import Credentials, make_credentials
from trainer.flower.programs import ROOT, free_port, program, surroundings

SUPERLINK = "trial"
"""What Flower's own settings call the SuperLink."""
START_SECONDS = 120.0
_RETRY_SECONDS = 5.0
_ENDED = "ServerApp finished running"


@dataclass
class Loopback:
    """A running federation.

    Attributes:
        folder: credentials, Flower's own files, the run's options.
        credentials: certificates and keys.
        port: the SuperLink's, on 127.0.0.1.
        superlink: its process; None while there is none.
        nodes: the SuperNodes' processes, by number.
    """

    folder: Path
    credentials: Credentials
    port: int
    superlink: Child | None = None
    nodes: dict[int, Child] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)

    def start_node(self, number: int, settings: Mapping[str, str]) -> None:
        """Start a SuperNode, for the first time or again.

        Args:
            number: from 0.
            settings: of :class:`trainer.flower.placement.Placement`, beside which clients it has.

        Raises:
            UserError: it does not join; carries its own words.
        """
        command = self.node_command(number, settings)
        end = time.monotonic() + START_SECONDS
        while number not in self.nodes:
            child = self._stack.enter_context(start(f"SuperNode {number}", command, environment(self.folder)))
            try:
                await_word(child, "SuperNode ID")
            except UserError:
                # One that was killed counts as there until its heartbeat is missed; until then its key is refused.
                if time.monotonic() > end:
                    raise
                time.sleep(_RETRY_SECONDS)
                continue
            self.nodes[number] = child

    def node_command(self, number: int, settings: Mapping[str, str]) -> list[str]:
        """What starts a SuperNode."""
        private, _ = self.credentials.nodes[number]
        command = [
            *(sys.executable, "-m", "trainer.flower", "node", "--superlink", f"127.0.0.1:{self.port}"),
            *("--root-certificates", str(self.credentials.authority), "--key", str(private)),
            *("--partition-id", str(number), "--num-partitions", str(len(self.credentials.nodes))),
        ]
        for name, value in settings.items():
            command += [f"--{name}", value]
        return command

    def start_superlink(self) -> None:
        """Start the SuperLink, for the first time or again: nodes, keys and runs are in its database.

        Raises:
            UserError: it does not come up; carries its own words.
        """
        command = [
            *(sys.executable, "-m", "trainer.flower", "link", "--port", str(self.port)),
            *("--database", str(self.folder / "superlink.db"), "--root-certificates", str(self.credentials.authority)),
            *("--certificate", str(self.credentials.certificate), "--key", str(self.credentials.key)),
        ]
        self.superlink = self._stack.enter_context(start("the SuperLink", command, environment(self.folder)))
        await_word(self.superlink, "Uvicorn running")

    def kill_superlink(self) -> None:
        """End the SuperLink by force, and the ServerApp that it runs."""
        guard = self._superlink()
        programs = psutil.Process(guard.process.pid).children()
        guard.stop()
        psutil.wait_procs(programs, timeout=START_SECONDS)  # so that the port is free
        self.superlink = None

    def _superlink(self) -> Child:
        if self.superlink is None:
            raise RuntimeError("the SuperLink does not run")
        return self.superlink

    def kill_node(self, number: int) -> None:
        """End a SuperNode by force, and whatever it has started."""
        self.nodes.pop(number).stop()

    def run(self, options: str, *, resume: bool = False) -> Iterator[str]:
        """``flwr run`` on the project; gives the lines that the run says, until it ends.

        Args:
            options: of the run, as :func:`trainer.flower.options.read_run_config` reads them.
            resume: whether to go on from a checkpoint.
        """
        asked = self.folder / "run.toml"
        asked.write_text(f"options = '''{options}'''\nresume = {str(resume).lower()}\n")
        command = ["flwr", "run", str(ROOT), SUPERLINK, "--run-config", str(asked), "--stream"]
        process = subprocess.Popen(
            [program(command[0]), *command[1:]],
            env={**os.environ, **environment(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._stack.callback(process.kill)
        assert process.stdout is not None
        for line in process.stdout:
            yield line
            if _ENDED in line:
                break
        process.kill()
        process.wait()

    def kill_server(self) -> None:
        """End the process of the ServerApp by force, as a crash would; the SuperLink goes on."""
        for child in psutil.Process(self._superlink().process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "flwr-serverapp" in " ".join(child.cmdline()):
                    child.kill()


@contextmanager
def loopback(folder: Path, nodes: Mapping[int, Mapping[str, str]]) -> Iterator[Loopback]:
    """Start a federation.

    Args:
        folder: for all it writes; must exist.
        nodes: for each SuperNode, numbered from 0, its settings.

    Raises:
        UserError: Flower is not installed, a port is taken, or a process does not come up.
    """
    credentials = make_credentials(folder / "credentials", len(nodes))
    port = free_port()
    (folder / "config.toml").write_text(
        f'[superlink]\ndefault = "{SUPERLINK}"\n\n[superlink.{SUPERLINK}]\naddress = "127.0.0.1:{port}"\n'
        f'root-certificates = "{credentials.authority}"\n'
    )
    running = Loopback(folder, credentials, port)
    with running._stack:
        running.start_superlink()
        for _, public in credentials.nodes:
            _register(public, folder)
        for number, settings in nodes.items():
            running.start_node(number, settings)
        yield running


def environment(folder: Path) -> dict[str, str]:
    """For Flower's programs, so that what they write lies in ``folder``."""
    return {**surroundings(), "FLWR_HOME": str(folder)}


def start(name: str, command: list[str], variables: Mapping[str, str]) -> Child:
    """Start a program, with all that it will start."""
    return Child(name, command, environment=variables, with_offspring=True)


def await_word(child: Child, word: str) -> None:
    """Wait until a program has written a word.

    Raises:
        UserError: it ends before, or has not after :data:`START_SECONDS`.
    """
    end = time.monotonic() + START_SECONDS
    while word not in child.written():
        child.check()
        if time.monotonic() > end:
            raise UserError(f"{child.name} is not ready after {START_SECONDS:g} s: {child.last_words()}")
        time.sleep(0.1)


def _register(public: Path, folder: Path) -> None:
    done = subprocess.run(
        [program("flwr"), "supernode", "register", str(public), SUPERLINK],
        env={**os.environ, **environment(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise UserError(f"the SuperLink does not take the key {public}: {' '.join(last) or 'it gave no reason'}")

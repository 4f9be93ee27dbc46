"""The keywords of FedpaiBoard.py: firmware and scripts made here, the line to a board spoken from here.

Renode runs what ``Make Board`` returns; nothing in this file starts it. Keywords raise, and so fail a test, as soon as
the board answers with an error or not at all.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from op_cases import CASES, case_inputs

from device_sim.emulators.renode.meter import Meter
from device_sim.emulators.renode.scripts import render_resc
from device_sim.emulators.renode.session import prepare
from device_sim.samples import input_shape
from firmware_gen.boards import load_board
from firmware_gen.build import build_firmware
from firmware_gen.oracle import run_oracle
from host_bridge import client, messages
from host_bridge.payload import pack

MODEL = "network"
READY_SECONDS = 60.0


class Keywords:
    """One board at a time; a new one replaces it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fp-robot-")
        self._link: client.Board | None = None
        self._meter: Meter | None = None
        self._sha256 = ""

    def make_board(self, name: str) -> str:
        """Build a small model's firmware for a board; returns the path of the script that boots it in Renode."""
        self.hang_up()
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        case = next(case for case in CASES if case.name == MODEL)
        self._model = folder / "model.tflite"
        self._model.write_bytes(case.model())
        self._inputs = case_inputs(case, int(np.prod(input_shape(self._model))))
        board = load_board(name)
        firmware = build_firmware(self._model, board, folder / "firmware")
        (prepared,) = prepare(folder, [firmware.elf], board, [0])
        self._sha256, self._meter = firmware.model_sha256, prepared.meter
        self._url = f"socket://127.0.0.1:{prepared.machine.port}"
        script = folder / "board.resc"
        script.write_text(render_resc([prepared.machine]))
        return str(script)

    def board_should_answer(self) -> None:
        """Connect, for the first time or again, and look at what the board says of itself."""
        self.hang_up()
        self._link = client.Board.connect(self._url, ready_within=READY_SECONDS)
        if self._link.info().model_sha256 != self._sha256:
            raise AssertionError(f"the board runs another model: {self._link.info()}")

    def board_should_infer_exactly(self) -> None:
        """Every output byte of known inputs equals TensorFlow Lite Micro's, and instructions are counted."""
        assert self._link and self._meter
        shape = (len(self._inputs), *input_shape(self._model))
        expected = run_oracle(self._model, self._inputs.reshape(shape)).outputs.reshape(len(self._inputs), -1)
        counts = set()
        for sample, wanted in zip(self._inputs, expected, strict=True):
            got = np.frombuffer(self._link.infer(sample.astype(np.int8).tobytes()).output, np.int8)
            if not np.array_equal(got, wanted):
                raise AssertionError(f"the board computes {got}, not {wanted}")
            counts.add(self._meter.latest_run())
        if min(counts) <= 0:
            raise AssertionError(f"instructions counted: {sorted(counts)}")

    def begin_an_inference(self) -> None:
        """Send the first bytes of an input, and leave it at that."""
        assert self._link
        self._link.link.exchange(messages.INPUT, pack(messages.INPUT.request, {"offset": 0, "chunk": b"\x01\x02\x03"}))

    def board_should_have_forgotten(self) -> None:
        """After a reset there is no half input, and there was no fault."""
        assert self._link
        if self._link.stats().inferences or self._link.fault().count:
            raise AssertionError(f"{self._link.stats()} {self._link.fault()}")

    def hang_up(self) -> None:
        """Close the line."""
        if self._link:
            self._link.close()
        self._link = None

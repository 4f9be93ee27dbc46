"""Instructions counted by Renode: a hook notes the core's count whenever the firmware reads its tick counter.

The firmware reads it right before and right after a run of the model, and at no other time within a request to infer.
So the difference of the latest two notes is the run, plus the few instructions of one reading.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_sim.emulators.renode.scripts import Hook
from host_bridge.errors import UserError

SYMBOL = "fp_systick_now"


@dataclass(frozen=True)
class Meter:
    """Counts that a hook appends to ``notes``, decimal numbers and spaces."""

    notes: Path

    def latest_run(self) -> int:
        """Instructions between the latest two readings of the tick counter.

        Raises:
            UserError: there are no two, or they run backwards: Renode's hook does not work as expected.
        """
        try:
            counts = [int(word) for word in self.notes.read_text(encoding="ascii").split()[-2:]]
        except (OSError, ValueError) as error:
            raise UserError(f"Renode's notes of instructions cannot be read: {error}") from error
        if len(counts) < 2 or counts[1] < counts[0]:
            raise UserError(
                f"Renode's notes of instructions end in {counts}, which is no run; is its version supported?"
            )
        return counts[1] - counts[0]


def meter_hook(elf: Path, meter: Meter) -> Hook:
    """The hook that notes counts for ``meter``.

    Raises:
        UserError: the firmware has no tick counter of the name expected.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as stream:
            table: Any = ELFFile(stream).get_section_by_name(".symtab")
            found = table.get_symbol_by_name(SYMBOL) if table else None
    except (OSError, ELFError) as error:
        raise UserError(f"cannot read {elf.name}: {error}; build again") from error
    if not found:
        raise UserError(f"{elf.name} has no function {SYMBOL}; build it with this version of the project")
    address = int(found[0]["st_value"]) & ~1
    note = f"notes = open('{meter.notes}', 'a'); notes.write(str(self.ExecutedInstructions) + ' '); notes.close()"
    return Hook(address, note)

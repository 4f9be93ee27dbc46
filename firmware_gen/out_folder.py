"""The folder a project is written to."""

from pathlib import Path

from host_bridge.errors import UserError

REPORT_NAME = "report.json"


def check_out(out: Path) -> Path:
    """The absolute path; only an empty folder or an earlier project may be replaced.

    Raises:
        UserError: there is something else, or the folder cannot be looked into.
    """
    resolved = out.expanduser().resolve()
    try:
        strange = resolved.exists() and not (
            resolved.is_dir() and ((resolved / REPORT_NAME).is_file() or not any(resolved.iterdir()))
        )
    except OSError as error:
        raise UserError(f"cannot look into {out}: {error.strerror}; choose another --out folder") from error
    if strange:
        raise UserError(f"{out} exists and is not a generated project; choose another --out folder")
    return resolved

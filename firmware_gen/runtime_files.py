"""The files of the C runtime, and what each is for: the one list that every kind of project is made from."""

from pathlib import Path
from typing import Literal

Kind = Literal["inference", "learner"]
"""What a firmware does."""

RUNTIME_FOLDER = Path(__file__).with_name("runtime")
INCLUDE_FOLDER = RUNTIME_FOLDER / "include"
SOURCE_FOLDER = RUNTIME_FOLDER / "src"
TFLM_FOLDER = RUNTIME_FOLDER / "tflm"
_INFERENCE_KERNELS = (
    *("fp_add", "fp_conv", "fp_copy", "fp_lookup", "fp_mean", "fp_mul", "fp_plane", "fp_pool", "fp_softmax", "fp_taps"),
)
_AUTHENTICATION = ("fp_auth",)
_SESSION = ("fp_session",)
_TRANSFER = ("fp_transfer",)
_VECTOR_KERNELS = ("fp_conv_dots_mve", "fp_conv_mve", "fp_conv_tile_mve")
_VECTOR_CORE = "cortex-m55"
_LEARNER_KERNELS = ("fp_cross_entropy", "fp_float", "fp_layers", "fp_learner", "fp_seeded", "fp_sparse", "fp_synflow")
_LINK = (
    "fp_cobs",
    "fp_crc32",
    "fp_device",
    "fp_frame",
    "fp_port",
    "fp_reply",
    "fp_requests",
    "fp_service",
    *_SESSION,
    *_TRANSFER,
)
_LIBRARY = ("fp_net",)
_PROFILE = ("fp_profile",)
_LEARNER = (
    *_LEARNER_KERNELS,
    *("fp_bits", "fp_half", "fp_learning", "fp_requests_learn", "fp_window", "fp_wire"),
)
_SHARED = ("fp_bytes", "fp_config", "fp_model", "fp_status")


def firmware_files(
    kind: Kind = "inference", profile: bool = False, authenticated: bool = False, cpu: str = _VECTOR_CORE
) -> tuple[list[Path], list[Path]]:
    """Public headers, and sources with the headers they share: what a firmware with a serial link is made of.

    Args:
        kind: a firmware that infers has no learner, no transfers, and without a key no sessions.
        profile: whether it answers PROFILE and PEEK.
        authenticated: whether it has a key.
        cpu: the core, as GCC knows it, or ``host``; kernels that it has no vector instructions for are left out.
    """
    left_out = (*_LIBRARY, *(() if profile else _PROFILE), *(() if authenticated else _AUTHENTICATION))
    if kind == "inference":
        session = () if authenticated else _SESSION
        vectors = () if cpu == _VECTOR_CORE else _VECTOR_KERNELS
        return _files((*left_out, *session, *vectors, *_TRANSFER, *_LEARNER))
    parts = (*_SHARED, *_LINK, *_AUTHENTICATION, *_LEARNER)  # what is left out is out already
    headers, sources = _files(left_out)
    return _only(headers, parts), _only(sources, parts)


def library_files() -> tuple[list[Path], list[Path]]:
    """The same for a library: kernels and the two functions, nothing of the serial link or of learning."""
    return _files((*_LINK, *_AUTHENTICATION, *_LEARNER, *_PROFILE))


def tflm_glue(*, programs: bool, on_board: bool) -> list[Path]:
    """What stands between TensorFlow Lite Micro and a project; the operator only where the model has programs."""
    left_out = {*(() if programs else ("fp_tflm_op",)), *(() if on_board else ("fp_tflm_abort",))}
    return [path for path in sorted(TFLM_FOLDER.glob("*.*")) if path.stem not in left_out]


def is_kernel(name: str) -> bool:
    """Whether a source is where instructions go, and so is compiled for speed."""
    return name.startswith((*_INFERENCE_KERNELS, *_LEARNER_KERNELS))


def _files(without: tuple[str, ...]) -> tuple[list[Path], list[Path]]:
    headers = (path for path in sorted(INCLUDE_FOLDER.glob("*.h")) if not _is_part(path.stem, without))
    sources = (path for path in sorted(SOURCE_FOLDER.glob("*.[ch]")) if not _is_part(path.stem, without))
    return list(headers), list(sources)


def _only(files: list[Path], parts: tuple[str, ...]) -> list[Path]:
    return [path for path in files if _is_part(path.stem, parts)]


def _is_part(name: str, parts: tuple[str, ...]) -> bool:
    """Whether a file is one of the parts or belongs to one: ``fp_learner_train`` to ``fp_learner``."""
    return any(name == part or name.startswith(f"{part}_") for part in parts)

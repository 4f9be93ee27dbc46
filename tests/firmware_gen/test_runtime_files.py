"""What a project gets of the runtime: nothing that it has no use for."""

import pytest

from firmware_gen.runtime_files import SOURCE_FOLDER, firmware_files, library_files


def sources(*given: object, **named: object) -> set[str]:
    """C files by name, without ``.c``."""
    return {path.stem for path in firmware_files(*given, **named)[1] if path.suffix == ".c"}  # type: ignore[arg-type]


def test_a_model_takes_nothing_of_learning_transfers_and_sessions() -> None:
    names = sources(cpu="cortex-m4")
    assert {"fp_conv", "fp_conv_dsp", "fp_taps", "fp_softmax", "fp_requests", "fp_frame"} <= names
    for part in ("fp_learn", "fp_layers", "fp_sparse", "fp_synflow", "fp_wire", "fp_transfer", "fp_session", "fp_auth"):
        assert not [name for name in names if name.startswith(part)]
    assert "fp_profile" not in names
    assert sources(authenticated=True, cpu="cortex-m4") - names == {"fp_auth", "fp_session"}
    assert sources(profile=True, cpu="cortex-m4") - names == {"fp_profile"}


def test_only_a_core_with_vectors_gets_kernels_of_vectors() -> None:
    plain = sources(cpu="cortex-m4")
    assert sources(cpu="cortex-m55") - plain == {"fp_conv_mve", "fp_conv_dots_mve", "fp_conv_tile_mve"}
    assert sources(cpu="host") == plain


@pytest.mark.parametrize("authenticated", [False, True])
def test_a_learner_takes_no_kernels_of_int8(authenticated: bool) -> None:
    names = sources("learner", authenticated=authenticated)
    assert {"fp_learner", "fp_synflow", "fp_sparse_conv", "fp_transfer", "fp_session", "fp_requests"} <= names
    assert not names & {"fp_conv", "fp_taps", "fp_softmax", "fp_pool"}
    assert ("fp_auth" in names) == authenticated


def test_every_source_is_in_some_project() -> None:
    everything = sources(profile=True, authenticated=True) | sources("learner")
    everything |= {path.stem for path in library_files()[1] if path.suffix == ".c"}
    assert everything == {path.stem for path in SOURCE_FOLDER.glob("*.c")}

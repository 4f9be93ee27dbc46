"""Recordings of speech."""

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_bridge.errors import UserError
from trainer.datasets.mfcc import SAMPLE_RATE

Sound = npt.NDArray[np.int16]


def read_wav(path: Path) -> Sound:
    """The samples of a mono recording of 16 bits at 16 kHz.

    Raises:
        UserError: the file is damaged or of another kind.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks besides the samples
            rate, samples = wavfile.read(path)
    except Exception as error:  # a damaged file can raise nearly anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"cannot read {path}: {reason}; use a WAV file") from error
    if rate != SAMPLE_RATE or samples.dtype != np.int16 or samples.ndim != 1:
        raise UserError(
            f"{path} has {rate} Hz, type {samples.dtype}, shape {samples.shape}; use {SAMPLE_RATE} Hz, 16 bits, mono"
        )
    return np.asarray(samples, np.int16)


def one_second(samples: Sound) -> Sound:
    """The first second; what is shorter is followed by silence."""
    second = np.zeros(SAMPLE_RATE, np.int16)
    second[: len(samples)] = samples[:SAMPLE_RATE]
    return second

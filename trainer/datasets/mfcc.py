"""Mel-frequency cepstral coefficients of one second of speech.

S. B. Davis, P. Mermelstein: "Comparison of Parametric Representations for Monosyllabic Word Recognition in Continuously
Spoken Sentences", 1980. Window, bands and number of coefficients are those of keyword spotting in MLPerf Tiny:
C. Banbury et al., 2021, arXiv 2106.07597.
"""

import functools

import numpy as np
import numpy.typing as npt

from trainer.tensors import Float32, Float64

SAMPLE_RATE = 16000
"""Hz."""
WINDOW, STRIDE = 640, 320
"""40 ms every 20 ms, in samples."""
FRAMES = 1 + (SAMPLE_RATE - WINDOW) // STRIDE
COEFFICIENTS = 10

_POINTS = 1024
_BANDS = 40
_LOWEST, _HIGHEST = 20.0, 4000.0
_QUIETEST = 1e-6
_FULL_SCALE = 32768.0


def mfcc(samples: npt.NDArray[np.int16]) -> Float32:
    """The first coefficients of every window.

    A Hann window, the magnitude of a Fourier transform of 1024 points, 40 triangular bands from 20 Hz to 4 kHz, the
    logarithm, and an orthonormal cosine transform.

    Args:
        samples: int16 (clips, 16000), one second each.

    Returns:
        float32 (clips, 49, 10).
    """
    from scipy import fft

    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=1)[:, ::STRIDE]
    windowed = frames * (_hann() / _FULL_SCALE).astype(np.float32)
    spectrum = np.abs(fft.rfft(windowed, _POINTS, axis=-1))
    bands = spectrum @ _mel_filters().astype(np.float32)
    cepstrum = fft.dct(np.log(bands + np.float32(_QUIETEST)), type=2, axis=-1, norm="ortho")
    coefficients: Float32 = cepstrum[..., :COEFFICIENTS].astype(np.float32)
    return coefficients


def _hann() -> Float64:
    """The periodic window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


def _mel(hertz: npt.ArrayLike) -> Float64:
    """D. O'Shaughnessy's formula."""
    return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)


@functools.cache
def _mel_filters() -> Float64:
    """float64 (513, 40): triangles, equally wide and half overlapping on the mel scale."""
    edges = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), _BANDS + 2)
    bins = _mel(np.arange(_POINTS // 2 + 1) * SAMPLE_RATE / _POINTS)[:, np.newaxis]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling))

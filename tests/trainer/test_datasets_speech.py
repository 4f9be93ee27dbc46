"""Speech Commands: coefficients against a direct computation, and which recording goes where."""

import struct
from pathlib import Path

import numpy as np
import pytest

from host_bridge.errors import UserError
from trainer.datasets import load_dataset
from trainer.datasets.mfcc import mfcc
from trainer.datasets.speech_clips import WORDS


def direct_coefficients(frame: np.ndarray) -> np.ndarray:
    """One window of 640 samples: sums of sines and cosines, triangles and cosines, written out."""
    n = np.arange(640)
    windowed = frame / 32768 * np.sin(np.pi * n / 640) ** 2
    turns = np.outer(np.arange(513), n) * (2 * np.pi / 1024)
    magnitude = np.hypot(np.cos(turns) @ windowed, np.sin(turns) @ windowed)

    def mel(hertz: float) -> float:
        return 2595 * np.log10(1 + hertz / 700)

    centres = [mel(20) + k * (mel(4000) - mel(20)) / 41 for k in range(42)]
    logs = []
    for low, middle, high in zip(centres, centres[1:], centres[2:], strict=False):
        energy = 0.0
        for k in range(513):
            at = mel(k * 16000 / 1024)
            if low < at <= middle:
                energy += magnitude[k] * (at - low) / (middle - low)
            elif middle < at < high:
                energy += magnitude[k] * (high - at) / (high - middle)
        logs.append(np.log(energy + 1e-6))
    coefficients = [sum(logs[m] * np.cos(np.pi * k * (m + 0.5) / 40) for m in range(40)) for k in range(10)]
    return np.array([np.sqrt((1 if k == 0 else 2) / 40) * value for k, value in enumerate(coefficients)])


def test_coefficients_are_those_of_the_definition() -> None:
    t = np.arange(16000) / 16000
    chirp = 9000 * np.sin(2 * np.pi * (200 + 1500 * t) * t) + np.random.default_rng(1).normal(0, 300, 16000)
    sound = np.rint(chirp).astype(np.int16)
    found = mfcc(sound[np.newaxis])
    assert (found.shape, found.dtype) == ((1, 49, 10), np.float32)
    for frame in (0, 17, 48):
        np.testing.assert_allclose(found[0, frame], direct_coefficients(sound[320 * frame :][:640]), atol=2e-4)


def write_wav(path: Path, samples: np.ndarray, rate: int = 16000, channels: int = 1) -> None:
    data = samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 * channels, 2 * channels, 16)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


def sound(seed: int, length: int = 16000) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, length)


SPEAKERS = ("0a7c2a8d", "1b4c9b89", "ffd2ba2f")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Every word by three speakers: one trains, one is on the validation list, one on the testing list."""
    folder = tmp_path / "speech_commands_v0.02"
    for number, word in enumerate((*WORDS, "bed", "cat")):
        for k, speaker in enumerate(SPEAKERS):
            write_wav(folder / word / f"{speaker}_nohash_0.wav", sound(3 * number + k))
    write_wav(folder / "_background_noise_" / "hum.wav", sound(99, 90000))
    for name, speaker in (("validation", SPEAKERS[1]), ("testing", SPEAKERS[2])):
        lines = [f"{word}/{speaker}_nohash_0.wav\n" for word in (*WORDS, "bed", "cat")]
        (folder / f"{name}_list.txt").write_text("".join(lines))
    return folder


def test_lists_decide_which_recordings_train_and_test(root: Path) -> None:
    data = load_dataset("speech_commands", root.parent)
    assert data.input_shape == (49, 10, 1)
    assert data.classes == (*WORDS, "silence", "unknown")
    for y, groups, speaker in ((data.train_y, data.train_groups, 0), (data.test_y, data.test_groups, 1)):
        # Ten words, one of the two other words, one second of silence; one speaker (numbers follow the names).
        assert sorted(y) == list(range(12))
        assert groups is not None and set(groups) == {speaker}
    words = data.train_y < 10
    raw = mfcc(np.stack([sound(3 * label) for label in data.train_y[words]]).astype(np.int16))
    for coefficient in range(10):  # standardising is a straight line per coefficient
        slope, offset = np.polyfit(raw[..., coefficient].ravel(), data.train_x[words][..., coefficient, 0].ravel(), 1)
        assert slope > 0
        np.testing.assert_allclose(
            raw[..., coefficient] * slope + offset, data.train_x[words][..., coefficient, 0], atol=1e-3
        )
    np.testing.assert_allclose(data.train_x.mean(axis=(0, 1, 3)), np.zeros(10), atol=1e-4)
    np.testing.assert_allclose(data.train_x.std(axis=(0, 1, 3)), np.ones(10), atol=1e-4)


def test_it_is_the_same_every_time_and_found_from_either_folder(root: Path) -> None:
    first, again = load_dataset("speech_commands", root), load_dataset("speech_commands", root.parent)
    assert np.array_equal(first.train_x, again.train_x) and np.array_equal(first.test_x, again.test_x)


def test_short_recordings_end_in_silence_and_long_ones_are_cut(root: Path) -> None:
    before = load_dataset("speech_commands", root)
    original = sound(0)
    write_wav(root / "down" / f"{SPEAKERS[0]}_nohash_0.wav", np.concatenate([original, sound(5, 4000)]))
    assert np.array_equal(load_dataset("speech_commands", root).train_x, before.train_x)
    original[12000:] = 0
    write_wav(root / "down" / f"{SPEAKERS[0]}_nohash_0.wav", original)
    padded = load_dataset("speech_commands", root)
    write_wav(root / "down" / f"{SPEAKERS[0]}_nohash_0.wav", original[:12000])
    assert np.array_equal(load_dataset("speech_commands", root).train_x, padded.train_x)
    assert not np.array_equal(padded.train_x, before.train_x)


def test_what_is_missing_is_named(root: Path) -> None:
    (root / "testing_list.txt").unlink()
    (root / "yes").rename(root / "yeah")
    with pytest.raises(UserError, match=r"speech_commands_v0\.02 lacks testing_list\.txt, yes; give --data-dir"):
        load_dataset("speech_commands", root.parent)
    with pytest.raises(UserError, match=r"nowhere lacks testing_list\.txt, .*yes; give --data-dir"):
        load_dataset("speech_commands", root / "nowhere")


def test_a_word_without_test_recordings_is_named(root: Path) -> None:
    (root / "go" / f"{SPEAKERS[2]}_nohash_0.wav").unlink()
    with pytest.raises(UserError, match="no test recording of go"):
        load_dataset("speech_commands", root)


@pytest.mark.parametrize(
    ("rate", "channels", "reason"),
    [(8000, 1, r"8000 Hz, type int16, shape \(16000,\)"), (16000, 2, r"16000 Hz, type int16, shape \(8000, 2\)")],
)
def test_recordings_of_another_kind_are_refused(root: Path, rate: int, channels: int, reason: str) -> None:
    write_wav(root / "no" / f"{SPEAKERS[0]}_nohash_0.wav", sound(1), rate, channels)
    with pytest.raises(UserError, match=rf"{SPEAKERS[0]}_nohash_0\.wav has {reason}; use 16000 Hz, 16 bits, mono"):
        load_dataset("speech_commands", root)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no sound at all, but text", b"RIFF\x24\0\0\0WAVEfmt "])
def test_damaged_recordings_are_refused(root: Path, data: bytes) -> None:
    (root / "no" / f"{SPEAKERS[0]}_nohash_0.wav").write_bytes(data)
    with pytest.raises(UserError, match=r"cannot read .*_nohash_0\.wav"):
        load_dataset("speech_commands", root)


def test_noise_shorter_than_needed_is_refused(root: Path) -> None:
    write_wav(root / "_background_noise_" / "hum.wav", sound(99, 60000))
    with pytest.raises(UserError, match="_background_noise_ has no WAV file of 5 seconds"):
        load_dataset("speech_commands", root)

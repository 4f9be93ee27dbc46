"""Ten spoken words, silence and other words, by speaker: 49 windows of 10 MFCC for each second.

P. Warden: "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", 2018, arXiv 1804.03209. The classes
are those of MLPerf Tiny. Test recordings are those of the published list; those of the validation list are left out, as
in published results. Silence is cut from the recordings of background noise, from their last fifth for the test, at
random volumes; it belongs to a random speaker, as every speaker's device hears it. Coefficients have mean 0 and
variance 1 over the training recordings. A sample is (49, 10, 1): time is the height.
"""

from pathlib import Path

import numpy as np

from host_bridge.errors import UserError
from trainer.datasets.checked import make_dataset
from trainer.datasets.dataset import Dataset
from trainer.datasets.mfcc import COEFFICIENTS, FRAMES, SAMPLE_RATE, mfcc
from trainer.datasets.raw import Raw
from trainer.datasets.scaling import standardise
from trainer.datasets.speech_clips import CLASSES, NOISE_FOLDER, WORDS, Clip, choose_clips, find_root
from trainer.datasets.wav import Sound, one_second, read_wav
from trainer.tensors import Float32, Int32

_SEED = 0
_BATCH = 64
_TRAINING_SHARE = 0.8
"""Of every recording of noise."""


def load_speech_commands(data_dir: Path | None) -> Dataset:
    """About 37,000 training and 4,900 test recordings of 12 classes (version 2); the same in every run.

    Raises:
        UserError: there is no data folder, it lacks a word or a list, or a recording is damaged.
    """
    if data_dir is None:
        raise UserError("speech_commands is not downloaded; give --data-dir its unpacked folder")
    root, random = find_root(data_dir), np.random.default_rng(_SEED)
    clips = choose_clips(root, random)
    noises = [read_wav(path) for path in sorted((root / NOISE_FOLDER).glob("*.wav"))]
    borders = [int(_TRAINING_SHARE * len(noise)) for noise in noises]
    speakers = {name: k for k, name in enumerate(sorted({clip.speaker for clip in (*clips.train, *clips.test)}))}
    heard = (
        [noise[:border] for noise, border in zip(noises, borders, strict=True)],
        [noise[border:] for noise, border in zip(noises, borders, strict=True)],
    )
    train_x, train_y, train_groups = _split(clips.train, heard[0], speakers, random)
    test_x, test_y, test_groups = _split(clips.test, heard[1], speakers, random)
    standardise(train_x, test_x)
    raw = Raw(train_x[..., np.newaxis], train_y, test_x[..., np.newaxis], test_y, train_groups, test_groups)
    return make_dataset("speech_commands", CLASSES, raw)


def _split(
    clips: tuple[Clip, ...], noises: list[Sound], speakers: dict[str, int], random: np.random.Generator
) -> tuple[Float32, Int32, Int32]:
    """Coefficients, labels and speakers of the recordings, then of as much silence as a word has on average."""
    silences = max(1, sum(clip.label < len(WORDS) for clip in clips) // len(WORDS))
    x = np.empty((len(clips) + silences, FRAMES, COEFFICIENTS), np.float32)
    for start in range(0, len(clips), _BATCH):
        batch = clips[start : start + _BATCH]
        x[start : start + len(batch)] = mfcc(np.stack([one_second(read_wav(clip.path)) for clip in batch]))
    for position in range(len(clips), len(x)):
        x[position] = mfcc(_silence(noises, random)[np.newaxis])[0]
    owners = [speakers[clip.speaker] for clip in clips]
    labels = [clip.label for clip in clips] + silences * [CLASSES.index("silence")]
    groups = owners + [owners[k] for k in random.integers(len(owners), size=silences)]
    return x, np.array(labels, np.int32), np.array(groups, np.int32)


def _silence(noises: list[Sound], random: np.random.Generator) -> Sound:
    """One second of noise at a random volume.

    Raises:
        UserError: there is no noise long enough.
    """
    long_enough = [noise for noise in noises if len(noise) >= SAMPLE_RATE]
    if not long_enough:
        raise UserError(f"{NOISE_FOLDER} has no WAV file of 5 seconds or more; fetch Speech Commands again")
    noise = long_enough[random.integers(len(long_enough))]
    start = random.integers(len(noise) - SAMPLE_RATE + 1)
    return (noise[start : start + SAMPLE_RATE] * random.uniform()).astype(np.int16)

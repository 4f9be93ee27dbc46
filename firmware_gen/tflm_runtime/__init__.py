"""TensorFlow Lite Micro as a second runtime, with our sparse kernels as its custom operators."""

from firmware_gen.tflm_runtime.build import TflmOptions, build_tflm_firmware, build_tflm_library
from firmware_gen.tflm_runtime.report import TflmFirmwareReport, TflmReport

__all__ = ["TflmFirmwareReport", "TflmOptions", "TflmReport", "build_tflm_firmware", "build_tflm_library"]

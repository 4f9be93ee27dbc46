"""What package managers read of a library: Arduino's library.properties and PlatformIO's library.json.

Sources: the Arduino library specification (1.5 format) and PlatformIO's description of library.json.
"""

import json

from firmware_gen.version import TOOL_VERSION

_AUTHOR = "firmware_gen"
_ABOUT = "Two functions a model: init and invoke. The caller provides all memory; there is no heap and no global state."


def arduino_properties(name: str, summary: str, headers: tuple[str, ...]) -> str:
    """``library.properties``; ``headers`` are what a sketch includes."""
    fields = {
        "name": name,
        "version": TOOL_VERSION,
        "author": _AUTHOR,
        "maintainer": _AUTHOR,
        "sentence": summary,
        "paragraph": _ABOUT,
        "category": "Data Processing",
        "url": "https://arxiv.org/abs/2504.00308",
        "architectures": "*",
        "includes": ",".join(headers),
    }
    return "".join(f"{key}={value}\n" for key, value in fields.items())


def platformio_manifest(name: str, summary: str, headers: tuple[str, ...]) -> str:
    """``library.json``; ``headers`` are what a program includes."""
    manifest = {
        "name": name,
        "version": TOOL_VERSION,
        "description": f"{summary} {_ABOUT}",
        "keywords": ["machine learning", "neural network", "inference", "int8"],
        "license": "Apache-2.0",
        "headers": list(headers),
        "frameworks": "*",
        "platforms": "*",
        "build": {"srcDir": "src", "includeDir": "include", "flags": ["-O2"]},
    }
    return json.dumps(manifest, indent=2) + "\n"

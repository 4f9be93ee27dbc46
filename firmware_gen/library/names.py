"""Names for C, made from names that people gave."""

import re
from dataclasses import dataclass

_LONGEST = 31
_DEFAULT = "model"


@dataclass(frozen=True)
class CNames:
    """A model's or a library's name in C; ``name`` is lower-case letters, digits and single underscores."""

    name: str

    @property
    def stem(self) -> str:
        """Of its files and functions; nothing of the runtime starts like this."""
        return f"fp_net_{self.name}"

    @property
    def macro(self) -> str:
        """What its macros start with."""
        return self.stem.upper()

    @property
    def title(self) -> str:
        """For build systems, which do not like underscores."""
        return self.stem.replace("_", "-")


def c_names(text: str) -> CNames:
    """Names from any text.

    >>> c_names("My net (v2)").stem
    'fp_net_my_net_v2'
    """
    words = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")
    return CNames(words[:_LONGEST].rstrip("_") or _DEFAULT)

"""Unsigned LEB128: seven bits a byte, lowest first; the top bit says that another byte follows."""


def leb128(value: int) -> bytes:
    """Write one number."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_leb128(data: bytes, at: int) -> tuple[int, int]:
    """The number at ``data[at:]``, and where the next byte lies."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at

"""The codec once more, written straight from its definitions and sharing no code with either implementation."""


def naive_crc32(data: bytes) -> int:
    """Bit by bit: divide by the reflected polynomial, start and end inverted."""
    crc = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            feedback = (crc ^ (byte >> bit)) & 1
            crc = (crc >> 1) ^ (0xEDB88320 if feedback else 0)
    return crc ^ 0xFFFFFFFF


def naive_cobs(data: bytes) -> bytes:
    """Append the zero that the encoding leaves out, then cut into runs of at most 254 bytes that are not zero."""
    encoded = bytearray()
    for position, run in enumerate(runs := data.split(b"\0")):
        rest = run
        while len(rest) >= 254:
            encoded += bytes([255]) + rest[:254]
            rest = rest[254:]
            if not rest and position == len(runs) - 1:
                return bytes(encoded)
        encoded += bytes([len(rest) + 1]) + rest
    return bytes(encoded)


def naive_frame(type_: int, sequence: int, payload: bytes = b"", version: int = 1, flags: int = 0) -> bytes:
    """A whole frame with its delimiter."""
    covered = bytes([version, type_, sequence % 256, sequence // 256, flags % 256, flags // 256]) + payload
    crc = naive_crc32(covered)
    return naive_cobs(covered + bytes((crc >> shift) & 255 for shift in (0, 8, 16, 24))) + b"\0"


def naive_selftest_input(length: int) -> bytes:
    """Byte i is the top byte of (i + 1) * 2654435761 mod 2^32 (fp_model.h)."""
    return bytes(((index + 1) * 2654435761 % 2**32) >> 24 for index in range(length))

"""BLAKE2b and the tags of authenticated sessions, written straight from RFC 7693 and docs/protocol.md."""

MASK = 2**64 - 1
IV = (
    *(0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1),
    *(0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179),
)
# RFC 7693, 2.7: the words that each round mixes in.
SIGMA = [
    [int(digit, 16) for digit in row]
    for row in (
        *("0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d"),
        *("2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0"),
    )
]
COLUMNS_THEN_DIAGONALS = (
    *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)


def _rotate(word: int, bits: int) -> int:
    return (word >> bits | word << (64 - bits)) & MASK


def _compress(state: list[int], block: bytes, count: int, last: bool) -> list[int]:
    words = [int.from_bytes(block[8 * i : 8 * i + 8], "little") for i in range(16)]
    v = [*state, *IV]
    v[12] ^= count & MASK
    v[14] ^= MASK if last else 0
    for number in range(12):
        row = SIGMA[number % 10]
        for step, (a, b, c, d) in enumerate(COLUMNS_THEN_DIAGONALS):
            v[a] = (v[a] + v[b] + words[row[2 * step]]) & MASK
            v[d] = _rotate(v[d] ^ v[a], 32)
            v[c] = (v[c] + v[d]) & MASK
            v[b] = _rotate(v[b] ^ v[c], 24)
            v[a] = (v[a] + v[b] + words[row[2 * step + 1]]) & MASK
            v[d] = _rotate(v[d] ^ v[a], 16)
            v[c] = (v[c] + v[d]) & MASK
            v[b] = _rotate(v[b] ^ v[c], 63)
    return [state[i] ^ v[i] ^ v[i + 8] for i in range(8)]


def naive_blake2b(data: bytes, key: bytes, length: int) -> bytes:
    """Keyed BLAKE2b of ``length`` bytes."""
    state = [IV[0] ^ 0x01010000 ^ len(key) << 8 ^ length, *IV[1:]]
    padded = key.ljust(128, b"\0") + data
    blocks = [padded[at : at + 128] for at in range(0, len(padded), 128)]
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        count = len(padded) if last else 128 * (number + 1)
        state = _compress(state, block.ljust(128, b"\0"), count, last)
    return b"".join(word.to_bytes(8, "little") for word in state)[:length]


def naive_keys(key: bytes, host_nonce: bytes, board_nonce: bytes) -> tuple[bytes, bytes]:
    """The keys of a session: the host's, the board's."""
    both = naive_blake2b(b"fedpai session 1" + host_nonce + board_nonce, key, 64)
    return both[:32], both[32:]


def naive_sealed(key: bytes, type_: int, sequence: int, session: int, counter: int, payload: bytes) -> bytes:  # noqa: PLR0917
    """What lies between header and CRC of an authenticated frame: blocks, payload and tag."""
    header = bytes([1, type_]) + sequence.to_bytes(2, "little") + bytes([3, 0])
    inner = session.to_bytes(4, "little") + counter.to_bytes(4, "little") + payload
    return inner + naive_blake2b(header + inner, key, 16)

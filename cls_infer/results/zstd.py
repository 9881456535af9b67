"""How much a compressed file holds, told from the headers of its Zstandard frames: nothing is unpacked.

Reference: RFC 8878, sections 3.1.1 and 3.1.2.
"""

FRAME, SKIPPED = b"\x28\xb5\x2f\xfd", range(0x184D2A50, 0x184D2A60)
RAW, REPEATED, COMPRESSED = 0, 1, 2


def unpacked_size(content: bytes) -> int | None:
    """Return how many bytes all frames of a file come to; None where they do not say, or it is not frames."""
    at = total = 0
    while at < len(content):
        if content[at : at + 4] == FRAME:
            told = _frame(content, at + 4)
        elif int.from_bytes(content[at : at + 4], "little") in SKIPPED:
            told = 0, at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")
        else:
            return None
        if told is None:
            return None
        size, at = told
        total += size
    return total if at == len(content) else None


def _frame(content: bytes, at: int) -> tuple[int, int] | None:
    """Return what a frame unpacks to, and where it ends."""
    described = content[at : at + 1]
    if not described:
        return None
    single, checksum = described[0] >> 5 & 1, described[0] >> 2 & 1
    wide = (single, 2, 4, 8)[described[0] >> 6]
    first = at + 1 + (1 - single) + (0, 1, 2, 4)[described[0] & 3]
    if not wide or first + wide > len(content):
        return None
    size = int.from_bytes(content[first : first + wide], "little") + (256 if wide == 2 else 0)
    at, last = first + wide, False
    while not last:
        if at + 3 > len(content):
            return None
        header = int.from_bytes(content[at : at + 3], "little")
        last, kind, long = bool(header & 1), header >> 1 & 3, header >> 3
        at += 3 + (1 if kind == REPEATED else long)
    return size, at + 4 * checksum

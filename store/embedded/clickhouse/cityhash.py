"""CityHash128 as ClickHouse uses it (version 1.0.2): the checksum of its own compressed blocks."""

import struct

_MASK = 0xFFFFFFFFFFFFFFFF
_K0 = 0xC3A5C85C97CB3127
_K1 = 0xB492B66FBE98F273
_K2 = 0x9AE16A3B2F90404F
_K3 = 0xC949D7C7509E6557
_MULTIPLIER = 0x9DDFEA08EB382D69

_Pair = tuple[int, int]
_word = struct.Struct("<Q").unpack_from
_four_words = struct.Struct("<4Q").unpack_from
_half_word = struct.Struct("<I").unpack_from


def _rotate(value: int, by: int) -> int:
    return (value >> by | value << (64 - by)) & _MASK


def _shift_mix(value: int) -> int:
    return value ^ value >> 47


def _mix(low: int, high: int) -> int:
    first = _shift_mix((low ^ high) * _MULTIPLIER & _MASK)
    second = _shift_mix((high ^ first) * _MULTIPLIER & _MASK)
    return second * _MULTIPLIER & _MASK


def _short(data: bytes) -> int:
    """The 64-bit hash of at most sixteen bytes."""
    length = len(data)
    if length > 8:
        first, last = _word(data)[0], _word(data, length - 8)[0]
        return _mix(first, _rotate(last + length & _MASK, length)) ^ last
    if length >= 4:
        return _mix(length + (_half_word(data)[0] << 3), _half_word(data, length - 4)[0])
    if length:
        low = data[0] + (data[length >> 1] << 8)
        high = length + (data[-1] << 2)
        return _shift_mix((low * _K2 ^ high * _K3) & _MASK) * _K2 & _MASK
    return _K2


def _seeded_32(data: bytes, at: int, first: int, second: int) -> _Pair:
    w, x, y, z = _four_words(data, at)
    first = first + w & _MASK
    second = _rotate(second + first + z & _MASK, 21)
    before = first
    first = first + x + y & _MASK
    second = second + _rotate(first, 44)
    return first + z & _MASK, second + before & _MASK


def _murmur(data: bytes, seed: _Pair) -> _Pair:
    """What CityHash does with fewer than 128 bytes."""
    a, b = seed
    length = len(data)
    if length <= 16:
        a = _shift_mix(a * _K1 & _MASK) * _K1 & _MASK
        c = b * _K1 + _short(data) & _MASK
        d = _shift_mix(a + (_word(data)[0] if length >= 8 else c) & _MASK)
    else:
        c = _mix(_word(data, length - 8)[0] + _K1 & _MASK, a)
        d = _mix(b + length & _MASK, c + _word(data, length - 16)[0] & _MASK)
        a = a + d & _MASK
        at = 0
        for at in range(0, length - 16, 16):
            a = (a ^ _shift_mix(_word(data, at)[0] * _K1 & _MASK) * _K1) * _K1 & _MASK
            b ^= a
            c = (c ^ _shift_mix(_word(data, at + 8)[0] * _K1 & _MASK) * _K1) * _K1 & _MASK
            d ^= c
    a = _mix(a, c)
    b = _mix(d, b)
    return a ^ b, _mix(b, a)


def _seeded(data: bytes, seed: _Pair) -> _Pair:
    length = len(data)
    if length < 128:
        return _murmur(data, seed)
    x, y = seed
    z = length * _K1 & _MASK
    v0 = _rotate(y ^ _K1, 49) * _K1 + _word(data)[0] & _MASK
    v1 = _rotate(v0, 42) * _K1 + _word(data, 8)[0] & _MASK
    w0 = _rotate(y + z & _MASK, 35) * _K1 + x & _MASK
    w1 = _rotate(x + _word(data, 88)[0] & _MASK, 53) * _K1 & _MASK
    done = length // 128 * 128
    for at in range(0, done, 64):
        x = _rotate(x + y + v0 + _word(data, at + 16)[0] & _MASK, 37) * _K1 & _MASK
        y = _rotate(y + v1 + _word(data, at + 48)[0] & _MASK, 42) * _K1 & _MASK
        x ^= w1
        y ^= v0
        z = _rotate(z ^ w0, 33)
        v0, v1 = _seeded_32(data, at, v1 * _K1 & _MASK, x + w0 & _MASK)
        w0, w1 = _seeded_32(data, at + 32, z + w1 & _MASK, y)
        z, x = x, z
    y = y + _rotate(w0, 37) * _K0 + z & _MASK
    x = x + _rotate(v0 + z & _MASK, 49) * _K0 & _MASK
    tail = 0
    while tail < length - done:
        tail += 32
        y = _rotate(y - x & _MASK, 42) * _K0 + v1 & _MASK
        w0 = w0 + _word(data, length - tail + 16)[0] & _MASK
        x = _rotate(x, 49) * _K0 + w0 & _MASK
        w0 = w0 + v0 & _MASK
        v0, v1 = _seeded_32(data, length - tail, v0, v1)
    x = _mix(x, v0)
    y = _mix(y, w0)
    return _mix(x + v1 & _MASK, w1) + y & _MASK, _mix(x + w1 & _MASK, y + v1 & _MASK)


def cityhash128(data: bytes) -> bytes:
    """The checksum as it stands in front of a block: low word first, little-endian."""
    length = len(data)
    if length >= 16:
        low, high = _seeded(data[16:], (_word(data)[0] ^ _K3, _word(data, 8)[0]))
    elif length >= 8:
        low, high = _seeded(b"", (_word(data)[0] ^ length * _K0 & _MASK, _word(data, length - 8)[0] ^ _K1))
    else:
        low, high = _seeded(data, (_K0, _K1))
    return struct.pack("<QQ", low, high)

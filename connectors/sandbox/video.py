"""A video that posts of the sandbox can carry: the boxes of an MP4, with nothing to see in it."""


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4) + kind + content


VIDEO = _box(b"ftyp", b"isom\0\0\2\0isomiso2mp41") + _box(b"mdat", bytes(range(256)) * 64)

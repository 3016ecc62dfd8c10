"""The bytes of assets, and of exports: one face, kept as files on disk or as objects of any S3.

Bytes lie on a shelf, under their tenant and their own SHA-256: nothing that anybody typed becomes part of a path, and
the same bytes are written to the same place, so that writing them again harms nothing.
"""

import hashlib
import os
import tempfile
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from pyarrow import fs

from store.records.schema import TenantId
from store.settings import Settings

DIGEST = 32
_MOST_TRIES = 3
_CONNECTS_WITHIN = 3.0
_ANSWERS_WITHIN = 30.0


class Shelf(StrEnum):
    """What lies together; the same bytes on two shelves are two files, so that letting go of one harms no other."""

    ASSETS = ""
    EXPORTS = "exports/"


class Missing(Exception):
    """The storage has no such bytes, or not as they were kept."""


class Unreachable(Exception):
    """The storage does not answer, or refuses; what to do is in the log of whoever runs it."""


class AssetFiles(Protocol):
    """Where bytes lie; each method names a tenant, and reaches nothing of another."""

    def put(self, tenant: TenantId, content: bytes) -> bytes:
        """Keeps the bytes for good and returns their SHA-256; half of them are never to be read."""
        ...

    def get(self, tenant: TenantId, digest: bytes) -> bytes:
        """The bytes as they were kept; raises Missing otherwise."""
        ...

    def remove(self, tenant: TenantId, digest: bytes) -> None:
        """Lets go of the bytes, if they are there."""
        ...


def of(settings: Settings, shelf: Shelf = Shelf.ASSETS) -> AssetFiles:
    """The storage of an installation: its S3, if a bucket is set, else its disk."""
    if not settings.assets_s3_bucket:
        return OnDisk(settings.assets_directory / shelf)
    return _bucket(
        shelf,
        settings.assets_s3_bucket,
        settings.assets_s3_endpoint,
        settings.assets_s3_region,
        settings.assets_s3_access_key.get_secret_value(),
        settings.assets_s3_secret_key.get_secret_value(),
    )


class OnDisk:
    """Files in a directory of their tenant: written aside, forced to the disk, then given their name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, tenant: TenantId, content: bytes) -> bytes:
        digest = hashlib.sha256(content).digest()
        path = self._path(tenant, digest)
        try:
            self._make(path.parent)
            self._write(path, content)
        except OSError as error:
            raise Unreachable(f"assets cannot be written: {error.strerror}") from error
        return digest

    def get(self, tenant: TenantId, digest: bytes) -> bytes:
        try:
            return _checked(self._path(tenant, digest).read_bytes(), digest)
        except FileNotFoundError:
            raise _missing(digest) from None
        except OSError as error:
            raise Unreachable(f"assets cannot be read: {error.strerror}") from error

    def remove(self, tenant: TenantId, digest: bytes) -> None:
        try:
            self._path(tenant, digest).unlink(missing_ok=True)
        except OSError as error:
            raise Unreachable(f"assets cannot be removed: {error.strerror}") from error

    def _path(self, tenant: TenantId, digest: bytes) -> Path:
        return self._directory / _place(tenant, digest)

    def _make(self, directory: Path) -> None:
        """A name survives a power cut once the directory that holds it is on the disk."""
        missing = [it for it in (directory, *directory.parents) if not it.exists()]
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for made in missing:
            _force(made.parent)

    def _write(self, path: Path, content: bytes) -> None:
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        _force(path.parent)


class InBucket:
    """Objects of a bucket, over S3's protocol: an object is there as a whole or not at all."""

    def __init__(self, objects: fs.FileSystem, place: str) -> None:
        self._objects = objects
        self._place = place

    def put(self, tenant: TenantId, content: bytes) -> bytes:
        digest = hashlib.sha256(content).digest()
        # Whoever reaches the bucket past the console is not shown a page of somebody's making.
        said = {"Content-Type": "application/octet-stream"}
        try:
            with self._objects.open_output_stream(self._key(tenant, digest), metadata=said) as stream:
                stream.write(content)
        except OSError as error:
            raise _unreachable("written") from error
        return digest

    def get(self, tenant: TenantId, digest: bytes) -> bytes:
        try:
            with self._objects.open_input_file(self._key(tenant, digest)) as stream:
                return _checked(stream.read(), digest)
        except FileNotFoundError:
            raise _missing(digest) from None
        except OSError as error:
            raise _unreachable("read") from error

    def remove(self, tenant: TenantId, digest: bytes) -> None:
        try:
            self._objects.delete_file(self._key(tenant, digest))
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreachable("removed") from error

    def _key(self, tenant: TenantId, digest: bytes) -> str:
        return f"{self._place}/{_place(tenant, digest)}"


@lru_cache(maxsize=4)
def _bucket(
    shelf: Shelf, bucket: str, endpoint: str, region: str, access_key: str, secret_key: str
) -> InBucket:
    """One client a process; without keys it takes those of the machine, as AWS's own programs do."""
    given = urlsplit(endpoint)
    keys = {"access_key": access_key, "secret_key": secret_key} if access_key else {}
    elsewhere = {"endpoint_override": given.netloc, "scheme": given.scheme} if endpoint else {}
    objects = fs.S3FileSystem(
        region=region,
        connect_timeout=_CONNECTS_WITHIN,
        request_timeout=_ANSWERS_WITHIN,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_MOST_TRIES),
        **keys,
        **elsewhere,
    )
    return InBucket(objects, f"{bucket}/{shelf}".rstrip("/"))


def _place(tenant: TenantId, digest: bytes) -> str:
    if len(digest) != DIGEST:
        raise ValueError(f"a SHA-256 has {DIGEST} bytes, not {len(digest)}")
    return f"{int(tenant)}/{digest.hex()[:2]}/{digest.hex()}"


def _checked(content: bytes, digest: bytes) -> bytes:
    """What a disk or somebody's hand has changed is not handed out as what was kept."""
    if hashlib.sha256(content).digest() != digest:
        raise Missing(f"the asset {digest.hex()} is damaged; restore it from a backup")
    return content


def _missing(digest: bytes) -> Missing:
    return Missing(f"there is no asset {digest.hex()}; restore it from a backup")


def _unreachable(what: str) -> Unreachable:
    return Unreachable(
        f"assets cannot be {what}: look at ASSETS_S3_ENDPOINT, ASSETS_S3_BUCKET and the two keys"
    )


def _force(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

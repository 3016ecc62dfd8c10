"""Where assets' bytes lie: on disk and in an S3 that answers over HTTP, by the same tests."""

import contextlib
import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from pyarrow import fs
from pydantic import SecretStr

from cli import readiness
from store import asset_files, migrations
from store.asset_files import AssetFiles, Missing, Unreachable
from store.records.schema import TenantId
from store.settings import Role, Settings, SettingsError, load
from tests.conftest import free_port_base, process, wait_until
from tests.store.test_migrations import fresh

__all__ = ["fresh"]

OURS, THEIRS = TenantId(7), TenantId(70)
KEYS = {"assets_s3_access_key": SecretStr("access"), "assets_s3_secret_key": SecretStr("secret")}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 in a process of its own."""
    port, log = free_port_base(), tmp_path_factory.mktemp("s3") / "s3.log"
    serve = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with process(serve, dict(os.environ), log, signal.SIGKILL):
        wait_until("the S3", lambda: readiness.answers_tcp(port))
        yield f"http://127.0.0.1:{port}"


def a_bucket(endpoint: str) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    objects_at(endpoint).create_dir(name, recursive=False)
    return name


def objects_at(endpoint: str) -> fs.S3FileSystem:
    where = endpoint.removeprefix("http://")
    return fs.S3FileSystem(
        access_key="access",
        secret_key="secret",
        endpoint_override=where,
        scheme="http",
        allow_bucket_creation=True,
    )


@pytest.fixture(params=["disk", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "disk":
        return load(_env_file=None, data_dir=tmp_path)
    endpoint = request.getfixturevalue("s3")
    bucket = a_bucket(endpoint)
    return load(
        _env_file=None, data_dir=tmp_path, assets_s3_bucket=bucket, assets_s3_endpoint=endpoint, **KEYS
    )


@pytest.fixture
def files(settings: Settings) -> AssetFiles:
    return asset_files.of(settings)


def kept(settings: Settings) -> list[str]:
    """The names of all that lies in the storage."""
    if settings.assets_s3_bucket:
        found = objects_at(settings.assets_s3_endpoint).get_file_info(
            fs.FileSelector(settings.assets_s3_bucket, recursive=True)
        )
        return [it.path.partition("/")[2] for it in found if it.type is fs.FileType.File]
    root = settings.assets_directory
    return [str(it.relative_to(root)) for it in root.rglob("*") if it.is_file()]


def test_what_is_put_is_got_under_its_own_hash(settings: Settings, files: AssetFiles) -> None:
    for content in (b"", b"x", b"\0" * 70_000, os.urandom(6 * 2**20)):
        digest = files.put(OURS, content)
        assert digest == hashlib.sha256(content).digest()
        assert files.get(OURS, digest) == content
        assert f"7/{digest.hex()[:2]}/{digest.hex()}" in kept(settings)


def test_the_same_bytes_lie_there_once(settings: Settings, files: AssetFiles) -> None:
    assert files.put(OURS, b"same") == files.put(OURS, b"same")
    assert len(kept(settings)) == 1


def test_another_tenants_hash_gives_nothing(files: AssetFiles) -> None:
    digest = files.put(OURS, b"ours")
    with pytest.raises(Missing):
        files.get(THEIRS, digest)
    files.remove(THEIRS, digest)
    assert files.get(OURS, digest) == b"ours"


def test_what_is_removed_is_gone_and_may_be_removed_again(files: AssetFiles) -> None:
    digest = files.put(OURS, b"gone")
    for _ in range(2):
        files.remove(OURS, digest)
        with pytest.raises(Missing):
            files.get(OURS, digest)


def test_only_a_hash_is_looked_for(files: AssetFiles) -> None:
    for digest in (b"", b"../../../../etc/passwd", b"x" * 33):
        with pytest.raises(ValueError, match="32 bytes"):
            files.get(OURS, digest)


def test_what_was_changed_by_hand_is_not_handed_out(settings: Settings, files: AssetFiles) -> None:
    digest = files.put(OURS, b"as it was")
    if settings.assets_s3_bucket:
        path = f"{settings.assets_s3_bucket}/7/{digest.hex()[:2]}/{digest.hex()}"
        with objects_at(settings.assets_s3_endpoint).open_output_stream(path) as stream:
            stream.write(b"otherwise")
    else:
        [path] = [it for it in settings.assets_directory.rglob("*") if it.is_file()]
        path.write_bytes(b"otherwise")
    with pytest.raises(Missing, match="damaged"):
        files.get(OURS, digest)


def _write_for_ever(settings: Settings, content: bytes) -> None:
    files = asset_files.of(settings)
    while True:
        files.put(OURS, content)


def test_a_process_that_is_killed_while_it_writes_leaves_no_half_file(settings: Settings) -> None:
    """Whatever moment it is killed at, what can be read is whole; the next one writes over what it left."""
    content = os.urandom(4 * 2**20)
    digest = hashlib.sha256(content).digest()
    for patience in (0.0, 0.01, 0.05, 0.2):
        writer = multiprocessing.get_context("spawn").Process(
            target=_write_for_ever, args=(settings, content)
        )
        writer.start()
        with contextlib.suppress(TimeoutError):
            wait_until("the first bytes", lambda: bool(kept(settings)), within=20, every=0.01)
        writer.join(patience)
        writer.kill()
        writer.join()
        for name in kept(settings):
            if name.endswith(digest.hex()):
                assert asset_files.of(settings).get(OURS, digest) == content
        assert asset_files.of(settings).put(OURS, content) == digest
        assert asset_files.of(settings).get(OURS, digest) == content


def test_bytes_written_aside_are_no_asset(tmp_path: Path) -> None:
    """Killed between the writing and the naming; an object in S3 has no such state."""
    settings = load(_env_file=None, data_dir=tmp_path)
    written = (
        "import os, sys; from pathlib import Path; from store import asset_files;"
        "Path.replace = lambda *_: os.kill(os.getpid(), 9);"
        "asset_files.OnDisk(Path(sys.argv[1])).put(7, b'half')"
    )
    done = subprocess.run([sys.executable, "-c", written, str(settings.assets_directory)], check=False)
    assert done.returncode == -signal.SIGKILL
    digest = hashlib.sha256(b"half").digest()
    with pytest.raises(Missing):
        asset_files.of(settings).get(OURS, digest)
    [left] = kept(settings)
    assert ".writing-" in left


def test_a_disk_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "assets").write_text("a file where the directory should be")
    house = load(_env_file=None, data_dir=tmp_path)
    with pytest.raises(Unreachable):
        asset_files.of(house).put(OURS, b"x")


def test_an_s3_that_is_away_or_has_no_such_bucket_is_said_so(s3: str, tmp_path: Path) -> None:
    for endpoint, bucket in ((s3, "nobodys-bucket"), ("http://127.0.0.1:9", "b")):
        house = load(
            _env_file=None,
            data_dir=tmp_path,
            assets_s3_bucket=f"{bucket}-x",
            assets_s3_endpoint=endpoint,
            **KEYS,
        )
        with pytest.raises(Unreachable, match="ASSETS_S3"):
            asset_files.of(house).put(OURS, b"x")


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("ASSETS_S3_BUCKET", {"assets_s3_bucket": "a/../b"}),
        ("ASSETS_S3_ENDPOINT", {"assets_s3_endpoint": "minio:9000"}),
        ("ASSETS_S3_ENDPOINT", {"assets_s3_endpoint": "https://minio/bucket"}),
        ("ASSETS_S3_ACCESS_KEY", {"assets_s3_access_key": "alone"}),
    ],
)
def test_a_storage_that_cannot_be_is_refused_at_the_start(field: str, given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=field):
        load(_env_file=None, **given)


def test_bytes_that_lay_in_postgres_move_out_and_back(fresh: Settings, tmp_path: Path) -> None:
    house = fresh.model_copy(update={"assets_dir": tmp_path / "moved"})
    config, content = migrations.alembic_config(house), b"Warm things."
    digest = hashlib.sha256(content).digest()
    command.upgrade(config, "0011")
    with psycopg.connect(house.postgres_url(Role.OWNER, "postgresql")) as connection:
        [tenant] = connection.execute(
            "insert into tenants (slug, name, suppression_salt) values ('a', 'A', '') returning id"
        ).fetchone() or [0]
        connection.execute(
            "insert into assets (tenant_id, kind, name, media_type, size, sha256, content)"
            " values (%s, 'text', 'Claim', 'text/plain', %s, %s, %s)",
            (tenant, len(content), digest, content),
        )
    command.upgrade(config, "head")
    assert asset_files.of(house).get(TenantId(tenant), digest) == content
    command.downgrade(config, "0011")
    with psycopg.connect(house.postgres_url(Role.OWNER, "postgresql")) as connection:
        assert connection.execute("select content from assets").fetchone() == (content,)

"""Master keys: they wrap the keys that credentials are sealed with, and seal nothing else.

One is kept here, drawn from SECRET_KEY or from a file, or it stays in Vault, which wraps and unwraps by itself.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import httpx
from cryptography.exceptions import InvalidTag

from store import secrets
from store.settings import Settings

PURPOSE = "sealing-keys"
_PATIENCE = httpx.Timeout(10.0, connect=5.0)
_LARGEST_ANSWER = 64 * 1024


class MasterKeyTrouble(Exception):
    """A key cannot be wrapped or unwrapped; the text says why and what to do."""


class MasterKey(Protocol):
    """What wraps a key, and unwraps what it has wrapped."""

    @property
    def name(self) -> str:
        """Tells it from others without giving it away."""
        ...

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> bytes: ...


@dataclass(frozen=True)
class KeptHere:
    """A master key that this process holds, drawn from a secret."""

    secret: bytes = field(repr=False)

    @cached_property
    def _key(self) -> bytes:
        return secrets.derive(self.secret, PURPOSE)

    @property
    def name(self) -> str:
        return f"here:{hashlib.sha256(self._key).hexdigest()[:12]}"

    def wrap(self, key: bytes) -> bytes:
        return secrets.encrypt(self._key, key.hex(), bound_to=PURPOSE)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return bytes.fromhex(secrets.decrypt(self._key, wrapped, bound_to=PURPOSE))
        except (InvalidTag, ValueError) as wrong:
            raise MasterKeyTrouble(
                f"{self.name} does not open a key that it is said to have wrapped."
            ) from wrong


@dataclass(frozen=True)
class InVault:
    """A key of Vault's transit engine (or OpenBao's), which never leaves it."""

    address: str
    token: str = field(repr=False)
    mount: str
    key: str

    @property
    def name(self) -> str:
        return f"vault:{self.mount}/{self.key}"

    def wrap(self, key: bytes) -> bytes:
        return self._asked("encrypt", "plaintext", base64.b64encode(key).decode(), "ciphertext").encode()

    def unwrap(self, wrapped: bytes) -> bytes:
        said = self._asked("decrypt", "ciphertext", wrapped.decode("ascii", "replace"), "plaintext")
        try:
            return base64.b64decode(said, validate=True)
        except binascii.Error as wrong:
            raise MasterKeyTrouble(f"Vault at {self.address} answered something that is no key.") from wrong

    def _asked(self, verb: str, given: str, value: str, wanted: str) -> str:
        address = f"{self.address}/v1/{self.mount}/{verb}/{self.key}"
        try:
            answer = httpx.post(
                address, json={given: value}, headers={"x-vault-token": self.token}, timeout=_PATIENCE
            )
            said = answer.json() if len(answer.content) <= _LARGEST_ANSWER else {}
        except (httpx.HTTPError, ValueError) as away:
            raise MasterKeyTrouble(
                f"Vault at {self.address} cannot be asked ({type(away).__name__}): see VAULT_ADDR."
            ) from away
        if answer.status_code != 200:
            raise MasterKeyTrouble(
                f"Vault at {self.address} refuses to {verb} with {self.mount}/{self.key} ({answer.status_code}): "
                "see VAULT_TOKEN and its policy."
            )
        data = said.get("data") if isinstance(said, dict) else None
        found = data.get(wanted) if isinstance(data, dict) else None
        if not isinstance(found, str):
            raise MasterKeyTrouble(f"Vault at {self.address} answered without {wanted}.")
        return found


def current(settings: Settings) -> MasterKey:
    """The master key that wraps what is made now."""
    return next(_known(settings))


def named(settings: Settings, name: str) -> MasterKey:
    """The one that has wrapped a key, among the current and the former ones."""
    for known in _known(settings):
        if known.name == name:
            return known
    raise MasterKeyTrouble(
        f"The master key {name} is not known here: name the former SECRET_KEY (or the former file's content) in "
        "FORMER_MASTER_KEYS, run `mp secrets rotate`, and drop it again."
    )


def _known(settings: Settings) -> Iterator[MasterKey]:
    if settings.vault_addr:
        token = settings.vault_token.get_secret_value()
        yield InVault(settings.vault_addr, token, settings.vault_transit_mount, settings.vault_transit_key)
    if settings.master_key_file is not None:
        yield KeptHere(_content(settings))
    yield KeptHere(settings.root_secret)
    for former in settings.former_master_keys.get_secret_value().split(","):
        if former.strip():
            yield KeptHere(former.strip().encode())


def _content(settings: Settings) -> bytes:
    assert settings.master_key_file is not None
    try:
        content = settings.master_key_file.read_bytes().strip()
    except OSError as missing:
        raise MasterKeyTrouble(f"MASTER_KEY_FILE cannot be read: {missing.strerror}.") from missing
    if len(content) < 32:
        raise MasterKeyTrouble("MASTER_KEY_FILE holds fewer than 32 bytes: openssl rand -hex 32 makes one.")
    return content

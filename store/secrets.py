"""Keys derived from one root secret, and encryption of what must be read back."""

import hashlib
import hmac
import os
import secrets as stdlib_secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def derive(root: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose."""
    return hmac.new(root, f"marketing-pipelines/{purpose}".encode(), hashlib.sha256).digest()


def kept_beside(data_dir: Path) -> bytes:
    """The secret of a development installation, made on first use and readable by its owner only."""
    path = data_dir / "secret_key"
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        write_private(path, stdlib_secrets.token_hex(32))
        return path.read_bytes().strip()


def write_private(path: Path, text: str) -> None:
    """Creates a file with mode 0600, unless another process was quicker."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def encrypt(key: bytes, text: str, *, bound_to: str) -> bytes:
    """AES-256-GCM; the ciphertext can only be read back for the same purpose."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), bound_to.encode())


def decrypt(key: bytes, sealed: bytes, *, bound_to: str) -> str:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode()).decode()


def fingerprint(secret: str) -> bytes:
    """What is stored of a random secret that is only ever compared, never shown again."""
    return hashlib.sha256(secret.encode()).digest()

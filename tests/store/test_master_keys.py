"""Master keys: what one has wrapped only it unwraps, and who has lost it is told what to do."""

from pathlib import Path

import pytest

from store import master_keys
from store.master_keys import KeptHere, MasterKeyTrouble
from store.settings import Settings, load
from tests.store.vault import TOKEN, vault

KEY = bytes(range(32))
LONG = "a-former-secret-key-of-more-than-32-characters"


def house(tmp_path: Path, **given: object) -> Settings:
    return load(_env_file=None, data_dir=tmp_path, **given)


def test_what_was_wrapped_unwraps_with_the_same_secret_and_no_other():
    wrapped = KeptHere(b"one").wrap(KEY)
    assert KEY not in wrapped
    assert KeptHere(b"one").unwrap(wrapped) == KEY
    with pytest.raises(MasterKeyTrouble):
        KeptHere(b"two").unwrap(wrapped)


def test_its_name_and_its_looks_give_nothing_away():
    key = KeptHere(LONG.encode())
    assert key.name == KeptHere(LONG.encode()).name != KeptHere(b"another").name
    assert LONG not in repr(key) + key.name


def test_a_file_goes_before_the_secret_key(tmp_path: Path):
    file = tmp_path / "master"
    file.write_text(f"{LONG}\n")
    assert master_keys.current(house(tmp_path, master_key_file=file)).name == KeptHere(LONG.encode()).name
    without = house(tmp_path)
    assert master_keys.current(without).name == KeptHere(without.root_secret).name


@pytest.mark.parametrize("content", [None, "short"])
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: str | None):
    file = tmp_path / "master"
    if content is not None:
        file.write_text(content)
    with pytest.raises(MasterKeyTrouble, match="MASTER_KEY_FILE"):
        master_keys.current(house(tmp_path, master_key_file=file))


def test_former_keys_are_known_until_they_are_dropped(tmp_path: Path):
    name = KeptHere(LONG.encode()).name
    settings = house(tmp_path, former_master_keys=f"another-one, {LONG}")
    assert master_keys.named(settings, name).name == name
    assert master_keys.current(settings).name != name
    with pytest.raises(MasterKeyTrouble, match="FORMER_MASTER_KEYS"):
        master_keys.named(house(tmp_path), name)


def test_a_key_in_vault_never_comes_here(tmp_path: Path):
    with vault() as running:
        settings = house(tmp_path, vault_addr=running.address, vault_token=TOKEN)
        master = master_keys.current(settings)
        wrapped = master.wrap(KEY)
        assert wrapped.startswith(b"vault:v1:")
        assert master_keys.named(settings, master.name).unwrap(wrapped) == KEY
        assert len(running.asked) == 2
    assert TOKEN not in repr(master)
    with pytest.raises(MasterKeyTrouble, match="VAULT_ADDR"):
        master.unwrap(wrapped)


def test_a_token_that_may_not_is_named(tmp_path: Path):
    with vault() as running:
        settings = house(tmp_path, vault_addr=running.address, vault_token="another")
        with pytest.raises(MasterKeyTrouble, match="VAULT_TOKEN") as refused:
            master_keys.current(settings).wrap(KEY)
    assert "another" not in str(refused.value)

"""Generated pages say what the code says now."""

from cli.documents import pages


def test_the_generated_pages_are_up_to_date() -> None:
    for path, text in pages().items():
        assert path.read_text() == text, f"{path.name} is out of date: run `make docs`"

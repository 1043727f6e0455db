"""Each message of docs/how-to/troubleshooting.md is one that a program prints."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from relay.provision.texts.endings import ENDINGS

from local.stack.settings import REPOSITORY

PAGE = REPOSITORY / "docs/how-to/troubleshooting.md"
_CODE = ("layers/relay/relay", "relayctl", "local", "emulator/src")
# A value in a text of the code. No message has this character.
_VALUE = "\x00"
_ROW = re.compile(r"^\| `([^`]+)` \|", re.M)


def messages() -> list[str]:
    """The first cells of the tables, without the commands of the first one."""
    _, _, sections = PAGE.read_text().partition("\n## ")
    return _ROW.findall(sections)


def _text(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or _VALUE for part in parts)
    return None


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (text := _text(node)) is not None:
            yield text.replace("\\\n", "")


@cache
def texts() -> tuple[str, ...]:
    """Every text of the code and of the endings, with a mark for each value."""
    files = [file for folder in _CODE for file in (REPOSITORY / folder).rglob("*.py")]
    found = {text for file in files for text in _texts(ast.parse(file.read_text()))}
    return (*found, *(re.sub(r"\{\w+\}", _VALUE, each.template) for each in ENDINGS.values()))


def is_of(message: str, text: str) -> bool:
    """Whether a text of the code can print the message, in which `…` stands for a value."""
    parts = [re.escape(part) for part in re.split("…", message)]
    return re.search(f".*{_VALUE}.*".join(parts), text, re.S) is not None


@pytest.mark.parametrize("message", messages())
def test_a_message_of_the_page_is_in_the_code(message: str) -> None:
    assert len(re.sub(r"[^a-zA-Z]", "", message)) > 5
    assert any(is_of(message, text) for text in texts())


def test_the_messages_of_each_section_are_read() -> None:
    read = messages()

    assert len(read) > 60
    for known in ("port …, where", "endpoint … could not", "input has", "not JSON", "no stack:"):
        assert any(each.startswith(known) for each in read), known


@pytest.mark.parametrize("folder", ["local/stack", "local/machine"])
def test_what_ends_make_up_is_on_the_page(folder: str) -> None:
    """Those of faults.py end `make chaos`."""
    files = {*(REPOSITORY / folder).glob("*.py")} - {REPOSITORY / "local/stack/faults.py"}

    for file in files:
        for text in _raised(file):
            assert any(is_of(each, text) for each in messages()), (file, text)


def _raised(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(func=ast.Name(id="LocalStackError"), args=[argument]):
                # Without words of its own it passes on those of another error.
                if (text := _text(argument)) and re.search("[a-z]{3}", text):
                    yield text


def test_a_message_with_another_word_is_not_the_codes() -> None:
    text = f"port {_VALUE}, where {_VALUE} would listen, is taken: end the program"

    assert is_of("port …, where … would listen, is taken", text)
    assert not is_of("port …, where … would hear, is taken", text)
    assert not is_of("port 4566, where … would listen, is taken", text)

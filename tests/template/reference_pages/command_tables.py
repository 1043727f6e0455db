"""The reference page of `relayctl`, from the commands themselves."""

from collections.abc import Iterator
from typing import Any

import typer

from relayctl.app import COMMANDS, app
from relayctl.commands import SHARED_OPTIONS

_PAGE = """# relayctl

{note} Change the commands in `relayctl/` instead.

`make setup` installs `relayctl` into `.venv/bin`; `uv tool install .` or `pip install .` anywhere
else. It works with your own permissions: each command names the actions of IAM that it needs, on
the resources of the stack. `relayctl --install-completion` installs completion for your shell.

Every command has these options:

| option | meaning |
| --- | --- |
{shared}
Exit codes: 0 done; 1 done, and what was found needs a person, or nothing was changed because a
question was not answered with yes; 2 an option or an argument cannot be used; 3 AWS or the stack
refused or did not answer, or the output cannot be written; 130 interrupted. Colors are off where
the output is no terminal, or with `NO_COLOR`. A character that the encoding of the output does not
have is written as JSON escapes it, such as `\\u00e9`.

While submit or route is [paused](../how-to/runbooks/README.md#stop-the-flow-for-a-while), each
command says so on standard error. Without `lambda:ListEventSourceMappings` it does its work and is
silent.
{commands}"""


def commands(note: str) -> str:
    """Return the page."""
    shown = "".join(f"\n{text}" for text in _commands())
    context = typer.Context(typer.main.get_command(app))
    some = _params(COMMANDS[0].name, context)
    shared = "".join(_option(each) for each in some if each.name in SHARED_OPTIONS)
    return _PAGE.format(note=note, shared=shared, commands=shown)


def _commands() -> Iterator[str]:
    context = typer.Context(typer.main.get_command(app))
    for command in COMMANDS:
        parameters = [
            each for each in _params(command.name, context) if each.name not in SHARED_OPTIONS
        ]
        description = " ".join((command.function.__doc__ or "").split())
        rows = "".join(map(_option, parameters))
        table = f"\n| argument or option | meaning |\n| --- | --- |\n{rows}" if rows else ""
        permissions = ", ".join(f"`{each}`" for each in command.permissions) or "none"
        yield (
            f"## `relayctl {command.name}`\n\n{description}\n{table}\nPermissions: {permissions}.\n"
        )


def _params(name: str, context: typer.Context) -> list[Any]:
    found: Any = context.command
    for word in name.split():
        found = found.get_command(context, word)
    return [each for each in found.params if each.name != "help"]


def _option(parameter: Any) -> str:
    repeated = ", repeated" if getattr(parameter, "multiple", False) else ""
    default = parameter.default
    shown = f" Default: `{default}`." if default not in (None, False, "", (), []) else ""
    name = ", ".join(f"`{each}`" for each in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        name = f"`{(parameter.metavar or parameter.name).upper()}`"
    return f"| {name}{repeated} | {parameter.help}{shown} |\n"

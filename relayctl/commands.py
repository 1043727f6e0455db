"""What all commands have in common: the options that find the stack, `--json`, and the endings.

`relayctl/app.py` lists the commands. The reference page is made from the same list.
"""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from relayctl.deployment import OPENING, Deployment
from relayctl.errors import REFUSALS, Declined, Exit, RelayctlError
from relayctl.flow.paused import LOOKING, note_pauses
from relayctl.output import Output


@dataclass(frozen=True, slots=True)
class Context:
    """What a command works with."""

    deployment: Deployment
    output: Output


@dataclass(frozen=True, slots=True)
class Command:
    """A function of a `Context` and of options and arguments, as typer declares them.

    The function returns how it ended; None is `Exit.DONE`. `needs` are the actions of IAM that it
    calls beside those of opening a stack. `name` may have the name of a group before it.
    `notes_pauses`: it says what is paused, after what it prints. `offline`: it needs no stack, and
    its function takes an `Output` instead of a `Context`.
    """

    name: str
    function: Callable[..., Exit | None]
    needs: tuple[str, ...] = ()
    notes_pauses: bool = True
    offline: bool = False

    @property
    def permissions(self) -> tuple[str, ...]:
        """Every action of IAM that the command needs."""
        if self.offline:
            return ()
        noting = (LOOKING,) if self.notes_pauses and LOOKING not in self.needs else ()
        return (*OPENING, *self.needs, *noting)

    @property
    def _epilog(self) -> str:
        return f"Permissions: {', '.join(self.permissions) or 'none'}"

    def add_to(self, group: typer.Typer) -> None:
        """Make it a command of a group, with the options that all commands have."""
        run = self._with_signature(self._run)
        group.command(self.name.split()[-1], epilog=self._epilog)(run)

    def make_default_of(self, group: typer.Typer) -> None:
        """Make it what the name of a group does without a command of the group."""

        def run(context: typer.Context, **arguments: Any) -> None:
            if context.invoked_subcommand is None:
                self._run(**arguments)
            given = [name for name in context.params if _was_given(context, name)]
            if given:
                option = f"--{given[0].removeprefix('as_').replace('_', '-')}"
                raise typer.BadParameter(f"write {option} after {context.invoked_subcommand}")

        help = inspect.getdoc(self.function)
        name = inspect.Parameter(
            "context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context
        )
        run = self._with_signature(run, name)
        group.callback(invoke_without_command=True, epilog=self._epilog, help=help)(run)

    def _run(
        self,
        *,
        as_json: bool,
        stack_name: str | None = None,
        profile: str | None = None,
        region: str | None = None,
        **arguments: object,
    ) -> None:
        output = Output(as_json=as_json)

        def perform() -> Exit | None:
            if self.offline:
                return self.function(output, **arguments)
            deployment = Deployment.of(stack_name, profile, region)
            end = self.function(Context(deployment, output), **arguments)
            if self.notes_pauses:
                note_pauses(deployment, output)
            return end

        raise typer.Exit(ended(perform, output))

    def _with_signature(
        self, run: Callable[..., None], *first: inspect.Parameter
    ) -> Callable[..., None]:
        """Return a function that typer reads as if it were written out."""
        parameters = list(inspect.signature(self.function, eval_str=True).parameters.values())
        own = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters[1:]]

        def declared(**arguments: object) -> None:
            run(**arguments)

        shared = [each for each in _STACK_OPTIONS if each.name == "as_json" or not self.offline]
        signature = inspect.Signature([*first, *own, *shared])
        declared.__signature__ = signature  # type: ignore[attr-defined]
        declared.__doc__ = self.function.__doc__
        return declared


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


_STACK_OPTIONS: tuple[inspect.Parameter, ...] = tuple(
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, annotation, default in (
        (
            "stack_name",
            Annotated[
                str | None,
                typer.Option(
                    "--stack-name",
                    envvar=["RELAYCTL_STACK_NAME", "STACK_NAME"],
                    help="The stack of the relay.",
                    rich_help_panel="Stack",
                ),
            ],
            None,
        ),
        (
            "profile",
            Annotated[
                str | None,
                typer.Option(help="A profile of the AWS configuration.", rich_help_panel="Stack"),
            ],
            None,
        ),
        (
            "region",
            Annotated[
                str | None,
                typer.Option(help="The region of the stack.", rich_help_panel="Stack"),
            ],
            None,
        ),
        (
            "as_json",
            Annotated[
                bool,
                typer.Option("--json", help="Print one JSON document.", rich_help_panel="Output"),
            ],
            False,
        ),
    )
)


SHARED_OPTIONS = frozenset(each.name for each in _STACK_OPTIONS)


def ended(perform: Callable[[], Exit | None], output: Output) -> Exit:
    """Run a command; say what ended it, if it was an error or an interruption."""
    try:
        return perform() or Exit.DONE
    except Declined as declined:
        output.note(str(declined))
        return declined.exit
    except RelayctlError as error:
        output.error(str(error))
        return error.exit
    except ClientError as error:
        output.error(_refusal(error))
        return Exit.REFUSED
    except BotoCoreError as error:
        output.error(f"AWS was not reached: {error}")
        return Exit.REFUSED
    except KeyboardInterrupt:
        output.error("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever reads, such as `head`, has enough. Python would write to the pipe once more.
        sys.stdout = None
        return Exit.DONE


def _refusal(error: ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    advice = "; the command's --help lists the permissions it needs" if code in REFUSALS else ""
    return f"{error}{advice}"

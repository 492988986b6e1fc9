"""The `loa` command: gathers the subcommands of all houses, which do not know each other, by entry points."""

import sys
from importlib.metadata import entry_points

import typer

GROUP = "loa.commands"
OWN = "controller"
HELPS = {
    "sim": "A village of simulated nodes on this machine.",
    "speech": "Vietnamese speech: say a text, see how it is read, list the voices.",
    "wire": "Print any captured message in words; verify who signed it.",
}


def build() -> typer.Typer:
    """The root command; the controller's own commands stand at the top level."""
    root = typer.Typer(
        name="loa",
        help="Loa: the open controller of grassroots radio, from the typed word to the horn.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name != OWN, entry.name)):
        if entry.name == OWN:
            root.add_typer(entry.load())
        else:
            root.add_typer(entry.load(), name=entry.name, help=HELPS.get(entry.name))
    return root


def main() -> None:
    """Run the command line; what the house refuses is one sentence and exit code 2, never a stack trace."""
    from controller.cli import refusal_of

    try:
        build()()
    except Exception as error:
        sentence = refusal_of(error)
        if sentence is None:
            raise
        typer.echo(sentence, err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()

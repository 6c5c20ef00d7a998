"""The list of commands in a group's help: whole sentences, over as many lines as they take."""

from typing import Any

from typer.core import TyperGroup

ENOUGH = 400  # characters of a sentence; click cuts it to a line


class Group(TyperGroup):
    """A group of commands."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Every command with the first sentence of its help."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(ENOUGH)) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

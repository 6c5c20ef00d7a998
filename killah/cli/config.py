"""`killah config show|set|path`."""

import typer

from killah.cli.output import JSON, print_json, table

app = typer.Typer(
    help="Show and change settings. Example: killah config set min_p 0.08", no_args_is_help=True
)


@app.command(epilog="Example: killah config show --json")
def show(as_json: bool = JSON) -> None:
    """Every setting, its value and what it does."""
    from killah.config import Settings, load

    settings = load().model_dump()
    if as_json:
        print_json(settings)
        return
    fields = Settings.model_fields
    table(["setting", "value", "meaning"], [[k, str(v), fields[k].description] for k, v in settings.items()])


@app.command("set", epilog="Example: killah config set ghost off")
def set_(key: str, value: str, as_json: bool = JSON) -> None:
    """Change one setting."""
    from killah.config import set_value

    settings = set_value(key, value)
    if as_json:
        print_json({key: getattr(settings, key)})
    else:
        typer.echo(f"{key} = {getattr(settings, key)}")


@app.command(epilog="Example: $EDITOR $(killah config path)")
def path(as_json: bool = JSON) -> None:
    """Where the settings file is (it may not exist yet)."""
    from killah.paths import config_file

    if as_json:
        print_json({"path": str(config_file())})
    else:
        typer.echo(config_file())

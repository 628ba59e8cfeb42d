"""`sluice typologies`: what a person types to read the catalogue, try it and tune it."""

import json

import click

from pipelines.home import open_home
from sluice import screen


@click.group(invoke_without_command=True)
@click.pass_context
def typologies(ctx: click.Context) -> None:
    """Read the typologies in force, try them over past nights, and tune their parameters before they are put in force.

    \b
      sluice typologies list                      every typology, and what became of it on the newest night
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(typologies_list)


@typologies.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def typologies_list(*, as_json: bool) -> None:
    """List the typologies: what each looks for, its theme, its parameters and its source."""
    from features import typology

    country = open_home().settings.country
    if as_json:
        click.echo(json.dumps([{"id": item.id, "name_en": item.name_en} for item in typology.catalogue()]))
        return
    shown = screen.table(f"Typologies, parameters of {country}", "id", "name", "theme", "parameters", "source")
    for item in typology.catalogue():
        parameters = ", ".join(f"{name}={value}" for name, value in item.parameters_for(country).items())
        screen.row(shown, item.id, f"{item.name_en}\n{item.name_ru}", item.theme, parameters, item.source)
    screen.out.print(shown)

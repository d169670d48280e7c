"""`python -m chassis.cli.settings_page`: writes docs/settings.md.

The page is made of the settings' own docstrings, so it says what a wrong value's sentence says.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from chassis.cli.printing import say
from chassis.settings import (
    ChassisSettings,
    description_of,
    development_defaults,
    is_secret,
    variable_of,
)

ROOT = Path(__file__).parents[5]
PAGE = ROOT / "docs" / "settings.md"

_INTRODUCTION = """\
# Settings

Generated from the settings' docstrings by `make contracts`; do not edit.

Every setting is an environment variable, read once at the start. A wrong or missing one stops the
start with a sentence that names it (exit code 2). Secrets have a default in `development` and
`test` only, and production refuses that default.
"""


def service_packages() -> list[str]:
    """Return the packages of the services in this checkout."""
    return sorted(path.parent.name for path in ROOT.glob("services/*/src/*/settings.py"))


def settings_page(services: Sequence[str]) -> str:
    """Return the page for the settings of these packages."""
    classes = {name: import_module(f"{name}.settings").Settings for name in services}
    lines = [_INTRODUCTION, "## Shared by every service\n", *_table(ChassisSettings, _shared())]
    lines += [
        "\n## Of each service\n",
        f"The prefix is the service's own: {', '.join(map(_prefix, classes.values()))}.\n",
        *_table(ChassisSettings, [n for n in ChassisSettings.model_fields if n not in _shared()]),
    ]
    for name, settings in classes.items():
        own = [field for field in settings.model_fields if _differs(settings, field)]
        lines += [f"\n## {name}\n", *_table(settings, own)]
    return "\n".join(lines) + "\n"


def _shared() -> list[str]:
    fields = ChassisSettings.model_fields
    return [name for name, field in fields.items() if field.validation_alias is not None]


def _prefix(settings: type[BaseSettings]) -> str:
    return f"`{settings.model_config['env_prefix']}`"


def _differs(settings: type[BaseSettings], name: str) -> bool:
    """Tell whether a service adds this field, or gives it another default."""
    inherited = ChassisSettings.model_fields.get(name)
    return inherited is None or inherited.default != settings.model_fields[name].default


def _table(settings: type[BaseSettings], names: Sequence[str]) -> Iterator[str]:
    yield "| variable | default | meaning |"
    yield "|---|---|---|"
    for name in names:
        variable = variable_of(settings, name)
        shown = variable if settings is not ChassisSettings or name in _shared() else f"…{variable}"
        meaning = description_of(settings, name).replace("|", "\\|")
        yield f"| `{shown.replace('…', '<PREFIX>')}` | {_default(settings, name)} | {meaning} |"


def _default(settings: type[BaseSettings], name: str) -> str:
    field = settings.model_fields[name]
    if name in development_defaults(settings):
        return "development and test only"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return "required"
    if default in (None, "") or is_secret(field):
        return "none"
    return f"`{default}`"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or only check that it is fresh."""
    parser = argparse.ArgumentParser(
        prog="python -m chassis.cli.settings_page", description=__doc__
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail if stale")
    options = parser.parse_args(arguments)

    content = settings_page(service_packages())
    if PAGE.exists() and PAGE.read_text("utf-8") == content:
        return 0
    if options.check:
        say(f"{PAGE} is stale: run `make contracts`.", err=True)
        return 1
    PAGE.write_text(content, "utf-8")
    say(str(PAGE))
    return 0


if __name__ == "__main__":
    sys.exit(main())

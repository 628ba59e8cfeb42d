"""`python review/manage.py` or `python -m review.manage`: Django's own commands on the console's settings."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run one of Django's commands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "review.console.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    here = Path(__file__).parent
    if sys.path[0] == str(here):
        # Started as a file: modules of this package must not stand in for Python's own (queue).
        sys.path[0] = str(here.parent)
    main()

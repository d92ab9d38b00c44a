#!/usr/bin/env python3
"""The command line of Truegap: `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A wrong or missing setting is the operator's to mend: one line, no traceback.
        sys.exit(f"manage.py: {error}")


if __name__ == "__main__":
    main()

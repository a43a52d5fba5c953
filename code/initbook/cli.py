"""The command `initbook`: hand out an assignment, mark it, export it."""

import argparse
import sys
from collections.abc import Sequence

from initbook.grading import exports, grade, gradescope, hub, release
from initbook.grading.assignment import AssignmentError
from initbook.grading.sandbox import SandboxError

COMMANDS = (
    release,
    grade,
    gradescope,
    exports,
    hub,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; a mistake of the instructor's is one sentence, and the exit status 2."""
    parser = argparse.ArgumentParser(prog="initbook", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_command(commands)
    parsed = parser.parse_args(arguments)
    try:
        parsed.run(parsed)
    except (AssignmentError, SandboxError, OSError) as error:
        print(f"initbook: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if error.name not in ("nbformat", "text2qti", "yaml"):
            raise
        print(f"initbook: {error.name} is missing; install initbook[teach].", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command line. The only place that prints, and the only one that turns a failure into an exit code."""

import sys
from collections.abc import Sequence

from ..errors import InputError, Problem
from ..printable import lines, printable

FAILED, BAD_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 fine, 1 unexpected failure, 2 the user's input, 3 fitted but the verdict is not met, 130 interrupted.
    """
    from typer import Abort, TyperException

    from .app import app

    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return int(app(given, prog_name="cls-infer", standalone_mode=False) or 0)
    except InputError as error:
        return _refuse(error, as_json="--json" in given)
    except TyperException as error:  # an unknown command or option, a value that is no number
        return _usage(error, as_json="--json" in given)
    except Abort:
        return 130
    except Exception as error:
        return _fail(error, given)


def _refuse(error: InputError, *, as_json: bool) -> int:
    from .talk import problems_as_json, write_json

    print(f"error: {error}", file=sys.stderr)
    if as_json:
        write_json({"ok": False, "problems": problems_as_json(error.problems)})
    return BAD_INPUT


def _usage(error: Exception, *, as_json: bool) -> int:
    from .talk import problems_as_json, write_json

    message = error.format_message()  # type: ignore[attr-defined]  # every TyperException has it
    if message:
        print(
            f"error: {lines(message)}\n\nhint: `cls-infer --help` lists the commands and their options",
            file=sys.stderr,
        )
    if as_json:
        write_json({"ok": False, "problems": problems_as_json([Problem("command line", message)])})
    return BAD_INPUT


def _fail(error: Exception, given: Sequence[str]) -> int:
    from .talk import write_json

    if "--debug" in given:
        import traceback

        traceback.print_exception(error)
    else:
        first = printable(str(error).strip().partition("\n")[0])
        print(f"error: {type(error).__name__}: {first}\n\nhint: --debug shows the traceback", file=sys.stderr)
    if "--json" in given:
        write_json({"ok": False, "error": f"{type(error).__name__}: {error}"})
    return FAILED

"""The program `xundan`: chooses the language, runs a command, and turns every error into one sentence.

Exit codes: 0 done, 1 it did not work, 2 it was asked wrongly (options, settings), 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Sequence

from xundan import words
from xundan.errors import ConfigError, Rejected, XundanError

GARBAGE_AFTER = 10_000
"""New objects after which Python looks for circular garbage (700 by default). There is little here, and looking through
the journeys that are kept decoded takes a tenth of a busy server's time."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command line (default: this process's) and exit."""
    gc.set_threshold(GARBAGE_AFTER)
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal that cannot show 询单 still works
    words.use(words.wanted(arguments, os.environ))
    sys.exit(run(arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line in the language already chosen; the exit code."""
    from typer.exceptions import Abort, TyperException

    try:
        from xundan.commands import app  # after the choice of language: help texts are read on import

        return app(list(arguments), prog_name="xundan", standalone_mode=False) or 0
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())
            return 0
        return _fail(words.translate(error.format_message()), error.exit_code)
    except ConfigError as error:
        return _fail(words.translate(str(error)), 2)
    except Rejected as error:
        where = f"{error.field}: " if error.field and error.field not in error.reason else ""
        return _fail(where + words.translate(error.reason), 1)
    except XundanError as error:
        return _fail(words.translate(str(error)), 1)
    except (Abort, KeyboardInterrupt):
        return _fail(words.say("interrupted"), 130)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # else the interpreter complains again at its end
        return 0
    except OSError as error:
        return _fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), 1)
    except Exception as error:
        return _unexpected(error)


def _fail(sentence: str, code: int) -> int:
    print(words.say("error", sentence=sentence), file=sys.stderr)
    return code


def _unexpected(error: Exception) -> int:
    """A fault of ours. Its text may hold a customer's words, so only its kind and place are shown."""
    if os.environ.get("XUNDAN_TRACE"):
        traceback.print_exc()
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}"
    return _fail(words.say("unexpected", kind=type(error).__name__, place=place), 1)

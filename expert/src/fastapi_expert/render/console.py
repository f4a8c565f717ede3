"""The rich consoles: `out` for answers (standard output), `err` for progress and notices (standard error).

They obey the same colour switches as `terminal` and never wrap or highlight what is not asked for.
"""

import sys
from typing import TextIO

from rich.console import Console

from fastapi_expert.render.terminal import wants_colour


def console_for(stream: TextIO) -> Console:
    """A console on ``stream``: plain in a pipe, coloured on a terminal, NO_COLOR and FORCE_COLOR honoured."""
    colour = wants_colour(stream)
    return Console(
        file=stream,
        highlight=False,
        emoji=False,
        no_color=not colour,
        force_terminal=colour,
        soft_wrap=not stream.isatty(),
    )


out = console_for(sys.stdout)
err = console_for(sys.stderr)

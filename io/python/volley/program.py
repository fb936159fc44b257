"""The program `volley`, for what it does best."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from .errors import VolleyError


def find() -> str:
    """Path of the program: VOLLEY in the environment, the one that was installed or built beside this package, else that of PATH."""
    here = os.path.dirname(os.path.abspath(__file__))
    beside = [os.path.join(here, *up, *down) for up, down in (
        ([".."] * 4, ["bin", "volley"]), ([".."] * 3, ["build", "release", "volley"]))]
    for path in [os.environ.get("VOLLEY", ""), *beside]:
        if path and os.access(path, os.X_OK):
            return path
    path = shutil.which("volley")
    if not path:
        raise VolleyError("the program 'volley' was not found: put it on the PATH, or name it in VOLLEY")
    return path


def call(words: Sequence[str], launcher: Sequence[str] = ()) -> str:
    """Runs `volley WORDS`, behind the words of a launcher if there are any; returns what it prints, and raises VolleyError with
    what it says if its exit code is not 0."""
    done = subprocess.run([*launcher, find(), *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line.removeprefix("volley: ") for line in done.stderr.strip().splitlines()]
        raise VolleyError("\n".join(said) or f"volley {' '.join(words)}: exit code {done.returncode}")
    return done.stdout

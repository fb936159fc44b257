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
    found = shutil.which("volley")
    if not found:
        raise VolleyError("the program 'volley' was not found: put it on the PATH, or name it in VOLLEY")
    return found


def environment() -> dict[str, str]:
    """That of this process without what a launcher told it: a program that is started from one rank is no rank of its job."""
    told = ("OMPI_COMM_", "OMPI_UNIVERSE_", "OMPI_APP_", "OMPI_FIRST_", "OMPI_NUM_", "OMPI_FILE_", "OMPI_ARGV", "OMPI_COMMAND",
            "OMPI_MCA_ess", "OMPI_MCA_orte", "OMPI_MCA_pmix", "OMPI_MCA_initial_wdir", "PMIX_", "PMI_", "PRTE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(told)}


def call(words: Sequence[str], launcher: Sequence[str] = ()) -> str:
    """Runs `volley WORDS`, behind the words of a launcher if there are any; returns what it prints, and raises VolleyError with
    what it says if its exit code is not 0."""
    done = subprocess.run([*launcher, find(), *words], capture_output=True, text=True, check=False, env=environment())
    if done.returncode != 0:
        said = [line.removeprefix("volley: ") for line in done.stderr.strip().splitlines()]
        raise VolleyError("\n".join(said) or f"volley {' '.join(words)}: exit code {done.returncode}")
    return done.stdout

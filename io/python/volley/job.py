"""Runs on a cluster: jobs of SLURM, by the script that comes with Volley (jobs/slurm/run.sbatch, docs/slurm.md)."""
from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from . import program
from .errors import VolleyError
from .output import Run
from .output import open as open_output

TOLD = 10  # last lines of the log in an error


def script() -> str:
    """Path of run.sbatch: in the sources or where Volley is installed."""
    here, beside = os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.dirname(os.path.realpath(program.find())))
    for folder in (os.path.join(here, *[".."] * 3, "jobs"), os.path.join(here, *[".."] * 2), os.path.join(beside, "share", "volley"),
                   os.path.join(os.path.dirname(beside), "jobs")):
        path = os.path.normpath(os.path.join(folder, "slurm", "run.sbatch"))
        if os.path.exists(path):
            return path
    raise VolleyError("the script run.sbatch of Volley was not found: neither jobs/slurm of its sources nor share/volley/slurm is there")


def _call(words: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    except OSError as error:
        raise VolleyError(f"{words[0]} cannot be started: {error.strerror}; is this the login node of a cluster with SLURM?") from None


class Job:
    """A run as a job of SLURM; Network.submit() makes it."""

    def __init__(self, number: str, output: str, log: str):
        self.number = number  # SLURM's
        self.output = output
        self.log = log  # file of what the job says

    def __repr__(self) -> str:
        return f"<job {self.number}: {self.output}>"

    @property
    def state(self) -> str:
        """What SLURM says of it: "PENDING", "RUNNING", "COMPLETED", ...; "" once it has forgotten it. A job that comes to its time limit
        before its end is pending again, and goes on."""
        done = _call(["squeue", "-h", "-j", self.number, "-o", "%T"])
        if done.returncode == 0:
            return done.stdout.strip()
        if "nvalid job id" in done.stderr:
            return ""
        raise VolleyError(f"squeue: {done.stderr.strip()}")

    def cancel(self) -> None:
        """Ends it; what it has recorded and saved stays."""
        done = _call(["scancel", self.number])
        if done.returncode != 0:
            raise VolleyError(f"scancel: {done.stderr.strip()}")

    def wait(self, *, every: float = 10.0, quiet: bool = False) -> Run:
        """Follows it to its end, printing what its log says; returns its output. every: seconds between two looks. Raises VolleyError with
        the last lines of the log where the run did not come to its end. Ctrl-C ends the waiting, not the job."""
        shown = 0
        while True:
            is_over = self.state in ("", "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")
            text = self._text()
            if not quiet and len(text) > shown:
                print(text[shown:], end="", file=sys.stderr, flush=True)
            shown = len(text)
            if is_over:
                break
            time.sleep(every)
        if not os.path.exists(self.output):
            last = "\n".join(text.strip().splitlines()[-TOLD:])
            raise VolleyError(f"job {self.number} has ended without '{self.output}'; the end of {self.log}:\n{last}")
        return open_output(self.output)

    def _text(self) -> str:
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


def submit(file: str, output: str, *, nodes: int, ranks_per_node: int, threads: int, time: str | None, sbatch: Mapping[str, Any],
           words: Sequence[str]) -> Job:
    """Submits `volley run FILE -o OUTPUT WORDS`. Its log is OUT.log beside the output."""
    log = os.path.splitext(output)[0] + ".log"
    given = {"nodes": nodes, "ntasks_per_node": ranks_per_node, "cpus_per_task": threads, "time": time,
             "job_name": os.path.splitext(os.path.basename(output))[0], "output": log, **sbatch}
    options = [f"--{key.replace('_', '-')}" + ("" if value is True else f"={value}") for key, value in given.items()
               if value is not None and value is not False]
    done = _call(["sbatch", "--parsable", *options, script(), file, output, *words], {**program.environment(), "VOLLEY": program.find()})
    if done.returncode != 0:
        raise VolleyError(f"sbatch: {done.stderr.strip() or 'exit code ' + str(done.returncode)}")
    return Job(done.stdout.strip().splitlines()[-1].split(";")[0], output, str(given["output"]))

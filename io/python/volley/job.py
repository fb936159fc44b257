"""Runs on a cluster: jobs of SLURM, by the script that comes with Volley (jobs/slurm/run.sbatch, docs/slurm.md)."""
from __future__ import annotations

import os
import re
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
PATIENCE = 300.0  # s for which squeue may fail while a job is followed
OVER = ("", "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")
REFUSED = {"resume": "the script goes on from the last checkpoint by itself", "checkpoint": "the script names it OUT.checkpoint.h5",
           "from": "the script gives --resume, which does not go with it", "ranks": "nodes= and ranks_per_node= say it",
           "launcher": "the script starts the ranks"}


def check(options: Mapping[str, Any]) -> None:
    """Refuses keywords for `volley run` that would fail only in the job."""
    for key, value in options.items():
        why = REFUSED.get(key.rstrip("_"))
        if why and value is not None and value is not False:
            raise VolleyError(f"submit({key}=...): leave it out: {why}")


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

    def __init__(self, number: str, output: str, log: str, begin: int = 0):
        self.number = number  # SLURM's
        self.output = output
        self.log = log  # file of what the job says
        self._begin = begin  # bytes that were in it before

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
        the last lines of the log where the run did not come to its end, or where squeue has failed for minutes. Ctrl-C ends the waiting, not
        the job."""
        shown, answered = 0, time.monotonic()
        while True:
            try:
                is_over = self.state in OVER
                answered = time.monotonic()
            except VolleyError:
                is_over = False
                if time.monotonic() - answered >= PATIENCE:
                    raise
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
        with open(self.log, "rb") as file:
            if os.path.getsize(self.log) < self._begin:
                self._begin = 0  # it was begun anew
            file.seek(self._begin)
            return file.read().decode(errors="replace")


def _log(pattern: str, name: str, number: str) -> str:
    """The file that SLURM makes of `output`."""
    known = {"%": "%", "j": number, "x": name}
    strange = [found for found in re.findall(r"(?s)%(.?)", pattern) if found not in known]
    if strange:
        raise VolleyError(f"sbatch: output '{pattern}': of SLURM's patterns %j, %x and %% are known here, not %{strange[0]}")
    return re.sub("%(.)", lambda found: known[found[1]], pattern)


def _length(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def submit(file: str, output: str, *, nodes: int, ranks_per_node: int, threads: int, time: str | None, sbatch: Mapping[str, Any],
           every: Any, words: Sequence[str]) -> Job:
    """Submits `volley run FILE -o OUTPUT WORDS`, with checkpoints `every` so often. Its log is OUT.log beside the output."""
    stem = os.path.splitext(output)[0]
    given: dict[str, Any] = {"nodes": nodes, "ntasks-per-node": ranks_per_node, "cpus-per-task": threads, "time": time,
                             "job-name": os.path.basename(stem), "output": stem.replace("%", "%%") + ".log",
                             **{key.replace("_", "-"): value for key, value in sbatch.items() if value is not None}}
    name, folder = str(given["job-name"]), os.path.abspath(given.get("chdir", "")).replace("%", "%%")
    given["output"] = os.path.join(folder, given["output"])
    begin = _length(_log(given["output"], name, "%j"))  # with its number the log is new
    options = [f"--{key}" + ("" if value is True else f"={value}") for key, value in given.items() if value is not None and value is not False]
    environment = {**program.environment(), "VOLLEY": program.find(), **({"VOLLEY_CHECKPOINT_EVERY": str(every)} if every else {})}
    done = _call(["sbatch", "--parsable", *options, script(), file, output, *words], environment)
    if done.returncode != 0:
        raise VolleyError(f"sbatch: {done.stderr.strip() or 'exit code ' + str(done.returncode)}")
    number = done.stdout.strip().splitlines()[-1].split(";")[0]
    return Job(number, output, _log(given["output"], name, number), begin)

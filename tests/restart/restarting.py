"""What the tests of restarts share: runs that can be watched, signalled and killed, and the comparison with a run that
nobody disturbed."""
import concurrent.futures
import contextlib
import ctypes
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, os.path.join(HERE, "..", "invariance"))
import ready  # noqa: E402
from program import EXPERIMENTS, VOLLEY, command, expect, set_words  # noqa: E402

TIMEOUT = 120 * (10 if "ASAN_OPTIONS" in os.environ and "VOLLEY_TEST_C_FLAGS" in os.environ else 1)
AT_A_TIME = 2  # more ranks than cores wait for each other at full speed
POLL = 0.0003

MICROCIRCUIT = (os.path.join(EXPERIMENTS, "microcircuit.yaml"),
                {"network.scale.neurons": 0.05, "network.scale.indegree": 0.05, "recorders.0.start": "0 ms"})

_numbers = itertools.count()
_jobs = []


def adopt_orphans():
    """The ranks of a killed mpirun become children of this process, so that their end can be awaited."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def parent_of(pid):
    """The parent's process id, or None if there is no such process or it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, parent = file.read().rsplit(")", 1)[1].split()[:2]
    except (OSError, IndexError):
        return None
    return None if state in "ZX" else int(parent)


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children_of(pid):
    """Process ids of the children of a process, from all its threads; much less to read than all processes."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
    except OSError:  # it has ended
        return []
    return found


def runs_volley(pid):
    try:
        return os.path.samefile(f"/proc/{pid}/exe", VOLLEY)
    except OSError:
        return False


class Job:
    """`volley WORDS` in the background. What the job writes for itself goes to `folder`, what MPI does
    to a folder of its own."""

    def __init__(self, words, folder, ranks=1, threads=1, cwd=None, environment=None, limit=None):
        self.folder, self.ranks = folder, ranks
        stem = os.path.join(folder, f"job{next(_numbers)}")
        self._room = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # two mpirun that start in one may fail
        self._files = (stem + ".out", stem + ".err")
        self.words = command(words, ranks, threads)
        if limit:
            self.words = ["bash", "-c", f'ulimit {limit} && exec "$@"', "limited"] + self.words
        environment = {**os.environ, "TMPDIR": self._room.name,
                       "OMPI_MCA_btl_vader_backing_directory": self._room.name, **(environment or {})}
        with open(self._files[0], "wb") as out, open(self._files[1], "wb") as err:
            self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd,
                                            env=environment)
        _jobs.append(self)

    @property
    def stdout(self):
        return self._read(0)

    @property
    def stderr(self):
        return self._read(1)

    def _read(self, number):
        with open(self._files[number], encoding="utf-8", errors="replace") as file:
            return file.read()

    def is_running(self):
        return self.process.poll() is None

    def rank_pids(self):
        """Process ids of the ranks that run volley by now."""
        if self.ranks == 1:
            return [self.process.pid] if self.is_running() and runs_volley(self.process.pid) else []
        return [pid for pid in children_of(self.process.pid) if runs_volley(pid)]

    def wait_for(self, is_there):
        """Waits until is_there() holds, at most until the job ends. Returns whether it holds."""
        end = time.monotonic() + TIMEOUT
        while self.is_running() and time.monotonic() < end:
            if is_there():
                return True
            time.sleep(POLL)
        return bool(is_there())

    def wait_for_ranks(self):
        return self.wait_for(lambda: len(self.rank_pids()) == self.ranks)

    def wait_until_watching(self, which=signal.SIGUSR1):
        """Waits until all ranks handle a signal themselves."""
        def is_watching(pid):
            try:
                with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                    caught = next(line for line in file if line.startswith("SigCgt"))
            except (OSError, StopIteration):
                return False
            return int(caught.split()[1], 16) >> (which - 1) & 1
        return self.wait_for_ranks() and self.wait_for(lambda: all(map(is_watching, self.rank_pids())))

    def signal_rank(self, number, which):
        """Sends a signal to one rank itself, not to mpirun. Returns whether there was one."""
        pids = self.rank_pids()
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(sorted(pids)[number % len(pids)], which)
        return True

    def kill(self):
        """kill -9 of all ranks and of mpirun at once."""
        pids = self.rank_pids()
        for pid in pids + [self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for pid in pids:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def wait(self):
        """The exit code. A job that does not end is a failure, and is killed."""
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            expect(False, f"no end after {TIMEOUT} s: {' '.join(self.words)}\n{self.stderr}")
            self.kill()
            return None

    def messages(self):
        """All but notes, one of which depends on how busy the machine is."""
        return [line for line in self.stderr.splitlines() if re.match("volley: (?!note: )", line)]

    def says(self, *texts):
        return all(text in self.stderr for text in texts)


class Ended:
    """As a job that has ended: of a run that nobody watches or disturbs."""

    def __init__(self, words, code, stdout, stderr):
        self.words, self.returncode, self.stdout, self.stderr = words, code, stdout.decode(errors="replace"), stderr.decode(errors="replace")
        self.process = self

    def wait(self):
        return self.returncode

    messages, says = Job.messages, Job.says


def run_words(experiment, output, settings=None, every=None, resume=None, extra=(), progress="off"):
    """Words of `volley run`; what is None is left out. With progress "lines" it tells of each checkpoint."""
    words = ["run"] + ([experiment] if experiment else [])
    words += ["-o", output, "--summary", output + ".json"] if output else []
    words += ["--checkpoint-every", every] if every else []
    words += ["--resume", resume] if resume else []
    return words + ["--overwrite", "--progress", progress] + list(extra) + set_words(settings)


def finish_run(case, words, folder, ranks=1, threads=1, code=0, **options):
    """Runs `volley WORDS` to its end, which must have this exit code. Returns the job."""
    line = command(words, 1, threads)
    ended = ready.run(line, timeout=TIMEOUT, ranks=ranks) if not options else None
    job = Ended(command(words, ranks, threads), *ended) if ended else Job(words, folder, ranks, threads, **options)
    found = job.wait()
    expect(found == code, f"{case}: exit code {found}, {code} is right\n{' '.join(job.words)}\n{job.stderr}")
    return job


def read_summary(output):
    try:
        with open(output + ".json", encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def checkpoint_of(output):
    """Where the checkpoints of a run are by default."""
    return output[:-len(".h5")] + ".checkpoint.h5"


# Of /volley what a restart must not change; the rest tells when, where and how fast the run was.
PROVENANCE = ("volley@format_version", "volley@complete", "volley@title", "volley@dt_ms", "volley@duration_ms",
              "volley@seed", "volley@neurons", "volley@version", "volley@git_commit", "volley/populations/name",
              "volley/populations/model", "volley/populations/size", "volley/populations/first_gid",
              "volley/summary/rate_hz", "volley/summary@spike_digest", "volley/summary@synapses",
              "volley/summary@spikes", "volley/summary@synaptic_events")


# A data file's path, which is another one where the experiment's folder was moved.
PATHS = re.compile(r"images/\d+@file")


def tree(output):
    """All datasets and attributes of an output by path (path@name for attributes) as type, shape and bytes."""
    found = {}

    def note(path, value, dtype):
        if PATHS.fullmatch(path):
            value, dtype = os.path.basename(value), "path"
        if not path.startswith("volley") or path in PROVENANCE:
            value = numpy.asarray(value)
            found[path] = (str(dtype), value.shape, value.tobytes())

    def visit(path, item):
        for name in item.attrs:
            note(f"{path}@{name}", item.attrs[name], item.attrs.get_id(name).dtype)
        if isinstance(item, h5py.Dataset):
            note(path, item[()], item.dtype)
        elif not path.startswith("volley"):
            found[path + "/"] = sorted(item)

    with h5py.File(output) as file:
        visit("", file)
        file.visititems(visit)
    return found


class Whole:
    """What a run that nobody disturbs comes to: its summary and all that it recorded."""

    KEYS = ("spike_digest", "spikes", "synapses", "synaptic_events", "rate_hz", "neurons")

    def __init__(self, name, experiment, settings, folder):
        output = os.path.join(folder, "whole.h5")
        job = finish_run(f"{name}, undisturbed", run_words(experiment, output, settings), folder)
        self.name, self.summary = name, read_summary(output)
        if job.process.returncode != 0:
            sys.exit("the undisturbed run failed")
        self.tree = tree(output)
        print(f"{name}: {self.summary['spikes']} spikes, digest {self.summary['spike_digest']}", flush=True)

    def expect_equal(self, case, output):
        """Expects that another run came to the same, bit for bit, and left nothing half done beside its output."""
        found = read_summary(output)
        for key in self.KEYS:
            expect(found.get(key) == self.summary[key], f"{case}: {key} {found.get(key)}, not {self.summary[key]}")
        if not os.path.exists(output):
            expect(False, f"{case}: there is no {output}")
            return
        other = tree(output)
        expect(other.keys() == self.tree.keys(), f"{case}: other objects {sorted(other.keys() ^ self.tree.keys())}")
        different = [path for path in self.tree if path in other and other[path] != self.tree[path]]
        expect(not different, f"{case}: different bits in {different}")
        for left in (output + ".part", output + ".parts"):
            expect(not os.path.exists(left), f"{case}: {left} is left behind")


def resumes_to(whole, case, words, folder, output, ranks=1, threads=1, **options):
    """Runs on to the end and expects the result of the undisturbed run. Returns the job."""
    job = finish_run(case, words, folder, ranks, threads, **options)
    whole.expect_equal(case, output)
    return job


def all_at_once(function, items, at_a_time=AT_A_TIME):
    """function(item) for all items, some at a time; the results in order. An exception ends the test."""
    with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        return list(pool.map(function, items))


@contextlib.contextmanager
def scratch():
    """A folder for a test; afterwards nothing that the test started runs, and the folder is gone."""
    adopt_orphans()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            yield folder
            for job in _jobs:
                expect(not job.is_running(), f"still running: {' '.join(job.words)}")
        finally:
            for job in _jobs:
                if job.is_running():
                    job.kill()
            ready.end()
            await_orphans()


def await_orphans():
    """MPI's own daemons leave soon after their jobs; nothing else may be left by now. Ends what is."""
    end, left = time.monotonic() + 20, True
    while left and time.monotonic() < end:
        left = [pid for pid in processes() if parent_of(pid) == os.getpid()]
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.05 if left else 0)
    expect(not left, f"processes are left: {left}")
    for pid in left:
        os.kill(pid, signal.SIGKILL)

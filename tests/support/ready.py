"""The program without its start: started as often as a test has runs at a time, and forked for each, or, on several ranks, called again
(tests/ready/ready.c).

What the start itself does, and what libraries read from the environment when they are loaded, needs a process of its own: run() then
returns None, and so it does where there is no such program, or another build is tested."""
import array
import atexit
import contextlib
import os
import signal
import socket
import subprocess
import tempfile

PROGRAM = os.environ.get("VOLLEY_READY", "")
MPIRUN = os.environ.get("VOLLEY_MPIRUN", "mpirun")
LONGEST = 200_000  # bytes of a request
# Variables that are read before the program begins.
AT_THE_START = ("GOMP_", "HDF5_", "HWLOC_", "LD_", "MALLOC_", "OMP_", "OMPI_", "OPAL_", "ORTE_", "PMIX_", "PMI_", "SLURM_", "GLIBC_",
                "ASAN_", "LSAN_", "UBSAN_", "TSAN_")

_idle = {}  # what waits for the next run, by its number of ranks


def _read_early(environment):
    return {key: value for key, value in environment.items() if key.startswith(AT_THE_START)}


class _Alone:
    """A process that is forked for each run."""

    def __init__(self, _):
        self.early = _read_early(os.environ)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sockets = [ours]
        self.process = subprocess.Popen([PROGRAM], stdin=theirs)
        theirs.close()

    def suits(self, environment):
        return self.early == _read_early(environment)

    def kill(self):
        self.process.kill()


class _Ranks:
    """Ranks that carry out one run after the other."""

    def __init__(self, ranks):
        self.environment = dict(os.environ)
        self.room = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # two mpirun that start in one may fail
        environment = {**os.environ, "TMPDIR": self.room.name, "OMPI_MCA_btl_vader_backing_directory": self.room.name}
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            path = os.path.join(self.room.name, "socket")
            listener.bind(path)
            listener.listen(ranks)
            listener.settimeout(60)
            self.process = subprocess.Popen([MPIRUN, "-n", str(ranks), PROGRAM, path], stdin=subprocess.DEVNULL, env=environment,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.sockets = [listener.accept()[0] for _ in range(ranks)]
        self.ranks = [int.from_bytes(theirs.recv(4), "little") for theirs in self.sockets]

    def suits(self, environment):
        return self.environment == dict(environment)

    def kill(self):
        for process in [self.process.pid, *self.ranks]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def _ask(ready, request, files, timeout):
    """Exit code of a run, -N for signal N. None: it is gone. TimeoutError: no end in time. Either way it is of no use any more."""
    try:
        for one in ready.sockets:
            one.settimeout(timeout)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            one.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno() for file in files]))])
        answers = [one.recv(4) for one in ready.sockets]
    except TimeoutError:
        ready.kill()
        raise
    except OSError:
        answers = [b""]
    if any(len(answer) < 4 for answer in answers):
        ready.kill()
        return None
    codes = [os.waitstatus_to_exitcode(int.from_bytes(answer, "little")) for answer in answers]
    return next((code for code in codes if code), 0)  # as mpirun


def run(words, cwd=None, environment=None, timeout=None, limits=(0, 0, 0), ranks=1):
    """The words of a command, of which the first is the program: exit code, stdout and stderr as bytes. limits: processor seconds,
    kB of address space and kB in memory, 0: none; of one rank only."""
    environment = os.environ if environment is None else environment
    variables = [f"{key}={value}" for key, value in environment.items()] if ranks == 1 else []
    texts = [*limits, cwd or os.getcwd(), len(variables), *variables, *words]
    request = b"".join(os.fsencode(str(text)) + b"\0" for text in texts)
    if not os.path.exists(PROGRAM) or len(request) > LONGEST or (ranks > 1 and "--" in words):  # PETSc keeps its options
        return None
    waiting = _idle.setdefault(ranks, [])
    try:
        ready = waiting.pop()
    except IndexError:
        ready = (_Alone if ranks == 1 else _Ranks)(ranks)
    if not ready.suits(environment):
        waiting.append(ready)
        return None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            code = _ask(ready, request, (out, err), timeout)
        except TimeoutError as late:
            _end([ready])
            raise subprocess.TimeoutExpired(words, timeout) from late
        if code is None:
            _end([ready])
            return None  # a process of its own tells why
        waiting.append(ready)
        for file in (out, err):
            file.seek(0)
        return code, out.read(), err.read()


def _end(those):
    """They leave when nothing can be asked any more."""
    for ready in those:
        for one in ready.sockets:
            one.close()
    for ready in those:
        ready.process.wait()


def end():
    """Ends what waits; the next run starts it again."""
    _end([ready for waiting in _idle.values() for ready in waiting])
    _idle.clear()


atexit.register(end)

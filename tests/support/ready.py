"""The program on one rank without its start: started as often as a test has runs at a time, and forked for each (tests/ready/ready.c).

What the start itself does, and what libraries read from the environment when they are loaded, needs a process of its own: run() then
returns None, and so it does where there is no such program, or another build is tested."""
import array
import atexit
import os
import socket
import subprocess
import tempfile

PROGRAM = os.environ.get("VOLLEY_READY", "")
# Variables that are read before the program begins.
AT_THE_START = ("GOMP_", "HDF5_", "HWLOC_", "LD_", "MALLOC_", "OMP_", "OMPI_", "OPAL_", "ORTE_", "PMIX_", "PMI_", "SLURM_", "GLIBC_",
                "ASAN_", "LSAN_", "UBSAN_", "TSAN_")

_idle = []  # what waits for the next run


def _read_early(environment):
    return {key: value for key, value in environment.items() if key.startswith(AT_THE_START)}


class _Ready:
    def __init__(self):
        self.early = _read_early(os.environ)
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.process = subprocess.Popen([PROGRAM], stdin=theirs)
        theirs.close()

    def end(self):
        self.socket.close()  # it then leaves
        self.process.wait()

    def ask(self, request, files, timeout):
        """Exit code of a run, -N for signal N. None: it is gone. TimeoutError: no end in time. Either way it is of no use any more."""
        self.socket.settimeout(timeout)
        try:
            self.socket.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno() for file in files]))])
            answer = self.socket.recv(4)
        except TimeoutError:
            self.process.kill()
            raise
        except OSError:
            answer = b""
        if len(answer) < 4:
            self.process.kill()
            return None
        return os.waitstatus_to_exitcode(int.from_bytes(answer, "little"))


def run(words, cwd=None, environment=None, timeout=None, limits=(0, 0)):
    """The words of a command, of which the first is the program: exit code, stdout and stderr as bytes. limits: processor seconds
    and kB of address space, 0: none."""
    environment = os.environ if environment is None else environment
    variables = [f"{key}={value}" for key, value in environment.items()]
    texts = [*limits, cwd or os.getcwd(), len(variables), *variables, *words]
    request = b"".join(os.fsencode(str(text)) + b"\0" for text in texts)
    if not os.path.exists(PROGRAM) or len(request) > 200_000:
        return None
    ready = _idle.pop() if _idle else _Ready()
    if ready.early != _read_early(environment):
        _idle.append(ready)
        return None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            code = ready.ask(request, (out, err), timeout)
        except TimeoutError as late:
            ready.end()
            raise subprocess.TimeoutExpired(words, timeout) from late
        if code is None:
            ready.end()
            return None  # a process of its own tells why
        _idle.append(ready)
        for file in (out, err):
            file.seek(0)
        return code, out.read(), err.read()


def end():
    """Ends what waits; the next run starts it again."""
    while _idle:
        _idle.pop().end()


atexit.register(end)

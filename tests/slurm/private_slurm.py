"""A SLURM of the test's own: munged, slurmctld and two slurmd on loopback, with all files in one temporary folder. The
system's SLURM and munge, if there are any, are neither read nor touched."""
import glob
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # exit code that ctest reports as skipped
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol", "squeue", "sinfo")
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
NODES = 2
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL"}

CONFIGURATION = """\
ClusterName=volley-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A requeued job waits until its credential has expired: two minutes by default; 5 s is the least.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
TmpFS={folder}/tmp-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
PlugStackConfig=/dev/null
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
KillWait=7
# Jobs that have ended are told of as long as the test may take.
MinJobAge=36000
NodeName=DEFAULT CPUs=8 RealMemory=4000 State=UNKNOWN
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]}-{ports[2]}
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Why there can be no private SLURM here; "" if there can."""
    if os.getuid() != 0:
        return "slurmd needs root"
    absent = [program for program in PROGRAMS if not shutil.which(program, path=PATH)]
    if absent:
        return f"{', '.join(absent)} not found (on Debian slurmctld, slurmd, slurm-client, munge)"
    return ""


def skip_if_missing():
    reason = missing()
    if not reason:
        return
    if os.environ.get("CI"):
        sys.exit(f"CI is set, so this test must not be skipped: {reason}")
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def free_ports(count):
    """Ports that follow one another and are free on loopback."""
    for first in range(20000 + os.getpid() % 5000, 32000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return list(range(first, first + count))
        except OSError:
            continue
    sys.exit(f"no {count} free ports in a row")


def left_behind(folder):
    """Processes of a private SLURM with this folder that still live."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if folder.encode() in file.read() and int(name) != os.getpid():
                    found.append(int(name))
        except OSError:
            continue  # has ended meanwhile
    return found


class PrivateSlurm:
    """Use as a context manager; on leaving, all that ran in it has ended and its folder is gone."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="volley-slurm-")
        os.chmod(self.folder, 0o755)  # munged wants its socket reachable
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(("SLURM_", "SBATCH_", "OMPI_", "OMP_"))}
        self.environment.update(
            PATH=PATH, SLURM_CONF=f"{self.folder}/slurm.conf", TMPDIR=f"{self.folder}/tmp",
            OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
            # Both nodes are this host: they must not find each other's shared memory.
            OMPI_MCA_btl="tcp,self", OMPI_MCA_btl_tcp_if_include="lo", OMPI_MCA_mpi_yield_when_idle="1")
        self.warden = None
        self.numbers = itertools.count(1)

    def __enter__(self):
        # SIGTERM ends the test in the ordinary way, through __exit__.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
        try:
            self.write_files()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.warden:
            self.warden.stdin.close()
            self.warden.wait()
        else:
            shutil.rmtree(self.folder)

    def write_files(self):
        for name in ["state", "log", "tmp"] + [f"{kind}-n{i + 1}" for kind in ("spool", "tmp") for i in range(NODES)]:
            os.mkdir(f"{self.folder}/{name}")
        with open(f"{self.folder}/munge.key", "wb", opener=lambda path, flags: os.open(path, flags, 0o400)) as file:
            file.write(os.urandom(128))
        with open(f"{self.folder}/slurm.conf", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(folder=self.folder, host=socket.gethostname().split(".")[0], nodes=NODES,
                                            ports=free_ports(1 + NODES)))

    def start(self):
        conf, folder = f"{self.folder}/slurm.conf", self.folder
        daemons = [["munged", "--foreground", f"--socket={folder}/munge.socket", f"--key-file={folder}/munge.key",
                    f"--pid-file={folder}/munged.pid", f"--seed-file={folder}/munged.seed",
                    f"--log-file={folder}/log/munged.log"],
                   ["slurmctld", "-D", "-f", conf]]
        daemons += [["slurmd", "-D", "-f", conf, "-N", f"n{i + 1}"] for i in range(NODES)]
        # In a session of its own: no signal from the terminal or of a group reaches it, only the end of its input.
        self.warden = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "warden.py"), folder] +
            [json.dumps(words) for words in daemons],
            stdin=subprocess.PIPE, env=self.environment, start_new_session=True)
        self.wait_until(lambda: self.command("sinfo", "-h", "-o", "%D %t", check=False) == f"{NODES} idle", 60,
                        "the nodes to be idle")

    def wait_until(self, condition, seconds, what, every=0.3):
        """Ends the test with the last words of all if the condition does not come true."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.show_logs()
                sys.exit(f"waited {seconds} s in vain for {what}")
            time.sleep(every)  # the condition may start a program

    def show_logs(self):
        """The last lines of what the daemons and the jobs say."""
        for path in sorted(glob.glob(f"{self.folder}/log/*") + glob.glob(f"{self.folder}/*.log")):
            with open(path, encoding="utf-8", errors="replace") as file:
                print(f"--- {os.path.basename(path)}", *file.read().splitlines()[-20:], sep="\n", flush=True)

    def command(self, *words, check=True, environment=None):
        """Runs a command of SLURM and returns what it prints, stripped."""
        result = subprocess.run(words, env={**self.environment, **(environment or {})}, cwd=self.folder,
                                capture_output=True, text=True, timeout=60)
        if check and result.returncode != 0:
            self.show_logs()
            sys.exit(f"{' '.join(words)}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout.strip()

    def submit(self, script, arguments, options=(), environment=None):
        """sbatch; returns the job."""
        log = f"{self.folder}/{next(self.numbers)}.log"
        words = ["sbatch", "--parsable", "-o", log, *options, script, *arguments]
        return Job(self, int(self.command(*words, environment=environment)), log)


class Job:
    """A job that was submitted; in an array, the whole of it."""

    def __init__(self, slurm, number, log):
        self.slurm, self.number, self.log_path = slurm, number, log

    def fields(self, name):
        """The values of a field, for each task of an array."""
        text = self.slurm.command("scontrol", "show", "job", "-o", str(self.number))
        return [word.split("=", 1)[1] for word in text.split() if word.startswith(name + "=")]

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait(self, seconds=300):
        """Waits until the job has ended for good; returns its state, or the states of an array."""
        self.slurm.wait_until(lambda: set(self.fields("JobState")) <= ENDED, seconds, f"job {self.number} to end", every=1)
        states = self.fields("JobState")
        return states[0] if len(states) == 1 else states

"""The private SLURM of these tests leaves nothing behind, even when a test with a job in it is killed."""
import os
import signal
import subprocess
import sys
import time

from private_slurm import left_behind, skip_if_missing

CHILD = """
from private_slurm import PrivateSlurm
import time
with PrivateSlurm() as slurm:
    slurm.command("sbatch", "-N2", "--wrap", "srun sleep 1000 & sleep 1000")
    slurm.wait_until(lambda: slurm.command("squeue", "-h", "-s", "-o", "%i"), 30, "a step to run")
    print(slurm.folder, flush=True)
    time.sleep(1000)
"""


def kill(number):
    """Starts a SLURM and sends the test a signal; returns what is left 10 s later."""
    here = os.path.dirname(os.path.abspath(__file__))
    child = subprocess.Popen([sys.executable, "-c", CHILD], env={**os.environ, "PYTHONPATH": here},
                             stdout=subprocess.PIPE, text=True)
    folder = child.stdout.readline().strip()
    if not folder or not left_behind(folder):
        sys.exit("the private SLURM has not started")
    child.send_signal(number)
    child.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (left_behind(folder) or os.path.exists(folder)):
        time.sleep(0.1)
    return left_behind(folder) + [path for path in [folder] if os.path.exists(path)]


skip_if_missing()
for ending in (signal.SIGTERM, signal.SIGKILL):
    if left := kill(ending):
        sys.exit(f"{ending.name} of a test leaves behind {left}")
print("passed")

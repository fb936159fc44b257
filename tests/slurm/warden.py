"""Starts daemons and ends them, with everything that they have started, when its standard input ends: also when the
test that holds the other end was killed. argv: a folder, which is removed then, and one JSON list of words for each
daemon.

The warden adopts all orphans among its descendants, so none of them can leave the tree that it looks through."""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
libc = ctypes.CDLL(None, use_errno=True)


def end_with_warden():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def parents():
    """The parent of each process that lives."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue  # has ended meanwhile
        if state != "Z":
            found[int(name)] = int(parent)
    return found


def descendants():
    parent_of = parents()
    family = {os.getpid()}
    while True:
        more = {child for child, parent in parent_of.items() if parent in family} - family
        if not more:
            return family - {os.getpid()}
        family |= more


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def end_descendants():
    """Asks first, so that programs can remove their temporary files; new ones may be born meanwhile."""
    begin = time.monotonic()
    asked = set()
    while family := descendants():
        if time.monotonic() > begin + 2:
            for pid in family:
                send(pid, signal.SIGKILL)
        for pid in family - asked:
            send(pid, signal.SIGTERM)
        asked |= family
        time.sleep(0.05)
        reap()


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def main():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the end of the input ends us
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("warden: cannot adopt orphans")
    try:
        for words in map(json.loads, sys.argv[2:]):
            subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             preexec_fn=end_with_warden, restore_signals=True)
        while os.read(0, 1):
            pass
    finally:
        end_descendants()
        shutil.rmtree(sys.argv[1], ignore_errors=True)


main()

"""A Python for VOLLEY_PYTHON that has imported matplotlib already: `volley plot` starts one for each figure, and that takes
longer than to draw. Figures do not see the environment of who asks for them. Each is looked at before it is saved (layout.py)."""
import array
import contextlib
import ctypes
import os
import runpy
import signal
import socket
import struct
import sys
import traceback
import warnings

CLIENT = """#!/usr/bin/python3 -SE
import array, os, socket, sys
if sys.argv[1] == "-c": sys.exit(0)
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect(os.path.join(os.path.dirname(sys.argv[0]), "socket"))
    words = "\\0".join([os.getcwd()] + sys.argv[1:]).encode()
    server.sendmsg([words], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))])
    sys.exit(server.recv(1)[0])
"""


def draw(request, ancillary):
    """In a process of its own: what Python would do with these words."""
    code = 0
    for to, file in enumerate(array.array("i", ancillary[0][2][:8]), start=1):
        os.dup2(file, to)
    folder, *sys.argv = request.decode().split("\0")
    os.chdir(folder)
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        code = end.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def answer(connection):
    """Has a child draw what one client asks for, and tells it the exit code."""
    request, ancillary, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(2 * struct.calcsize("i")))
    child = os.fork()
    if child == 0:
        os._exit(draw(request, ancillary))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255
    with contextlib.suppress(BrokenPipeError):  # who asked has been ended
        connection.send(bytes([code]))


def check_figures(written=True):
    """Whatever is saved has its layout looked at, and a warning is an error. Not written: PNG files stay empty."""
    from matplotlib.figure import Figure  # pylint: disable=import-outside-toplevel
    from layout import faults_of  # pylint: disable=import-outside-toplevel
    save = Figure.savefig

    def checked(figure, path, format, dpi):  # pylint: disable=redefined-builtin
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            faults = faults_of(figure)
            if written or format != "png":
                save(figure, path, format=format, dpi=dpi)
            else:
                open(path, "wb").close()
        faults += [str(warning.message) for warning in said]
        if faults:
            raise SystemExit("layout: " + "; ".join(faults))

    Figure.savefig = checked


def serve(listener, written):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: ends with the test
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    import h5py, matplotlib  # noqa: E401,F401 pylint: disable=import-outside-toplevel,multiple-imports,unused-import
    matplotlib.use("Agg")
    import matplotlib.pyplot  # noqa: F401 pylint: disable=import-outside-toplevel,unused-import
    check_figures(written)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answer(connection)
            os._exit(0)
        connection.close()


@contextlib.contextmanager
def python_that_plots(folder, written=True):
    """Sets VOLLEY_PYTHON; what it needs is in a folder that is there for as long. Not written: as check_figures()."""
    client = os.path.join(folder, "python")
    with open(client, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o755)) as file:
        file.write(CLIENT)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(os.path.join(folder, "socket"))
        listener.listen()
        server = os.fork()
        if server == 0:
            serve(listener, written)
    os.environ["VOLLEY_PYTHON"] = client
    try:
        yield
    finally:
        del os.environ["VOLLEY_PYTHON"]
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)

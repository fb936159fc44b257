#include "app/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool volley_is_launched(void) {
  static const char *const traces[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMIX_NAMESPACE", "PMI_RANK", "PMI_FD"};
  for (size_t t = 0; t < sizeof traces / sizeof *traces; t++) {
    if (getenv(traces[t])) return true;
  }
  return false;
}

/* What Open MPI does for a process that is alone: no server for others to come, no networks, no search for devices. */
static const char *const alone[][2] = {
    {"OMPI_MCA_ess_singleton_isolated", "1"}, {"OMPI_MCA_pml", "ob1"},
    {"OMPI_MCA_btl", "self"},                 {"OMPI_MCA_coll", "basic,libnbc,self"},
    {"HWLOC_COMPONENTS", "-pci,-linuxio"},
};
enum { N_ALONE = sizeof alone / sizeof *alone };

static bool has_started(void) {
  int is;
  MPI_Initialized(&is);
  return is;
}

void volley_mpi_start(void) {
  int provided, code;
  if (has_started()) return;
  bool is_set[N_ALONE] = {false};
  for (int e = 0; e < N_ALONE && !volley_is_launched(); e++) {
    is_set[e] = !getenv(alone[e][0]);
    setenv(alone[e][0], alone[e][1], 0);
  }
  code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  for (int e = 0; e < N_ALONE; e++) {
    if (is_set[e]) unsetenv(alone[e][0]); /* programs that this one starts have an environment of their own */
  }
  if (code != MPI_SUCCESS) volley_die("MPI could not be started");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (provided < MPI_THREAD_FUNNELED) volley_die("this MPI does not support threads: MPI_THREAD_FUNNELED is needed");
}

void volley_mpi_stop(void) {
  if (has_started()) MPI_Finalize();
}

void volley_streams_open(void) {
  for (int stream = 0; stream < 3; stream++) {
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != stream) _Exit(VOLLEY_FAILURE);
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a file size limit then shows as a failed write, which is reported like a full disk */
}

static bool reader_has_gone(void) {
  struct pollfd output = {.fd = STDOUT_FILENO};
  return poll(&output, 1, 0) == 1 && output.revents & POLLERR;
}

void volley_streams_flush(void) {
  errno = 0;
  const int code = fflush(stdout) ? errno : 0;
  if (!ferror(stdout) || reader_has_gone()) return;
  volley_fault(VOLLEY_FAILURE, NULL, "cannot write all of the text to the standard output%s%s", code ? ": " : "",
               code ? strerror(code) : "");
  clearerr(stdout);
}

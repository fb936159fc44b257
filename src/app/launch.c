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

/* The environment that Open MPI starts in where a process is alone: no server for others to come, no networks, no folder for
 * files to be shared, no search for devices, no libraries that are loaded and then not used, and no job of SLURM, of which it
 * would want to be a step. NULL: unset. */
static const char *const alone[][2] = {
    {"OMPI_MCA_ess_singleton_isolated", "1"},
    {"OMPI_MCA_orte_create_session_dirs", "0"},
    {"OMPI_MCA_pml", "ob1"},
    {"OMPI_MCA_btl", "self"},
    {"OMPI_MCA_coll", "basic,libnbc,self"},
    {"HWLOC_COMPONENTS", "-pci,-linuxio"},
    {"HWLOC_PLUGINS_PATH", "/nowhere"}, /* displays, OpenCL */
    {"SLURM_JOB_ID", NULL},
    {"SLURM_NODELIST", NULL},
};
enum { N_ALONE = sizeof alone / sizeof *alone };

/* As MPI_Init_thread(), for a process that is alone. What is unset for it is there again afterwards. */
static int start_alone(int *provided) {
  char *hidden[N_ALONE] = {NULL};
  for (int e = 0; e < N_ALONE; e++) {
    const char *value = getenv(alone[e][0]);
    if (alone[e][1]) {
      setenv(alone[e][0], alone[e][1], 1);
    } else if (value) {
      hidden[e] = strdup(value);
      unsetenv(alone[e][0]);
    }
  }
  const int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, provided);
  for (int e = 0; e < N_ALONE; e++) {
    if (hidden[e]) setenv(alone[e][0], hidden[e], 1);
    free(hidden[e]);
  }
  return code;
}

static bool has_started(void) {
  int is;
  MPI_Initialized(&is);
  return is;
}

/* A task of srun that knows of no others, although there are some: all of them would do the same work. */
static volley_status check_lonely(void) {
  const char *tasks = getenv("SLURM_STEP_NUM_TASKS");
  if (!tasks || strtol(tasks, NULL, 10) < 2) return VOLLEY_OK;
  return volley_fault(
      VOLLEY_USAGE, NULL,
      "srun has started %.20s tasks (SLURM_STEP_NUM_TASKS) that cannot find each other: srun --mpi=pmix "
      "tells them how; for one process alone leave SLURM_STEP_NUM_TASKS unset",
      tasks);
}

volley_status volley_mpi_start(void) {
  int provided, code;
  if (has_started()) return VOLLEY_OK;
  if (!volley_is_launched()) VOLLEY_TRY(check_lonely());
  if (volley_is_launched())
    code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  else
    code = start_alone(&provided);
  if (code != MPI_SUCCESS) volley_die("MPI could not be started");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (provided < MPI_THREAD_FUNNELED) volley_die("this MPI does not support threads: MPI_THREAD_FUNNELED is needed");
  return VOLLEY_OK;
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

/* The file is replaced as a whole, and by one process at a time: who may create PATH.lock~ (O_EXCL is atomic on all file
 * systems, NFS included) looks at PATH.lock, writes itself into PATH.lock~ and renames it. So no two processes can both find a
 * dead one and take over, and nobody reads half a line. */
#include "io/file/run_lock.h"

#include "base/memory.h"
#include "io/file/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 500, PAUSE_NS = 10000000, NAME = 256 };

/* Who writes. */
typedef struct holder {
  char host[NAME], job[NAME]; /* job: SLURM's, "-" where there is none */
  long long pid, start;       /* start: of the process, in ticks since the computer was started; 0: unknown */
  long long restarts;         /* of the job */
} holder;

struct volley_lock {
  char **files; /* [n] */
  int n;
  holder own;
};

/* When a process started, 0 if that cannot be found out; -1: there is no such process, or it has ended. */
static long long start_of(long long pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%lld/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return kill((pid_t)pid, 0) && errno == ESRCH ? -1 : 0;
  const size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[n] = '\0';
  const char *at = strrchr(text, ')'); /* behind the name, which may hold anything */
  char state = 0;
  long long start = 0;
  if (!at || sscanf(at + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld", &state,
                    &start) != 2)
    return 0;
  return state == 'Z' || state == 'X' ? -1 : start;
}

static holder myself(void) {
  const char *job = getenv("SLURM_JOB_ID"), *restarts = getenv("SLURM_RESTART_COUNT");
  holder me = {.pid = getpid(), .restarts = restarts ? atoll(restarts) : 0};
  me.start = start_of(me.pid);
  if (gethostname(me.host, sizeof me.host - 1) || !me.host[0]) strcpy(me.host, "?");
  snprintf(me.job, sizeof me.job, "%.200s", job && *job && !strpbrk(job, " \n") ? job : "-");
  return me;
}

/* Reads a lock. Returns 0, ENOENT, another errno, or EILSEQ if the file is no lock. */
static int read_holder(const char *path, holder *out) {
  FILE *file = fopen(path, "r");
  if (!file) return errno;
  const int n =
      fscanf(file, "volley %255s %lld %lld %255s %lld", out->host, &out->pid, &out->start, out->job, &out->restarts);
  fclose(file);
  return n == 5 ? 0 : EILSEQ;
}

static int write_holder(int descriptor, const holder *me) {
  char text[2 * NAME + 80];
  const int n =
      snprintf(text, sizeof text, "volley %s %lld %lld %s %lld\n", me->host, me->pid, me->start, me->job, me->restarts);
  const ssize_t written = write(descriptor, text, (size_t)n);
  return written == n ? 0 : written < 0 ? errno : ENOSPC;
}

static bool is_here(const holder *other, const holder *me) { return strcmp(other->host, me->host) == 0; }

static bool has_ended(const holder *other, const holder *me) {
  if (!is_here(other, me)) /* the same job, started again after its first computer failed */
    return strcmp(me->job, "-") != 0 && strcmp(other->job, me->job) == 0 && other->restarts < me->restarts;
  const long long start = start_of(other->pid);
  return start < 0 || (start > 0 && other->start > 0 && start != other->start);
}

static volley_status refuse(const char *path, const char *file, const holder *other, const holder *me) {
  char advice[PATH_MAX + 64] = "wait for it, stop it, or choose another name";
  if (!is_here(other, me))
    snprintf(advice, sizeof advice, "wait for it, choose another name or, if it has ended, remove '%s'", file);
  return volley_fault(VOLLEY_USAGE, NULL, "another run writes '%s': process %lld on %s%s%s; %s", path, other->pid,
                      other->host, strcmp(other->job, "-") ? ", SLURM job " : "",
                      strcmp(other->job, "-") ? other->job : "", advice);
}

/* Waits for the right to look at the lock and to replace it. Returns a descriptor, or -1 with errno. */
static int open_guard(const char *guard) {
  const struct timespec pause = {.tv_nsec = PAUSE_NS};
  for (int k = 0;; k++) {
    const int descriptor = open(guard, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST || k == TRIES) return descriptor;
    nanosleep(&pause, NULL);
  }
}

/* Takes one path. */
static volley_status take(const char *path, const char *file, const char *guard, const holder *me) {
  holder other;
  const int descriptor = open_guard(guard);
  if (descriptor < 0 && errno == EEXIST)
    return volley_fault(VOLLEY_USAGE, NULL, "'%s' is left from a run that was killed as it began; remove it", guard);
  if (descriptor < 0)
    return volley_fault(VOLLEY_USAGE, NULL, "cannot create '%s', which keeps other runs from '%s': %s", guard, path,
                        strerror(errno));
  int code = read_holder(file, &other);
  const bool is_free = code == ENOENT || (code == 0 && has_ended(&other, me));
  if (is_free) code = write_holder(descriptor, me);
  if (close(descriptor) && is_free && code == 0) code = errno;
  if (is_free && code == 0 && rename(guard, file) == 0) return VOLLEY_OK;
  if (is_free && code == 0) code = errno;
  (void)unlink(guard);
  if (code == 0) return refuse(path, file, &other, me);
  if (code == EILSEQ)
    return volley_fault(VOLLEY_USAGE, NULL,
                        "'%s' is there and names no run that writes '%s'; if there is none, remove it", file, path);
  return volley_fault(VOLLEY_USAGE, NULL, "cannot use '%s', which keeps other runs from '%s': %s", file, path,
                      strerror(code));
}

volley_status volley_lock_take(const char *const *paths, int n, MPI_Comm comm, volley_lock **out) {
  int rank = 0;
  volley_lock *lock = volley_alloc(1, sizeof *lock, "a lock");
  lock->own = myself();
  lock->files = volley_alloc((size_t)n, sizeof *lock->files, "a lock");
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_status status = VOLLEY_OK;
  for (int i = 0; rank == 0 && i < n && status == VOLLEY_OK; i++) {
    char *file = volley_path_format("%s" VOLLEY_LOCK_ENDING, paths[i]), *guard = volley_path_format("%s~", file);
    status = take(paths[i], file, guard, &lock->own);
    free(guard);
    if (status == VOLLEY_OK)
      lock->files[lock->n++] = file;
    else
      free(file);
  }
  status = volley_agree(comm);
  if (status == VOLLEY_OK)
    *out = lock;
  else
    volley_lock_release(lock);
  return status;
}

void volley_lock_release(volley_lock *lock) {
  if (!lock) return;
  for (int i = 0; i < lock->n; i++) {
    holder found;
    if (read_holder(lock->files[i], &found) == 0 && is_here(&found, &lock->own) && found.pid == lock->own.pid)
      (void)unlink(lock->files[i]);
    free(lock->files[i]);
  }
  free(lock->files);
  free(lock);
}

bool volley_lock_is_held(const char *path) {
  const holder me = myself();
  holder other;
  char *file = volley_path_format("%s" VOLLEY_LOCK_ENDING, path);
  const bool is_held = read_holder(file, &other) == 0 && !has_ended(&other, &me);
  free(file);
  return is_held;
}

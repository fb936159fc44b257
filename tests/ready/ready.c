/* The program, ready: started once, with its libraries linked and MPI up, and forked for each run that is asked for. A run then takes
 * its own work, not a tenth of a second before it. support/ready.py asks; what the start itself does is tested by other runs.
 * As MPI knows no forks, several ranks carry out one run after the other themselves, as a host program may.
 *
 * Standard input is a socket of whole messages, or, on several ranks, each makes one to the path that is the word of the command, and
 * tells its process. A message asks for a run: texts that end with a zero byte, which are the limits of
 * processor seconds and of kB of address space and in memory (0: none), the folder, the number of variables of the environment, these, and
 * the words of the command; with it come the files of stdout and stderr. The answer is what waitpid() says of the run, an int.
 * Several ranks take neither limits nor variables. */
#define _GNU_SOURCE /* dladdr */
#include "app/app.h"
#include "app/launch.h"
#include "base/memory.h"
#include "base/signals.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <mpi.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST = 1 << 20, LONGEST_PATH = 4096, MOST = 1 << 16, OUT = 0, ERR = 1 };
extern char **environ;

typedef struct request {
  char text[LONGEST + 1];
  char *words[MOST];
  int n, files[2];
} request;

/* Whether a socket has another request. */
static bool take(int from, request *r) {
  union {
    char bytes[CMSG_SPACE(sizeof r->files)];
    struct cmsghdr head;
  } control;
  struct iovec part = {.iov_base = r->text, .iov_len = LONGEST};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  const ssize_t size = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
  if (size <= 0) return false;
  const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (!head || head->cmsg_type != SCM_RIGHTS) return false;
  memcpy(r->files, CMSG_DATA(head), sizeof r->files);
  r->text[size] = '\0';
  r->n = 0;
  for (char *at = r->text; at < r->text + size && r->n < MOST - 1; at += strlen(at) + 1) r->words[r->n++] = at;
  r->words[r->n] = NULL;
  return true;
}

/* Whether there is a limit, and which. */
static bool is_limited(const char *text, rlim_t unit, struct rlimit *limit) {
  const rlim_t most = (rlim_t)strtoull(text, NULL, 10) * unit;
  *limit = (struct rlimit){most, most};
  return most > 0;
}

/* As main() does, in the place that was asked for. */
static int run(request *r) {
  char **words = r->words;
  struct rlimit most;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY);
  if (dup2(nothing, STDIN_FILENO) < 0 || dup2(r->files[OUT], STDOUT_FILENO) < 0 ||
      dup2(r->files[ERR], STDERR_FILENO) < 0)
    return 99;
  close(nothing);
  if (is_limited(*words++, 1, &most)) setrlimit(RLIMIT_CPU, &most);
  if (is_limited(*words++, 1024, &most)) setrlimit(RLIMIT_AS, &most);
  words++; /* await() */
  if (chdir(*words++) != 0) return 99;
  const int n = atoi(*words++);
  clearenv();
  for (int v = 0; v < n; v++) putenv(*words++);
  return (int)volley_app_main((int)(r->words + r->n - words), words);
}

/* Path of the library that a run needed and loaded, "" if none: which takes a fifth of a second. */
static void note_library(char *path, size_t size) {
  const char *const names[] = {"SlepcInitialize", "PetscInitialize"};
  Dl_info found = {0};
  for (size_t k = 0; k < sizeof names / sizeof *names && !found.dli_fname; k++) {
    void *const symbol = dlsym(RTLD_DEFAULT, names[k]);
    if (symbol) dladdr(symbol, &found);
  }
  snprintf(path, size, "%s", found.dli_fname ? found.dli_fname : "");
}

/* kB of a process in memory. */
static long resident(pid_t process) {
  char path[64];
  long pages = 0;
  snprintf(path, sizeof path, "/proc/%d/statm", (int)process);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What waitpid() says of a child's end. It is killed if it takes more memory than that: the sanitizers' own limit is kept by a
 * thread that no child has, and of addresses they take terabytes. */
static bool await(pid_t child, const char *most, int *status) {
  const long kB = atol(most);
  struct pollfd ended = {.fd = kB > 0 ? (int)syscall(SYS_pidfd_open, child, 0) : -1, .events = POLLIN};
  while (kB > 0 && poll(&ended, 1, 50) == 0) {
    if (resident(child) > kB) kill(child, SIGKILL);
    if (ended.fd < 0 && waitpid(child, status, WNOHANG) == child) return true;
  }
  if (ended.fd >= 0) close(ended.fd);
  return waitpid(child, status, 0) == child;
}

/* As run(), in this process. */
static int run_here(request *r) {
  char **words = r->words + 3, *const folder = *words++;
  const int own[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
  int code = 99;
  words += 1 + atoi(*words);
  fflush(NULL);
  if (dup2(r->files[OUT], STDOUT_FILENO) >= 0 && dup2(r->files[ERR], STDERR_FILENO) >= 0 && chdir(folder) == 0)
    code = (int)volley_app_main((int)(r->words + r->n - words), words);
  fflush(NULL);
  for (int f = OUT; f <= ERR; f++) {
    dup2(own[f], f == OUT ? STDOUT_FILENO : STDERR_FILENO);
    close(own[f]);
  }
  return code;
}

/* Each rank of several, until there is no other request. */
static int serve_rank(const char *path, request *r) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int own = (int)getpid(), asked = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (asked < 0 || connect(asked, (const struct sockaddr *)&address, sizeof address) < 0) return 1;
  if (send(asked, &own, sizeof own, MSG_NOSIGNAL) < 0) return 1;
  while (take(asked, r)) {
    const int status = run_here(r) << 8;
    close(r->files[OUT]);
    close(r->files[ERR]);
    if (send(asked, &status, sizeof status, MSG_NOSIGNAL) < 0) break;
  }
  free(r);
  return PMPI_Finalize();
}

/* What ends with the process needs no other end. */
int MPI_Finalize(void) { return MPI_SUCCESS; }

int main(int argc, char **argv) {
  volley_streams_open();
  volley_memory_settle();
  volley_signals_watch();
  if (volley_mpi_start() != VOLLEY_OK) return 1;
  request *r = volley_alloc(1, sizeof *r, "requests");
  if (argc > 1) return serve_rank(argv[1], r);
  char *const needed = mmap(NULL, LONGEST_PATH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (needed == MAP_FAILED) return 1;
  while (take(STDIN_FILENO, r)) {
    fflush(NULL);
    if (needed[0]) dlopen(needed, RTLD_NOW | RTLD_GLOBAL); /* the next runs of this test find it there */
    const pid_t child = fork();
    if (child == 0) {
      const int code = run(r);
      note_library(needed, LONGEST_PATH);
      fflush(NULL);
      _exit(code);
    }
    close(r->files[OUT]);
    close(r->files[ERR]);
    int status = 0;
    if (child < 0 || !await(child, r->words[2], &status)) return 1;
    if (send(STDIN_FILENO, &status, sizeof status, MSG_NOSIGNAL) < 0) return 1;
  }
  free(r);
  _exit(0);
}

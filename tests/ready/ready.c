/* The program, ready: started once, with its libraries linked and MPI up, and forked for each run that is asked for. A run then takes
 * its own work, not a tenth of a second before it. support/ready.py asks; what the start itself does is tested by other runs.
 *
 * Standard input is a socket of whole messages. One asks for a run: texts that end with a zero byte, which are the limits of
 * processor seconds and of kB of address space (0: none), the folder, the number of variables of the environment, these, and
 * the words of the command; with it come the files of stdout and stderr. The answer is what waitpid() says of the run, an int. */
#include "app/app.h"
#include "app/launch.h"
#include "base/memory.h"
#include "base/signals.h"

#include <fcntl.h>
#include <mpi.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST = 1 << 20, MOST = 1 << 16, OUT = 0, ERR = 1 };
extern char **environ;

typedef struct request {
  char text[LONGEST + 1];
  char *words[MOST];
  int n, files[2];
} request;

/* Whether there is another request. */
static bool take(request *r) {
  union {
    char bytes[CMSG_SPACE(sizeof r->files)];
    struct cmsghdr head;
  } control;
  struct iovec part = {.iov_base = r->text, .iov_len = LONGEST};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  const ssize_t size = recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
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

static void limit(int resource, const char *text, rlim_t unit) {
  const rlim_t most = (rlim_t)strtoull(text, NULL, 10) * unit;
  if (most > 0) setrlimit(resource, &(struct rlimit){most, most});
}

/* As main() does, in the place that was asked for. */
static int run(request *r) {
  char **words = r->words;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY);
  if (dup2(nothing, STDIN_FILENO) < 0 || dup2(r->files[OUT], STDOUT_FILENO) < 0 ||
      dup2(r->files[ERR], STDERR_FILENO) < 0)
    return 99;
  close(nothing);
  limit(RLIMIT_CPU, *words++, 1);
  limit(RLIMIT_AS, *words++, 1024);
  if (chdir(*words++) != 0) return 99;
  const int n = atoi(*words++);
  clearenv();
  for (int v = 0; v < n; v++) putenv(*words++);
  return (int)volley_app_main((int)(r->words + r->n - words), words);
}

/* What ends with the process needs no other end. */
int MPI_Finalize(void) { return MPI_SUCCESS; }

int main(void) {
  volley_streams_open();
  volley_signals_watch();
  if (volley_mpi_start() != VOLLEY_OK) return 1;
  request *r = volley_alloc(1, sizeof *r, "requests");
  while (take(r)) {
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
      const int code = run(r);
      fflush(NULL);
      _exit(code);
    }
    close(r->files[OUT]);
    close(r->files[ERR]);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return 1;
    if (send(STDIN_FILENO, &status, sizeof status, MSG_NOSIGNAL) < 0) return 1;
  }
  free(r);
  _exit(0);
}

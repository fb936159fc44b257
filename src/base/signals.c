#include "base/signals.h"

#include "base/codes.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct {
  int number;
  const char *name;
  unsigned request;
} signals[] = {
    {SIGUSR1, "SIGUSR1", VOLLEY_REQUEST_SAVE}, {SIGUSR2, "SIGUSR2", VOLLEY_REQUEST_STOP},
    {SIGTERM, "SIGTERM", VOLLEY_REQUEST_STOP}, {SIGINT, "SIGINT", VOLLEY_REQUEST_STOP},
    {SIGHUP, "SIGHUP", VOLLEY_REQUEST_STOP},   {SIGXCPU, "SIGXCPU", VOLLEY_REQUEST_STOP},
};
enum { N_SIGNALS = sizeof signals / sizeof *signals };

/* Signals of a program that goes wrong. */
static struct {
  int number;
  const char *name;
  char message[256]; /* to be written as it is: a handler may do no more */
} crashes[] = {{SIGSEGV, "SIGSEGV", ""},
               {SIGBUS, "SIGBUS", ""},
               {SIGFPE, "SIGFPE", ""},
               {SIGILL, "SIGILL", ""},
               {SIGABRT, "SIGABRT", ""}};
enum { N_CRASHES = sizeof crashes / sizeof *crashes };

static atomic_uint requests; /* lock free, so a handler may change them */
static atomic_int last;

static void handle(int number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static atomic_int interrupted; /* whether a SIGINT is among what was noted */
static bool tells;

static const char patience[] = "volley: the signal is heard; what is under way goes to its end first; a second SIGINT "
                               "ends it at once\n";
static const char impatience[] = "volley: a second SIGINT: the run ends at once, without a checkpoint\n";

static void remind(int number) {
  (void)number;
  if (write(STDERR_FILENO, patience, sizeof patience - 1) < 0) return;
}

/* What lasts for more than a second is told. */
static void note(int number) {
  if (number == SIGINT && atomic_exchange(&interrupted, 1) == 1) {
    if (write(STDERR_FILENO, impatience, sizeof impatience - 1) < 0) _exit(VOLLEY_FAILURE);
    _exit(VOLLEY_FAILURE);
  }
  if (tells) {
    handle(SIGALRM, remind, SA_RESTART | (int)SA_RESETHAND);
    alarm(1);
  }
  for (int s = 0; s < N_SIGNALS; s++) {
    if (signals[s].number == number) atomic_fetch_or(&requests, signals[s].request);
  }
  atomic_store(&last, number);
}

static void (*handler_of(int number))(int) {
  struct sigaction now = {.sa_handler = SIG_DFL};
  sigaction(number, NULL, &now);
  return now.sa_handler;
}

/* One line, and then what the system does. */
static void tell(int number) {
  for (int c = 0; c < N_CRASHES; c++) {
    if (crashes[c].number == number && write(STDERR_FILENO, crashes[c].message, strlen(crashes[c].message)) < 0) break;
  }
  raise(number);
}

/* Handlers that are there are those of a sanitizer or a debugger. */
static void watch_crashes(void) {
  struct utsname host;
  if (uname(&host) < 0) host.nodename[0] = '\0';
  for (int c = 0; c < N_CRASHES; c++) {
    if (handler_of(crashes[c].number) != SIG_DFL) continue;
    snprintf(crashes[c].message, sizeof crashes[c].message,
             "volley: process %ld on %.64s ends with %s: a fault of the program or of a plugin; please report it\n",
             (long)getpid(), host.nodename, crashes[c].name);
    handle(crashes[c].number, tell, (int)SA_RESETHAND | SA_NODEFER);
  }
}

void volley_signals_watch(void) {
  handle(SIGUSR1, note, SA_RESTART);
  handle(SIGUSR2, note, SA_RESTART);
  watch_crashes();
  volley_signals_defer_end(false, false);
}

/* SIGTERM may come twice to the same process, from a batch system and from a launcher, and SIGXCPU comes every second: only
 * SIGINT, which people send, is impatient. A run under nohup, which ignores SIGHUP, goes on when its terminal is closed. */
void volley_signals_defer_end(bool defer, bool tell) {
  void (*const handler)(int) = defer ? note : SIG_DFL;
  if (!defer) alarm(0);
  tells = tell;
  atomic_store(&interrupted, 0);
  handle(SIGTERM, handler, SA_RESTART);
  handle(SIGXCPU, handler, SA_RESTART);
  handle(SIGINT, handler, SA_RESTART);
  if (handler_of(SIGHUP) != SIG_IGN) handle(SIGHUP, handler, SA_RESTART);
}

unsigned volley_signals_take(void) {
  if (!atomic_load_explicit(&requests, memory_order_relaxed)) return 0;
  alarm(0);
  return atomic_exchange(&requests, 0);
}

int volley_signals_last(void) { return atomic_load(&last); }

const char *volley_signal_name(int number) {
  for (int s = 0; s < N_SIGNALS; s++) {
    if (signals[s].number == number) return signals[s].name;
  }
  return "";
}

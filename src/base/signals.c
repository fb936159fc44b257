#include "base/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static const struct {
  int number;
  const char *name;
  unsigned request;
} signals[] = {
    {SIGUSR1, "SIGUSR1", VOLLEY_REQUEST_SAVE},
    {SIGUSR2, "SIGUSR2", VOLLEY_REQUEST_STOP},
    {SIGTERM, "SIGTERM", VOLLEY_REQUEST_STOP},
    {SIGINT, "SIGINT", VOLLEY_REQUEST_STOP},
};
enum { N_SIGNALS = sizeof signals / sizeof *signals };

static atomic_uint requests; /* lock free, so a handler may change them */
static atomic_int last;

static void note(int number) {
  for (int s = 0; s < N_SIGNALS; s++) {
    if (signals[s].number == number) atomic_fetch_or(&requests, signals[s].request);
  }
  atomic_store(&last, number);
}

static void handle(int number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

void volley_signals_watch(void) {
  handle(SIGUSR1, note, SA_RESTART);
  handle(SIGUSR2, note, SA_RESTART);
  volley_signals_defer_end(false);
}

/* SIGTERM may come twice to the same process, from a batch system and from a launcher: only SIGINT, which people send, is
 * impatient. */
void volley_signals_defer_end(bool defer) {
  handle(SIGTERM, defer ? note : SIG_DFL, SA_RESTART);
  handle(SIGINT, defer ? note : SIG_DFL, SA_RESTART | (int)SA_RESETHAND);
}

unsigned volley_signals_take(void) {
  return atomic_load_explicit(&requests, memory_order_relaxed) ? atomic_exchange(&requests, 0) : 0;
}

int volley_signals_last(void) { return atomic_load(&last); }

const char *volley_signal_name(int number) {
  for (int s = 0; s < N_SIGNALS; s++) {
    if (signals[s].number == number) return signals[s].name;
  }
  return "";
}

/* Signals that ask a run to save itself. They are noted when they arrive and acted on between two steps. */
#ifndef VOLLEY_BASE_SIGNALS_H
#define VOLLEY_BASE_SIGNALS_H

#include <stdbool.h>

/* What a signal, a clock or another rank asks for; bits. */
typedef enum volley_request {
  VOLLEY_REQUEST_NONE = 0,
  VOLLEY_REQUEST_SAVE = 1, /* write a checkpoint and go on */
  VOLLEY_REQUEST_STOP = 2, /* write a checkpoint and leave */
  VOLLEY_REQUEST_FAIL = 4  /* leave: a rank has a fault */
} volley_request;

/* From now on SIGUSR1 asks to save and SIGUSR2 to stop; SIGTERM, SIGINT, SIGHUP and SIGXCPU end the process at once, as they
 * do by default; SIGSEGV and its like end it with one line on stderr. For the start of the program: libraries that find these
 * handlers set none of their own. */
void volley_signals_watch(void);

/* Whether SIGTERM, SIGINT, SIGHUP and SIGXCPU ask to stop, too, or end the process at once. A second SIGINT then ends the
 * process with a message and exit code 1. tells: what is not taken within a second is told on stderr. A SIGHUP that is ignored
 * stays so. */
void volley_signals_defer_end(bool defer, bool tells);

/* What signals of this process have asked for since the last call: an or of requests. */
unsigned volley_signals_take(void);

/* The signal that asked last, as the system numbers it; 0: none. Its name: "SIGTERM"; "" for 0. */
int volley_signals_last(void);
const char *volley_signal_name(int number);

#endif

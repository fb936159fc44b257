/* Signals that ask a run to save itself. They are noted when they arrive and acted on between two steps. */
#ifndef VOLLEY_BASE_SIGNALS_H
#define VOLLEY_BASE_SIGNALS_H

#include <stdbool.h>

/* What a signal, a clock or another rank asks for; bits. */
typedef enum volley_request {
  VOLLEY_REQUEST_NONE = 0,
  VOLLEY_REQUEST_SAVE = 1, /* write a checkpoint and go on */
  VOLLEY_REQUEST_STOP = 2  /* write a checkpoint and leave */
} volley_request;

/* From now on SIGUSR1 asks to save, SIGUSR2 to stop, instead of ending the process. For the start of the program. */
void volley_signals_watch(void);

/* Whether SIGTERM and SIGINT ask to stop, too (a second SIGINT ends the process), or end the process at once. */
void volley_signals_defer_end(bool defer);

/* What was asked for by signals of this process since the last call: an or of requests. */
unsigned volley_signals_take(void);

/* Name of the last signal that was taken, "SIGTERM"; "" if there was none. */
const char *volley_signals_name(void);

#endif

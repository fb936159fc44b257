/* How a function, or the program, ends. */
#ifndef VOLLEY_BASE_CODES_H
#define VOLLEY_BASE_CODES_H

/* Also the exit codes of the program. */
typedef enum volley_status {
  VOLLEY_OK = 0,      /* done */
  VOLLEY_FAILURE = 1, /* failed while running: disk full, no memory, ... */
  VOLLEY_USAGE = 2,   /* wrong usage or a wrong experiment */
  VOLLEY_STOPPED = 3  /* stopped by a signal, state written */
} volley_status;

#endif

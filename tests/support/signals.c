#include "support/signals.h"

#include "signal/signal.h"

#include <string.h>

volley_signal *signals_make(volley_experiment *e, const char *kind) {
  volley_signal *signal = volley_arena_alloc(e->arena, 1, sizeof *signal);
  signal->kind = volley_signal_kind_find(kind);
  if (!signal->kind) volley_die("the test names an unknown signal %s", kind);
  volley_signal_set_defaults(signal, e->arena);
  return signal;
}

double *signals_list(volley_experiment *e, int n, const double *values) {
  return memcpy(volley_arena_alloc(e->arena, (size_t)n, sizeof(double)), values, (size_t)n * sizeof(double));
}

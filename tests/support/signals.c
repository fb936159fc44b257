#include "support/signals.h"

#include "signal/signal.h"

#include <string.h>

static void set_default(volley_signal *signal, const volley_signal_key *key) {
  char *to = (char *)signal + key->offset;
  switch (key->type) {
    case VOLLEY_SIGNAL_NUMBER: memcpy(to, &key->fallback, sizeof(double)); break;
    case VOLLEY_SIGNAL_COUNT:
    case VOLLEY_SIGNAL_CHOICE: memcpy(to, &(int){(int)key->fallback}, sizeof(int)); break;
    case VOLLEY_SIGNAL_FLAG: memcpy(to, &(bool){key->fallback != 0}, sizeof(bool)); break;
    case VOLLEY_SIGNAL_LIST:
    case VOLLEY_SIGNAL_MATRIX:
    case VOLLEY_SIGNAL_PATH:
    case VOLLEY_SIGNAL_TEXT: break;
  }
}

volley_signal *signals_make(volley_experiment *e, const char *kind) {
  volley_signal *signal = volley_arena_alloc(e->arena, 1, sizeof *signal);
  signal->kind = volley_signal_kind_find(kind);
  if (!signal->kind) volley_die("the test names an unknown signal %s", kind);
  for (int k = 0; k < volley_signal_n_common_keys; k++) set_default(signal, &volley_signal_common_keys[k]);
  for (int k = 0; k < signal->kind->n_keys; k++) set_default(signal, &signal->kind->keys[k]);
  return signal;
}

double *signals_list(volley_experiment *e, int n, const double *values) {
  return memcpy(volley_arena_alloc(e->arena, (size_t)n, sizeof(double)), values, (size_t)n * sizeof(double));
}

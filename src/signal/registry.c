#include "signal/signal.h"

#include "model/registry.h"

#include <math.h>

/* clang-format off */
#define KINDS(X) \
  X(sines) \
  X(van_der_pol) \
  X(lorenz) \
  X(pulses) \
  X(hdts) \
  X(series) \
  /* one line a kind */
/* clang-format on */

#define DECLARED(name) extern const volley_signal_kind volley_signal_##name;
#define LISTED(name) &volley_signal_##name,
KINDS(DECLARED)

static const volley_signal_kind *const kinds[] = {KINDS(LISTED) NULL};
static const volley_registry registry = VOLLEY_REGISTRY(kinds);

const volley_signal_kind *const *volley_signal_kinds(void) { return kinds; }

const volley_signal_kind *volley_signal_kind_find(const char *name) { return volley_registry_find(&registry, name); }

#define AT(member) .offset = offsetof(volley_signal, member)

static const volley_key_info common_keys[] = {
    {"scale", "", 1, VOLLEY_ANY, AT(scale), .doc = "factor of all values"},
    {"noise", "", 0, VOLLEY_FROM_ZERO, AT(noise),
     .doc = "amplitude of the noise that is added at every step, not scaled"},
    {"noise_distribution", .type = VOLLEY_KEY_CHOICE, .words = "normal|uniform", AT(noise_distribution),
     .doc = "normal: `noise` is the standard deviation; uniform: noise lies between 0 and `noise`"},
    {"speed_times", "ms", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, AT(speed_times),
     .doc = "times from which on the speeds hold, ascending"},
    {"speeds", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, AT(speeds),
     .doc =
         "how fast the signal's time runs from each of the times on: 2 is twice as fast, 0 halts, -1 goes backwards; 1 "
         "before the first"},
};
const volley_keys volley_signal_common_keys = {VOLLEY_KEYS(common_keys), .is_common = true};

void volley_signal_set_defaults(volley_signal *signal, volley_arena *arena) {
  const volley_signal_kind *kind = signal->kind;
  signal->parameters = kind->size > 0 ? volley_arena_alloc(arena, 1, kind->size) : NULL;
  volley_keys_set_defaults(common_keys, volley_signal_common_keys.n_keys, signal);
  volley_keys_set_defaults(kind->keys, kind->n_keys, signal->parameters);
}

const char *volley_signal_check(volley_signal *signal) {
  const volley_list *times = &signal->speed_times;
  if (times->n != signal->speeds.n) return "speed_times and speeds must be lists of the same length";
  for (int k = 1; k < times->n; k++) {
    if (!(times->values[k] > times->values[k - 1])) return "speed_times must ascend";
  }
  return signal->kind->check(signal);
}

#include "stimulus/stimulus.h"

/* clang-format off */
#define KINDS(X) \
  X(poisson) \
  X(inhomogeneous_poisson) \
  X(images) \
  X(gamma) \
  X(mip) \
  X(spike_times) \
  X(dc) \
  X(step_current) \
  X(ac) \
  X(noise) \
  X(signal) \
  X(teacher) \
  /* one line a kind */
/* clang-format on */

#define DECLARED(name) extern const volley_stimulus_kind volley_stimulus_##name;
#define LISTED(name) &volley_stimulus_##name,
KINDS(DECLARED)

static const volley_stimulus_kind *const kinds[] = {KINDS(LISTED) NULL};

static volley_registry registry = VOLLEY_REGISTRY(kinds);

volley_registry *volley_stimulus_registry(void) { return &registry; }

const volley_stimulus_kind *const *volley_stimulus_kinds(void) { return volley_registry_all(&registry); }

const volley_stimulus_kind *volley_stimulus_kind_find(const char *name) {
  return volley_registry_find(&registry, name);
}

#define AT(member) .offset = offsetof(volley_stimulus, member)

/* Of kinds with a key of VOLLEY_KEY_TIMES. */
static const volley_key_info times_keys[] = {
    {"allow_offgrid_times", .type = VOLLEY_KEY_FLAG, AT(allow_offgrid_times),
     .doc = "whether times that are no whole number of steps are moved to the end of the step in which they lie, or "
            "refused"},
};

/* Of kinds whose spikes reach a receptor. */
static const volley_key_info spike_keys[] = {
    {"weight", "weight", 1, VOLLEY_ANY, .own = true, AT(weight), .doc = "synaptic weight"},
    {"delay", "ms", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_DELAY, AT(delay),
     .doc = "delay; one step if left out"},
};

static bool has_times(const volley_stimulus_kind *kind) {
  for (int k = 0; k < kind->n_keys; k++)
    if (kind->keys[k].type == VOLLEY_KEY_TIMES) return true;
  return false;
}

int volley_stimulus_keys(const volley_stimulus_kind *kind, volley_keys tables[VOLLEY_STIMULUS_TABLES]) {
  int n = 0;
  if (has_times(kind)) tables[n++] = (volley_keys){VOLLEY_KEYS(times_keys), .is_common = true};
  if (kind->n_keys > 0) tables[n++] = (volley_keys){kind->keys, kind->n_keys, false};
  if (!kind->is_current) tables[n++] = (volley_keys){VOLLEY_KEYS(spike_keys), .is_common = true};
  return n;
}

void volley_stimulus_set_defaults(volley_stimulus *stimulus, volley_arena *arena) {
  volley_keys tables[VOLLEY_STIMULUS_TABLES];
  const int n = volley_stimulus_keys(stimulus->kind, tables);
  stimulus->parameters = stimulus->kind->size > 0 ? volley_arena_alloc(arena, 1, stimulus->kind->size) : NULL;
  for (int t = 0; t < n; t++)
    volley_keys_set_defaults(tables[t].keys, tables[t].n_keys,
                             tables[t].is_common ? (void *)stimulus : stimulus->parameters);
}

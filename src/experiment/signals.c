/* Signals: mappings whose keys are those of all signals and of their kind. */
#include "experiment/reading.h"

#include "signal/signal.h"
#include "solver/solver.h"

static const volley_key_info type_key = {
    .name = "type", .type = VOLLEY_KEY_WORD, .required = true, .doc = "kind of signal, which has keys of its own"};

/* Names of all keys of a kind: type, its own, those of all signals. */
static void add_keys(volley_reading *reading, const volley_signal_kind *kind, volley_names *names) {
  volley_names_add(reading, names, type_key.name);
  volley_names_add_keys(reading, names, kind->keys, kind->n_keys);
  volley_names_add_keys(reading, names, volley_signal_common_keys.keys, volley_signal_common_keys.n_keys);
}

/* Keys of all kinds. */
static volley_names all_keys(volley_reading *reading) {
  volley_names known = {0};
  for (const volley_signal_kind *const *kind = volley_signal_kinds(); *kind; kind++) add_keys(reading, *kind, &known);
  return known;
}

/* The kind that a mapping names; NULL after a fault. */
static const volley_signal_kind *read_kind(volley_reading *reading, volley_node *map) {
  if (map->kind != VOLLEY_NODE_MAP) {
    volley_value_fault(reading, map,
                       "this is no mapping; a signal is expected, like {type: sines, frequencies: [5 Hz]}");
    return NULL;
  }
  if (!volley_node_get(map, "type")) volley_check_keys(reading, map, all_keys(reading));
  volley_check_required(reading, map, &type_key, 1);
  return volley_read_kind(reading, map, &type_key, (volley_pick){0}, volley_signal_kinds(), "signal type");
}

volley_signal *volley_read_signal(volley_reading *reading, volley_node *map) {
  volley_signal *signal = volley_arena_alloc(reading->arena, 1, sizeof *signal);
  const int before = reading->faults;
  const volley_signal_kind *kind = read_kind(reading, map);
  signal->place = volley_node_place(reading->arena, map);
  if (!kind) return signal;
  if (kind->make_rows && volley_ode_solver.lacks)
    volley_value_fault(reading, volley_node_get(map, "type"), "signals that are equations need %s",
                       volley_ode_solver.lacks);
  volley_names known = {0};
  const volley_key_source source = {.entry = map, .target = -1};
  add_keys(reading, kind, &known);
  volley_check_keys(reading, map, known);
  signal->kind = kind;
  volley_signal_set_defaults(signal, reading->arena);
  volley_read_keys(reading, &source, volley_signal_common_keys.keys, volley_signal_common_keys.n_keys, signal);
  volley_read_keys(reading, &source, kind->keys, kind->n_keys, signal->parameters);
  signal->kind = NULL;
  if (reading->faults > before || volley_node_is_faulted(map)) return signal;
  signal->kind = kind;
  const char *wrong = volley_signal_check(signal);
  if (wrong) volley_value_fault(reading, map, "%s", wrong);
  return signal;
}

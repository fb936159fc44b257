/* The keys of kinds (model/key.h), read into the structs that they fill. */
#include "experiment/reading.h"

#include "base/text.h"
#include "neuron/neuron.h"
#include "stimulus/stimulus.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { WEIGHT_STREAM = 64 /* above the number of keys of any kind */ };

/* A key while it is read. */
typedef struct key_reading {
  volley_reading *reading;
  const volley_key_source *source;
  volley_node *node;   /* what stands there, maybe a list for several targets; NULL if absent */
  volley_key_info key; /* with the unit that it has here; what is absent is dealt with here */
  double fallback;
  bool is_weight;
  uint32_t number; /* of the key in its table */
} key_reading;

static volley_place place_of(const key_reading *k) { return volley_node_place(k->reading->arena, k->source->entry); }

/* Times must be whole steps unless others are allowed; those behind the end of the run are told. */
static void check_times(const key_reading *k, volley_node *node, const volley_list *times) {
  const volley_simulation *simulation = &k->reading->experiment->simulation;
  const volley_place place = volley_node_place(k->reading->arena, node);
  const double end = (double)simulation->steps * simulation->dt;
  int late = 0;
  for (int i = 0; i < times->n; i++) {
    int64_t steps;
    late += times->values[i] > end * (1 + 1e-9);
    if (k->source->allow_offgrid_times || simulation->continuous || !(simulation->dt > 0)) continue;
    if (times->values[i] >= simulation->dt && volley_is_whole_steps(times->values[i], simulation->dt) &&
        times->values[i] <= end)
      continue;
    volley_node *item = volley_node_item(k->reading->arena, node, i);
    if (!volley_whole_steps(k->reading, item, times->values[i], k->key.positive, &steps)) return;
  }
  if (late > 0 && end > 0)
    volley_note(k->reading, &place, "%d of %d times lie behind the end of the run at %.10g ms: nothing happens there",
                late, times->n, end);
}

/* A list, or a list of lists with one for each target. */
static void read_list(const key_reading *k, volley_list *list) {
  volley_node *node = k->node;
  const bool nested = node && node->kind == VOLLEY_NODE_LIST && node->n > 0 &&
                      (node->items[0]->kind == VOLLEY_NODE_LIST || node->items[0]->kind == VOLLEY_NODE_NUMBERS);
  if (nested && k->source->pick.rows > 0) node = volley_pick_node(k->reading, node, k->source->pick);
  if (!node) return;
  if (k->key.type == VOLLEY_KEY_INDICES)
    volley_read_indices(k->reading, node, k->key.name, &list->values, &list->n);
  else if (volley_read_list(k->reading, node, &k->key, &list->values, &list->n) && k->key.type == VOLLEY_KEY_TIMES)
    check_times(k, node, list);
  if (k->key.filled && list->values && list->n == 0)
    volley_value_fault(k->reading, node, "this list is empty; at least one number is expected");
}

/* Rows of equal length, one after the other; a row of one number needs no brackets. */
static void read_rows(const key_reading *k, volley_series *series) {
  volley_node *node = k->node;
  volley_list row;
  double *all = NULL;
  int columns = 0;
  if (!node) return;
  volley_node_expand(k->reading->arena, node);
  if (node->kind != VOLLEY_NODE_LIST || node->n == 0) {
    volley_value_fault(k->reading, node, "a list of rows is expected, each a list of numbers: [[1, 0], [0, 1]]");
    return;
  }
  for (int r = 0; r < node->n; r++) {
    if (!volley_read_list(k->reading, node->items[r], &k->key, &row.values, &row.n)) return;
    if (r == 0) all = volley_arena_alloc(k->reading->arena, (size_t)node->n * (size_t)row.n + 1, sizeof *all);
    if (r == 0) columns = row.n;
    if (row.n != columns || row.n == 0) {
      volley_value_fault(k->reading, node->items[r], "this row has %s, the first one %d; rows must be equally long",
                         volley_count((uint64_t)row.n, "number").text, columns);
      return;
    }
    memcpy(all + (size_t)r * (size_t)row.n, row.values, (size_t)row.n * sizeof *all);
  }
  series->values = all;
  series->n_rows = (uint64_t)node->n;
  series->n_columns = (uint64_t)columns;
}

/* A weight or delay obeys the rules of those of a projection, other times are whole steps where they have to be. */
static void check_number(const key_reading *k, double value) {
  const volley_distribution constant = volley_constant(value);
  volley_node *node = volley_pick_node(k->reading, k->node, k->source->pick);
  int64_t steps;
  if (k->is_weight)
    volley_check_weight(k->reading, node, k->source->target, k->source->receptor, &constant);
  else if (k->key.type == VOLLEY_KEY_DELAY && !k->reading->experiment->simulation.continuous)
    volley_check_delay(k->reading, node, &constant);
  else if (k->key.type == VOLLEY_KEY_STEPS)
    volley_whole_steps(k->reading, node, value, k->key.positive, &steps);
}

/* What a number is that is not given. */
static double default_number(const key_reading *k) {
  const double dt = k->reading->experiment->simulation.dt, value = k->fallback;
  if (k->key.type != VOLLEY_KEY_STEPS || !(dt > 0) || fabs(nearbyint(value / dt) * dt - value) <= 1e-9 * value)
    return value;
  const volley_place place = place_of(k);
  volley_entry_fault(k->reading, &place,
                     "'%s' must be given: its default of %g ms is not a whole number of steps of dt = %g ms",
                     k->key.name, value, dt);
  return value;
}

/* Whether weights of both signs may reach a receptor each. */
static bool has_both_signs(const key_reading *k, const volley_distribution *value) {
  const int *of_sign = k->reading->experiment->populations[k->source->target].model->receptor_of_sign;
  return k->is_weight && k->source->receptor == VOLLEY_RECEPTOR_BY_SIGN && of_sign[0] != of_sign[1] &&
         volley_distribution_least(value) < 0 && volley_distribution_greatest(value) > 0;
}

/* A number of each neuron's own. Returns their mean, or NAN where only a file knows. */
static double read_own(const key_reading *k, volley_node *node) {
  volley_stimulus *stimulus = k->source->stimulus;
  volley_own own = {.key = k->key.name, .stream = k->number + (k->is_weight ? WEIGHT_STREAM : 0), .factor = 1};
  volley_distribution *value = &own.value;
  if (!volley_read_value(k->reading, k->node, k->key.unit, k->source->pick, VOLLEY_OF_FILE_NUMBERS, value)) return 0;
  if (k->is_weight)
    volley_check_weight(k->reading, node, k->source->target, k->source->receptor, value);
  else
    volley_check_value(k->reading, node, value, k->key.min, k->key.max, k->key.positive, k->key.unit);
  volley_bound_numbers(value, k->key.min, k->key.max, k->key.positive);
  if (value->kind != VOLLEY_DATASET && has_both_signs(k, value))
    volley_value_fault(k->reading, node,
                       "these weights have both signs, which reach different receptors: name a receptor, or bound them "
                       "by min or max");
  volley_own *all = volley_arena_alloc(k->reading->arena, (size_t)stimulus->n_own + 1, sizeof *all);
  if (stimulus->n_own > 0) memcpy(all, stimulus->own, (size_t)stimulus->n_own * sizeof *all);
  all[stimulus->n_own++] = own;
  stimulus->own = all;
  return volley_distribution_mean(value);
}

static double read_number(const key_reading *k) {
  double value;
  volley_node *node = volley_pick_node(k->reading, k->node, k->source->pick);
  if (k->key.own && k->source->stimulus && node && node->kind == VOLLEY_NODE_MAP) return read_own(k, node);
  const int before = k->reading->faults;
  if (volley_read_number(k->reading, k->source->entry, &k->key, k->source->pick, &value)) {
    check_number(k, value);
    return value;
  }
  if (!k->node) return default_number(k);
  if (k->reading->faults == before && !volley_node_is_faulted(k->node) && k->key.required)
    volley_value_fault(k->reading, k->node, "a value is missing in this list");
  return isnan(k->fallback) || k->reading->faults == before ? default_number(k) : k->fallback;
}

static int read_count(const key_reading *k) {
  const double number = read_number(k);
  return isnan(number) ? -1 : (int)number;
}

static bool read_flag(const key_reading *k) {
  bool flag = k->fallback > 0;
  volley_read_flag(k->reading, k->source->entry, &k->key, k->source->pick, &flag);
  return flag;
}

/* A text or the name of a file. */
static const char *read_text(const key_reading *k) {
  volley_node *node = NULL;
  const char *text = volley_read_text(k->reading, k->source->entry, &k->key, k->source->pick, &node);
  if (!node) return text;
  if (*node->text == '\0') volley_value_fault(k->reading, node, "a text is expected here: %s", k->key.doc);
  return *node->text != '\0' && k->key.type == VOLLEY_KEY_PATH ? volley_read_path(k->reading, node) : text;
}

/* The number of the stimulus of a type that is named and stands before this one, the last; 0 after a fault. */
static int read_stimulus_name(const key_reading *k) {
  const volley_experiment *experiment = k->reading->experiment;
  volley_names names = {0};
  volley_node *node = NULL;
  int found = -1;
  const char *name = volley_read_text(k->reading, k->source->entry, &k->key, k->source->pick, &node);
  for (int s = 0; s + 1 < experiment->n_stimuli && name; s++) {
    const volley_stimulus *stimulus = &experiment->stimuli[s];
    if (strcmp(stimulus->kind->name, k->key.words) != 0) continue;
    volley_names_add(k->reading, &names, stimulus->name);
    if (strcmp(stimulus->name, name) != 0) continue;
    if (found >= 0) volley_value_fault(k->reading, node, "several stimuli are called '%s': give them a 'name'", name);
    found = s;
  }
  if (found >= 0) return found;
  if (name && names.n == 0 && !k->reading->lost[VOLLEY_SECTION_STIMULI])
    volley_value_fault(k->reading, node, "no stimulus of type %s stands before this one", k->key.words);
  else if (name)
    volley_unknown_name(k->reading, node, VOLLEY_SECTION_STIMULI,
                        volley_arena_format(k->reading->arena, "stimulus of type %s", k->key.words), names);
  return 0;
}

static void read_key(const key_reading *k, void *out) {
  switch (k->key.type) {
    case VOLLEY_KEY_NUMBER:
    case VOLLEY_KEY_STEPS:
    case VOLLEY_KEY_DELAY: *(double *)out = read_number(k); break;
    case VOLLEY_KEY_COUNT: *(int *)out = read_count(k); break;
    case VOLLEY_KEY_FLAG: *(bool *)out = read_flag(k); break;
    case VOLLEY_KEY_CHOICE:
      *(int *)out = k->node ? volley_read_choice(k->reading, k->source->entry, &k->key) : (int)k->fallback;
      break;
    case VOLLEY_KEY_LIST:
    case VOLLEY_KEY_TIMES:
    case VOLLEY_KEY_INDICES: read_list(k, out); break;
    case VOLLEY_KEY_ROWS: read_rows(k, out); break;
    case VOLLEY_KEY_TEXT:
    case VOLLEY_KEY_PATH: *(const char **)out = read_text(k); break;
    case VOLLEY_KEY_STIMULUS: *(int *)out = read_stimulus_name(k); break;
    case VOLLEY_KEY_WORD:
    case VOLLEY_KEY_VALUE:
    case VOLLEY_KEY_SELECTION:
    case VOLLEY_KEY_SIGNAL:
    case VOLLEY_KEY_MAP: break; /* not among those of kinds */
  }
}

void volley_read_keys(volley_reading *reading, const volley_key_source *source, const volley_key_info *keys, int n,
                      void *out) {
  const volley_neuron_model *model =
      source->target >= 0 ? reading->experiment->populations[source->target].model : NULL;
  const int receptor = !model ? 0 : source->receptor >= 0 ? source->receptor : model->receptor_of_sign[0];
  const volley_simulation *simulation = &reading->experiment->simulation;
  const double shortest = simulation->continuous ? 0 : simulation->dt;
  for (int i = 0; i < n; i++) {
    key_reading k = {reading, source,     volley_node_get(source->entry, keys[i].name), keys[i], keys[i].fallback,
                     false,   (uint32_t)i};
    const char *unit = keys[i].unit ? keys[i].unit : "";
    if (k.key.type == VOLLEY_KEY_DELAY && isnan(k.fallback)) k.key.fallback = k.fallback = shortest;
    k.is_weight = model && strcmp(unit, "weight") == 0;
    k.key.unit = k.is_weight                        ? volley_weight_unit(model, receptor)
                 : model && strcmp(unit, "pA") == 0 ? volley_current_unit(model)
                                                    : unit;
    if (k.key.type == VOLLEY_KEY_TIMES && simulation->continuous) k.key.positive = false;
    if (k.key.type == VOLLEY_KEY_COUNT) k.key.max = fmin(k.key.max, INT_MAX);
    if (!k.node) volley_note_default(reading, source->entry, &k.key);
    k.key.fallback = VOLLEY_NO_DEFAULT;
    const bool required = keys[i].required || (k.is_weight && model->receptors[receptor].weights != VOLLEY_COUNTS);
    if (!k.node && required)
      volley_missing_key(reading, place_of(&k), &keys[i]);
    else
      read_key(&k, (char *)out + keys[i].offset);
  }
}

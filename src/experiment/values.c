/* Numbers, distributions, weights and delays, and paths. */
#include "experiment/reading.h"

#include "base/units.h"
#include "neuron/neuron.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const double least_acceptance = 0.01;

/* A number among a distribution's keys; *node is where it stands. Returns false if it is absent or wrong. */
static bool member(volley_reading *reading, const volley_node *map, const char *key, const char *unit, volley_pick pick,
                   volley_node **node, double *out) {
  *node = volley_pick_node(reading, volley_node_get(map, key), pick);
  return *node && volley_scalar_number(reading, *node, unit, out);
}

/* min and max, which may be infinite, and what happens outside of them. */
static bool read_bounds(volley_reading *reading, volley_node *map, const char *unit, volley_pick pick,
                        volley_distribution *out) {
  static const char *const names[] = {"min", "max"};
  double *const bounds[] = {&out->min, &out->max};
  char why[256];
  for (int i = 0; i < 2; i++) {
    volley_node *node = volley_pick_node(reading, volley_node_get(map, names[i]), pick);
    if (!node) continue;
    if (node->kind != VOLLEY_NODE_SCALAR || !volley_unit_convert(node->text, unit, bounds[i], why, sizeof why) ||
        isnan(*bounds[i]))
      return volley_value_fault(reading, node, "%s",
                                node->kind != VOLLEY_NODE_SCALAR ? "a number is expected"
                                : isnan(*bounds[i]) ? "NaN bounds nothing; leave the key out or give a number"
                                                    : why);
    volley_node_note_number(node, unit, *bounds[i]);
  }
  if (out->min > out->max)
    return volley_value_fault(reading, volley_node_get(map, "min"), "min %g is above max %g", out->min, out->max);
  const volley_key_info bounds_key = {.name = "bounds", .type = VOLLEY_KEY_CHOICE, .words = "redraw|clip"};
  const int choice = volley_read_choice(reading, map, &bounds_key);
  out->redraw = choice == 0;
  return choice >= 0;
}

/* The numbers of single neurons, as they are given: {values: [1, 2, 3]}. */
static bool read_given(volley_reading *reading, volley_node *map, const char *unit, volley_distribution *out) {
  static const char *const keys[] = {"values"};
  const volley_key_info key = {.name = "values", .unit = unit, .min = -INFINITY, .max = INFINITY};
  double *given = NULL;
  if (!volley_check_keys(reading, map, (volley_names){(const char **)(uintptr_t)keys, 1})) return false;
  if (!volley_read_list(reading, volley_node_get(map, "values"), &key, &given, &out->n_given)) return false;
  out->kind = VOLLEY_DATASET;
  out->given = given;
  return true;
}

/* The same of a file: a dataset of HDF5, a column of a text, or an array (.npy) or text as a whole. */
static bool read_file(volley_reading *reading, volley_node *map, volley_of_file of, volley_distribution *out) {
  static const char *const keys[] = {"file", "dataset", "column"};
  volley_check_keys(reading, map, (volley_names){(const char **)(uintptr_t)keys, of == VOLLEY_OF_FILE_NUMBERS ? 3 : 2});
  const char *texts[3];
  volley_node *nodes[3];
  for (int i = 0; i < 3; i++) {
    const volley_key_info key = {.name = keys[i], .type = VOLLEY_KEY_TEXT};
    texts[i] = volley_read_text(reading, map, &key, (volley_pick){0}, &nodes[i]);
  }
  if (!texts[0]) return false;
  if (texts[1] && texts[2])
    return volley_value_fault(reading, nodes[2], "'dataset' is of HDF5 files, 'column' of texts; keep one of them");
  out->kind = VOLLEY_DATASET;
  out->file = volley_read_path(reading, nodes[0]);
  out->dataset = texts[1];
  out->column = texts[2];
  return true;
}

static bool read_numbers(volley_reading *reading, volley_node *map, const char *unit, volley_of_file of,
                         volley_distribution *out) {
  if (of == VOLLEY_OF_FILE_NOTHING)
    return volley_value_fault(
        reading, map,
        "values of single synapses come with the rule edges, which takes matrices, too: {rule: edges, "
        "file: W.h5, group: /W}");
  return volley_node_get(map, "values") ? read_given(reading, map, unit, out) : read_file(reading, map, of, out);
}

/* Which distribution a map is; NULL after a fault. */
static const volley_distribution_info *distribution_of(volley_reading *reading, volley_node *map) {
  volley_node *name = volley_node_get(map, "distribution");
  if (!name || name->kind != VOLLEY_NODE_SCALAR) {
    volley_value_fault(reading, map,
                       "a distribution is expected: for example {distribution: normal, mean: 1, std: 0.1}");
    return NULL;
  }
  const int found = volley_find_named(reading, name, VOLLEY_SECTION_TOP, "distribution", volley_distributions,
                                      VOLLEY_N_DISTRIBUTIONS, sizeof *volley_distributions);
  return found >= 0 ? &volley_distributions[found] : NULL;
}

/* Reports a standard deviation given in percent; false if node is none. */
static bool refuse_percent(volley_reading *reading, volley_node *node) {
  double percent;
  char why[256], text[32];
  if (!node || node->kind != VOLLEY_NODE_SCALAR) return false;
  const size_t n = strcspn(node->text, "%");
  if (node->text[n] == '\0' || n >= sizeof text) return false;
  memcpy(text, node->text, n);
  text[n] = '\0';
  if (!volley_unit_convert(text, "", &percent, why, sizeof why)) return false;
  volley_value_fault(reading, node, "a standard deviation relative to the mean is written relative_std: %g",
                     percent / 100.0);
  return true;
}

/* Member b: std, relative_std or high. */
static bool read_second(volley_reading *reading, volley_node *map, const volley_distribution_info *info,
                        const char *unit, volley_pick pick, volley_distribution *out) {
  volley_node *node = NULL, *relative = info->relative ? volley_node_get(map, "relative_std") : NULL;
  if (relative && volley_node_get(map, info->second))
    return volley_value_fault(reading, relative, "std and relative_std are both given; keep one of them");
  if (info->relative && refuse_percent(reading, volley_pick_node(reading, volley_node_get(map, info->second), pick)))
    return false;
  if (relative) {
    if (!member(reading, map, "relative_std", "", pick, &node, &out->b)) return false;
    if (out->b >= 0) out->b *= fabs(out->a);
  } else if (!member(reading, map, info->second, unit, pick, &node, &out->b)) {
    if (!node) volley_value_fault(reading, map, "'%s' is missing for distribution %s", info->second, info->name);
    return false;
  }
  if (info->relative && out->b < 0) return volley_value_fault(reading, node, "a standard deviation cannot be negative");
  if (!info->relative && out->b < out->a)
    return volley_value_fault(reading, node, "low %g is above high %g", out->a, out->b);
  return true;
}

static volley_names distribution_keys(volley_reading *reading, const volley_distribution_info *info) {
  static const char *const bounds[] = {"min", "max", "bounds"};
  volley_names names = volley_names_of_words(reading, "distribution");
  volley_names_add(reading, &names, info->first);
  if (info->second) volley_names_add(reading, &names, info->second);
  if (info->relative) volley_names_add(reading, &names, "relative_std");
  for (int i = 0; i < 3; i++) volley_names_add(reading, &names, bounds[i]);
  return names;
}

static bool read_distribution(volley_reading *reading, volley_node *map, const char *unit, volley_pick pick,
                              volley_distribution *out) {
  const volley_distribution_info *info = distribution_of(reading, map);
  if (!info) return false;
  const int before = reading->faults;
  volley_check_keys(reading, map, distribution_keys(reading, info));
  volley_node *node;
  out->kind = info->kind;
  if (!member(reading, map, info->first, unit, pick, &node, &out->a)) {
    if (!node) volley_value_fault(reading, map, "'%s' is missing for distribution %s", info->first, info->name);
    return false;
  }
  if (info->positive && out->a <= 0)
    return volley_value_fault(reading, node, "the mean of distribution %s must be above 0", info->name);
  if (info->second && !read_second(reading, map, info, unit, pick, out)) return false;
  if (!read_bounds(reading, map, unit, pick, out) || reading->faults > before) return false;
  if (volley_distribution_acceptance(out) >= least_acceptance) return true;
  return volley_value_fault(reading, map,
                            "min %g and max %g leave less than 1 %% of the draws; widen them or use bounds: clip",
                            out->min, out->max);
}

bool volley_read_value(volley_reading *reading, volley_node *node, const char *unit, volley_pick pick,
                       volley_of_file of, volley_distribution *out) {
  *out = volley_constant(0);
  node = volley_pick_node(reading, node, pick);
  if (!node || node->faulted) return false;
  if (node->kind != VOLLEY_NODE_MAP) return volley_scalar_number(reading, node, unit, &out->a);
  if (!volley_node_get(node, "distribution") && (volley_node_get(node, "file") || volley_node_get(node, "values")))
    return read_numbers(reading, node, unit, of, out);
  return read_distribution(reading, node, unit, pick, out);
}

void volley_bound_numbers(volley_distribution *values, double min, double max, bool positive) {
  if (values->kind != VOLLEY_DATASET) return;
  values->min = positive ? nextafter(min, INFINITY) : min;
  values->max = max;
}

/* Whether draws outside of [min, max] (of ]min, max] if positive) are more than impossible. */
static bool can_be_outside(const volley_distribution *value, double min, double max, bool positive) {
  const double least = volley_distribution_least(value), greatest = volley_distribution_greatest(value);
  if (least >= min && !(positive && least == min) && greatest <= max) return false;
  if (value->kind == VOLLEY_OF_DISTANCE) return least < min || (greatest > max && isfinite(greatest));
  if (value->kind == VOLLEY_UNIFORM || volley_distribution_is_constant(value)) return true;
  volley_distribution cut = *value;
  cut.min = fmax(min, value->min);
  cut.max = fmin(max, value->max);
  cut.redraw = true;
  return volley_distribution_acceptance(&cut) < volley_distribution_acceptance(value);
}

bool volley_check_value(volley_reading *reading, volley_node *node, const volley_distribution *value, double min,
                        double max, bool positive, const char *unit) {
  if (value->kind == VOLLEY_DATASET || value->kind == VOLLEY_PARAMETER) return true;
  const double least = volley_distribution_least(value), greatest = volley_distribution_greatest(value);
  const bool low = least < min || (positive && least <= min);
  if (!can_be_outside(value, min, max, positive)) return true;
  const bool constant = volley_distribution_is_constant(value);
  const double wrong = low ? least : greatest, limit = low ? min : max;
  const char *gap = *unit ? " " : "", *relation = !low ? "at most" : positive ? "above" : "at least";
  if (constant)
    return volley_value_fault(reading, node, "%g%s%s is out of range; it must be %s %g%s%s", wrong, gap, unit, relation,
                              limit, gap, unit);
  return volley_value_fault(
      reading, node, "this distribution can give %s%s%s, but values must be %s %g%s%s: add a '%s'%s",
      isfinite(wrong) ? volley_arena_format(reading->arena, "%g", wrong)
      : wrong < 0     ? "any negative number of"
                      : "any number of",
      gap, *unit ? unit : "", relation, limit, gap, unit, low ? "min" : "max", positive && low ? " above it" : "");
}

bool volley_whole_steps(volley_reading *reading, volley_node *node, double time, bool positive, int64_t *out) {
  const double dt = reading->experiment->simulation.dt;
  if (!(dt > 0)) return false; /* reported */
  const bool continuous = reading->experiment->simulation.continuous;
  const double steps = volley_round_steps(time, dt);
  if (continuous && steps > 0x1p52)
    return volley_value_fault(reading, node, "%g ms are more than %g ms", time, 0x1p52 * dt);
  if (!continuous && steps > UINT32_MAX)
    return volley_value_fault(reading, node, "%g ms are more than %u steps of %g ms", time, UINT32_MAX, dt);
  *out = (int64_t)steps;
  if (volley_is_whole_steps(time, dt)) return true;
  const double below = floor(time / dt);
  if (continuous)
    return volley_value_fault(reading, node, "%.17g ms is not a whole multiple of %g ms, as this time has to be", time,
                              dt);
  if (positive && below == 0)
    return volley_value_fault(reading, node, "%.10g ms is less than one step of dt = %g ms", time, dt);
  return volley_value_fault(reading, node,
                            "%.10g ms is not a whole number of steps of dt = %g ms; nearest are %.10g ms and "
                            "%.10g ms",
                            time, dt, below * dt, (below + 1.0) * dt);
}

bool volley_read_steps(volley_reading *reading, const volley_node *entry, const volley_key_info *key, volley_pick pick,
                       int64_t *out) {
  double time;
  int64_t steps;
  volley_node *node = volley_pick_node(reading, volley_node_get(entry, key->name), pick);
  if (!volley_read_number(reading, entry, key, pick, &time)) return false;
  if (!volley_whole_steps(reading, node, time, key->positive, &steps)) return false;
  *out = steps;
  return true;
}

const char *volley_current_unit(const volley_neuron_model *model) {
  return model && model->current_unit ? model->current_unit : "pA";
}

const char *volley_weight_unit(const volley_neuron_model *model, int receptor) {
  return model ? model->receptors[receptor >= 0 ? receptor : model->receptor_of_sign[0]].unit : "";
}

bool volley_read_receptor(volley_reading *reading, const volley_place *place, volley_node *node, int population,
                          int *out) {
  const volley_neuron_model *model = reading->experiment->populations[population].model;
  *out = VOLLEY_RECEPTOR_BY_SIGN;
  if (!model) return false;
  if (model->n_receptors == 1) *out = 0;
  if (!node && model->names_receptors && model->n_receptors > 1)
    return volley_entry_fault(reading, place, "%s has %d receptors: one must be named under 'receptor', %s to %s",
                              model->name, model->n_receptors, model->receptors[0].name,
                              model->receptors[model->n_receptors - 1].name);
  if (!node) return true;
  char *end;
  const long number = node->kind == VOLLEY_NODE_SCALAR ? strtol(node->text, &end, 10) : 0;
  if (model->names_receptors && number >= 1 && number <= model->n_receptors && *end == '\0') {
    *out = (int)number - 1;
    return true;
  }
  const int found = volley_find_named(reading, node, VOLLEY_SECTION_TOP,
                                      volley_arena_format(reading->arena, "receptor of %s", model->name),
                                      model->receptors, model->n_receptors, sizeof *model->receptors);
  if (found >= 0) *out = found;
  return found >= 0;
}

/* Windows of a continuous run are as long as the shortest delay. */
static void note_short_delay(volley_reading *reading, const volley_node *node, double delay) {
  const double usual = 0.01; /* ms */
  const volley_simulation *simulation = &reading->experiment->simulation;
  const volley_place place = volley_node_place(reading->arena, node);
  if (delay >= usual) return;
  volley_note(
      reading, &place,
      "a delay of %g ms makes windows as short: up to %.3g of them in this run, each of which takes about half a "
      "microsecond, and a message where there are several ranks",
      delay, (double)simulation->steps * simulation->dt / delay);
}

/* A delay of a continuous run. */
static bool check_real_delay(volley_reading *reading, volley_node *node, const volley_distribution *delay) {
  const double shortest = VOLLEY_SHORTEST_DELAY, longest = VOLLEY_LONGEST_DELAY;
  const double least = volley_distribution_least(delay);
  if (volley_distribution_is_constant(delay) && !(least >= shortest && least <= longest))
    return volley_value_fault(reading, node, "a delay of %g ms given; it must be %g ms to %g ms", least, shortest,
                              longest);
  if (!volley_check_value(reading, node, delay, shortest, longest, false, "ms")) return false;
  note_short_delay(reading, node, least);
  return true;
}

bool volley_check_delay(volley_reading *reading, volley_node *node, const volley_distribution *delay) {
  const double dt = reading->experiment->simulation.dt, longest = VOLLEY_MAX_DELAY * dt;
  const volley_place place = volley_node_place(reading->arena, node);
  const double least = volley_distribution_least(delay);
  if (!(dt > 0)) return false;
  if (reading->experiment->simulation.continuous) return check_real_delay(reading, node, delay);
  if (volley_distribution_is_constant(delay)) {
    if (least < dt * (1.0 - 1e-9))
      return volley_value_fault(reading, node, "a delay of %g ms is below one step: it must be at least dt = %g ms",
                                least, dt);
    if (least > longest)
      return volley_value_fault(reading, node,
                                "a delay of %g ms is too long: at most %d steps of dt = %g ms are possible", least,
                                VOLLEY_MAX_DELAY, dt);
    volley_note_rounding(reading, &place, "a delay", least);
    return true;
  }
  if (least < 0.5 * dt * (1.0 - 1e-9))
    return volley_value_fault(
        reading, node,
        "this distribution can give delays that round to less than one step: they must be at least "
        "%g ms (dt / 2); with 'min: %g' (dt) none is below one step",
        0.5 * dt, dt);
  volley_distribution cut = *delay;
  cut.max = fmin(delay->max, longest);
  cut.min = -INFINITY;
  cut.redraw = true;
  if (delay->max > longest && volley_distribution_greatest(delay) > longest &&
      volley_distribution_acceptance(&cut) < 1.0)
    return volley_value_fault(reading, node, "this distribution can give delays above %g ms (%d steps); add a 'max'",
                              longest, VOLLEY_MAX_DELAY);
  return true;
}

bool volley_check_weight(volley_reading *reading, volley_node *node, int population, int receptor,
                         const volley_distribution *weight) {
  const volley_neuron_model *model = reading->experiment->populations[population].model;
  if (receptor >= 0 && model->receptors[receptor].weights == VOLLEY_COUNTS) {
    if (volley_distribution_is_constant(weight) && volley_distribution_mean(weight) == 1.0) return true;
    return volley_value_fault(reading, node, "receptor '%s' of %s counts spikes; leave the weight out or write 1",
                              model->receptors[receptor].name, model->name);
  }
  if (receptor >= 0 && model->receptors[receptor].weights == VOLLEY_CONDUCTANCE &&
      can_be_outside(weight, 0, INFINITY, false)) {
    const bool is_constant = volley_distribution_is_constant(weight);
    return volley_value_fault(
        reading, node, "%s, but receptor '%s' of %s is a conductance, which never is: %s%s",
        is_constant ? "this weight is negative" : "this distribution can give negative weights",
        model->receptors[receptor].name, model->name, is_constant ? "write the weight without a sign" : "add 'min: 0'",
        model->names_receptors ? "" : ", or leave the receptor out, so that the sign of a weight chooses it");
  }
  const double least = volley_distribution_least(weight), greatest = volley_distribution_greatest(weight);
  if (fabs(weight->a) <= FLT_MAX && fabs(weight->b) <= FLT_MAX && (least >= -FLT_MAX || isinf(least)) &&
      (greatest <= FLT_MAX || isinf(greatest)))
    return true;
  return volley_value_fault(reading, node, "this weight is beyond %g, the largest that can be kept", (double)FLT_MAX);
}

/* A list in the file names its files for many entries: each is noted once. */
static void note_input(volley_reading *reading, const volley_node *node, const char *path) {
  volley_experiment *experiment = reading->experiment;
  const int n = experiment->n_inputs;
  for (int i = n - 1; i >= 0; i--)
    if (experiment->inputs[i].node == node) return;
  if ((n & (n - 1)) == 0) { /* doubled */
    volley_input_file *inputs = volley_arena_alloc(reading->arena, n ? 2 * (size_t)n : 1, sizeof *inputs);
    if (n) memcpy(inputs, experiment->inputs, (size_t)n * sizeof *inputs);
    experiment->inputs = inputs;
  }
  experiment->inputs[experiment->n_inputs++] =
      (volley_input_file){.path = path, .node = node, .place = volley_node_place(reading->arena, node)};
}

const char *volley_path(volley_reading *reading, const volley_node *node) {
  const bool absolute = node->text[0] == '/';
  const char *path = absolute || strcmp(reading->folder, ".") == 0
                         ? node->text
                         : volley_arena_format(reading->arena, "%s/%s", reading->folder, node->text);
  note_input(reading, node, path);
  return path;
}

const char *volley_read_path(volley_reading *reading, volley_node *node) {
  const char *path = volley_path(reading, node);
  struct stat status;
  if (!reading->looks_at_files) return path;
  if (stat(path, &status) != 0)
    volley_value_fault(reading, node, "the file '%s' cannot be opened: %s; paths start at the experiment file's folder",
                       path, strerror(errno));
  else if (!S_ISREG(status.st_mode))
    volley_value_fault(reading, node, "'%s' is not a file", path);
  return path;
}

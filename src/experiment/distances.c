/* Positions of populations, and functions of the distance. */
#include "experiment/reading.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static const volley_key_info *key_of(const char *name) { return volley_key_find(VOLLEY_SECTION_POSITIONS, name); }

/* A number along each axis. Returns how many there are, 0 where there are none, -1 after a fault. */
static int read_axes(volley_reading *reading, volley_node *map, const char *name, double out[VOLLEY_DIMENSIONS]) {
  volley_node *node = volley_node_get(map, name);
  double *list = NULL;
  int n = 0;
  if (!node) return 0;
  if (!volley_read_list(reading, node, key_of(name), &list, &n)) return -1;
  if (n < 1 || n > VOLLEY_DIMENSIONS) {
    volley_value_fault(reading, node, "%s given; 1 to %d are expected, one for each axis",
                       volley_count((uint64_t)n, "number").text, VOLLEY_DIMENSIONS);
    return -1;
  }
  memcpy(out, list, (size_t)n * sizeof *out);
  return n;
}

/* The same of a key that must have as many numbers as there are dimensions. */
static bool read_as_many(volley_reading *reading, volley_node *map, const char *name, int dimensions,
                         double out[VOLLEY_DIMENSIONS]) {
  const int n = read_axes(reading, map, name, out);
  if (n <= 0 || n == dimensions) return n > 0;
  return volley_value_fault(reading, volley_node_get(map, name), "%s given, but the extent has %d",
                            volley_count((uint64_t)n, "number").text, dimensions);
}

/* Columns whose product is the number of neurons. */
static void read_shape(volley_reading *reading, volley_node *map, const volley_population *population,
                       volley_position_plan *plan) {
  volley_node *node = volley_node_get(map, "shape");
  double shape[VOLLEY_DIMENSIONS], product = 1;
  if (!node) {
    volley_entry_fault(reading, &plan->place, "'shape' is missing: how many columns the grid has along each axis");
    return;
  }
  if (!read_as_many(reading, map, "shape", plan->dimensions, shape)) return;
  for (int d = 0; d < plan->dimensions; d++) {
    if (shape[d] != floor(shape[d])) {
      volley_value_fault(reading, node, "%g columns are no whole number", shape[d]);
      return;
    }
    plan->shape[d] = (uint32_t)shape[d];
    product *= shape[d];
  }
  if (product != population->size)
    volley_value_fault(reading, node, "this grid has room for %.0f neurons, but %s has %u", product, population->name,
                       population->size);
}

/* Keys that go with one type only. */
static void check_type(volley_reading *reading, const volley_node *map, volley_arrangement type) {
  static const struct {
    const char *key, *word;
    volley_arrangement type;
  } owned[] = {{"shape", "grid", VOLLEY_ARRANGED_GRID},
               {"file", "file", VOLLEY_ARRANGED_FILE},
               {"dataset", "file", VOLLEY_ARRANGED_FILE}};
  for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) {
    volley_node *node = volley_node_get(map, owned[k].key);
    if (node && owned[k].type != type)
      volley_key_fault(reading, node, "'%s' goes with 'type: %s'", owned[k].key, owned[k].word);
  }
}

static void read_periodic(volley_reading *reading, volley_node *map, volley_position_plan *plan) {
  const volley_node *node = volley_node_get(map, "periodic");
  for (int d = 0; d < plan->dimensions; d++) {
    volley_read_flag(reading, map, key_of("periodic"), (volley_pick){.row = d, .rows = plan->dimensions},
                     &plan->periodic[d]);
    if (plan->periodic[d] && plan->extent[d] == 0)
      volley_entry_fault(reading, &plan->place, "the ends of an axis of extent 0 cannot meet: leave 'periodic' out");
  }
  if (node && plan->dimensions == 0)
    volley_entry_fault(reading, &plan->place, "'periodic' needs an 'extent': how far it is until the ends meet");
}

void volley_read_positions(volley_reading *reading, volley_node *entry, volley_pick pick,
                           volley_population *population) {
  volley_node *map = volley_pick_node(reading, volley_node_get(entry, "positions"), pick);
  const int before = reading->faults;
  if (!map || !volley_check_section(reading, map, VOLLEY_SECTION_POSITIONS)) return;
  const int type = volley_read_choice(reading, map, key_of("type"));
  volley_position_plan *plan = volley_arena_alloc(reading->arena, 1, sizeof *plan);
  plan->place = volley_node_place(reading->arena, map);
  plan->dimensions = read_axes(reading, map, "extent", plan->extent);
  if (type < 0 || plan->dimensions < 0) return;
  plan->arrangement = (volley_arrangement)type;
  check_type(reading, map, plan->arrangement);
  if (plan->dimensions == 0 && plan->arrangement != VOLLEY_ARRANGED_FILE)
    volley_entry_fault(reading, &plan->place, "'extent' is missing: 1 to 3 lengths, as many as there are dimensions");
  else if (volley_node_get(map, "centre"))
    read_as_many(reading, map, "centre", plan->dimensions, plan->centre);
  read_periodic(reading, map, plan);
  if (plan->arrangement == VOLLEY_ARRANGED_GRID && plan->dimensions > 0) read_shape(reading, map, population, plan);
  if (plan->arrangement == VOLLEY_ARRANGED_FILE) {
    volley_node *node = NULL;
    volley_read_text(reading, map, key_of("file"), (volley_pick){0}, &node);
    if (node)
      plan->file = volley_read_path(reading, node);
    else
      volley_entry_fault(reading, &plan->place, "'file' is missing: where the positions are");
    plan->dataset = volley_read_text(reading, map, key_of("dataset"), (volley_pick){0}, NULL);
  }
  if (reading->faults == before) population->positions = plan;
}

bool volley_is_profile(const volley_node *node) {
  return node && node->kind == VOLLEY_NODE_MAP && volley_node_get(node, "function");
}

/* A number of the map. False after a fault; what is absent stays as it is. */
static bool member(volley_reading *reading, volley_node *map, const char *name, const char *unit, volley_pick pick,
                   double *out) {
  volley_node *node = volley_pick_node(reading, volley_node_get(map, name), pick);
  return node ? volley_scalar_number(reading, node, unit, out) : !volley_node_is_faulted(volley_node_get(map, name));
}

static bool is_above(volley_reading *reading, volley_node *map, const char *name, double value, bool excluded) {
  if (value > 0 || (value == 0 && !excluded)) return true;
  return volley_value_fault(reading, volley_node_get(map, name), "%g is too small; %s 0 is expected", value,
                            excluded ? "a number above" : "at least");
}

static volley_names profile_keys(volley_reading *reading, const volley_profile_info *info, bool is_probability) {
  volley_names names =
      volley_names_of_words(reading, is_probability ? "function|value|offset|cutoff" : "function|value|offset|min|max");
  volley_names_add(reading, &names, info->width);
  if (info->has_mean) volley_names_add(reading, &names, "mean");
  return names;
}

const volley_profile *volley_read_profile(volley_reading *reading, volley_node *map, const char *unit, volley_pick pick,
                                          bool is_probability) {
  const int found =
      volley_find_named(reading, volley_node_get(map, "function"), VOLLEY_SECTION_TOP, "function of the distance",
                        volley_profiles, VOLLEY_N_PROFILES, sizeof *volley_profiles);
  if (found < 0) return NULL;
  const volley_profile_info *info = &volley_profiles[found];
  volley_profile *f = volley_arena_alloc(reading->arena, 1, sizeof *f);
  *f = (volley_profile){.shape = info->shape,
                        .value = is_probability ? 1 : NAN,
                        .width = NAN,
                        .min = is_probability ? 0 : -INFINITY,
                        .max = INFINITY,
                        .cutoff = INFINITY};
  const int before = reading->faults;
  volley_check_keys(reading, map, profile_keys(reading, info, is_probability));
  if (reading->faults > before) return NULL;
  bool good = member(reading, map, "value", unit, pick, &f->value);
  good &= member(reading, map, "offset", unit, pick, &f->offset);
  good &= member(reading, map, info->width, "", pick, &f->width);
  good &= member(reading, map, "mean", "", pick, &f->mean) && is_above(reading, map, "mean", f->mean, false);
  good &= member(reading, map, "cutoff", "", pick, &f->cutoff) && is_above(reading, map, "cutoff", f->cutoff, false);
  good &= member(reading, map, "min", unit, pick, &f->min) && member(reading, map, "max", unit, pick, &f->max);
  if (!good) return NULL;
  if (isnan(f->value) || isnan(f->width)) {
    volley_value_fault(reading, map, "'%s' is missing for the function %s", isnan(f->value) ? "value" : info->width,
                       info->name);
    return NULL;
  }
  if (info->positive && !is_above(reading, map, info->width, f->width, true)) return NULL;
  if (f->min <= f->max) return f;
  volley_value_fault(reading, volley_node_get(map, "min"), "min %g is above max %g", f->min, f->max);
  return NULL;
}

bool volley_read_value_of_distance(volley_reading *reading, volley_node *map, const char *unit, volley_pick pick,
                                   volley_distribution *out) {
  *out = volley_constant(0);
  const volley_profile *f = volley_read_profile(reading, map, unit, pick, false);
  if (!f) return false;
  out->kind = VOLLEY_OF_DISTANCE;
  out->profile = f;
  out->a = volley_profile_at(f, 0);
  return true;
}

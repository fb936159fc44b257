/* Section projections: an entry connects all its sources to all its targets. */
#include "experiment/reading.h"

#include "neuron/neuron.h"
#include "rule/rule.h"

#include <math.h>
#include <string.h>

/* An entry while its pairs are read. */
typedef struct entry_reading {
  volley_node *entry;
  const volley_rule *rule;
  const char *name, *file, *group;
  volley_node **sources, **targets;
  int n_sources, n_targets;
  volley_place place;
} entry_reading;

static const volley_key_info *key_of(const char *name) { return volley_key_find(VOLLEY_SECTION_PROJECTIONS, name); }

/* The key of a rule's number, as a row of the table. */
static volley_key_info number_key(const char *name) {
  return (volley_key_info){.name = name,
                           .type = VOLLEY_KEY_COUNT,
                           .unit = "",
                           .required = true,
                           .min = 0,
                           .max = 0x1p53,
                           .doc = "number of synapses"};
}

static bool check_keys(volley_reading *reading, volley_node *entry) {
  const volley_section_info *info = &volley_sections[VOLLEY_SECTION_PROJECTIONS];
  volley_names known = volley_names_of_section(reading, VOLLEY_SECTION_PROJECTIONS);
  for (const volley_rule *const *rule = volley_rules(); *rule; rule++) {
    if ((*rule)->number_key) volley_names_add(reading, &known, (*rule)->number_key);
    volley_names_add_keys(reading, &known, (*rule)->keys, (*rule)->n_keys);
  }
  if (!volley_check_keys(reading, entry, known)) return false;
  volley_check_required(reading, entry, info->keys, info->n_keys);
  return true;
}

/* Reports a key of the entry that the rule has no use for. */
static void refuse_key(volley_reading *reading, const entry_reading *e, const char *name) {
  volley_node *node = volley_node_get(e->entry, name);
  if (node) volley_key_fault(reading, node, "rule %s takes no '%s'", e->rule->name, name);
}

/* The keys that belong to some rules only. */
static void check_rule_keys(volley_reading *reading, const entry_reading *e) {
  const volley_rule *rule = e->rule;
  for (const volley_rule *const *other = volley_rules(); *other; other++) {
    const char *key = (*other)->number_key;
    if (key && (!rule->number_key || strcmp(key, rule->number_key) != 0)) refuse_key(reading, e, key);
    for (int k = 0; k < (*other)->n_keys; k++)
      if (!volley_key_named(rule->keys, rule->n_keys, (*other)->keys[k].name))
        refuse_key(reading, e, (*other)->keys[k].name);
  }
  if (!rule->takes_probability && !rule->takes_distance) refuse_key(reading, e, "probability");
  if (!rule->takes_multapses) refuse_key(reading, e, "multapses");
  if (!rule->takes_file) {
    refuse_key(reading, e, "file");
    refuse_key(reading, e, "group");
  }
  volley_node *number = rule->number_key ? volley_node_get(e->entry, rule->number_key) : NULL;
  volley_node *probability = rule->takes_probability ? volley_node_get(e->entry, "probability") : NULL;
  if (number && probability)
    volley_key_fault(reading, probability, "'%s' and 'probability' are both given; keep one of them", rule->number_key);
  if (number || probability || (!rule->number_key && !rule->takes_probability)) return;
  volley_entry_fault(reading, &e->place, "rule %s needs %s%s%s", rule->name,
                     rule->number_key ? rule->number_key : "probability",
                     rule->number_key && rule->takes_probability ? " or " : "",
                     rule->number_key && rule->takes_probability ? "probability" : "");
}

/* A probability that depends on the distance. Returns false after a fault; *none is set if the pair is not connected. */
static bool read_distance(volley_reading *reading, const entry_reading *e, volley_node *node, volley_pick pick,
                          volley_projection *projection, bool *none) {
  double least;
  if (!e->rule->takes_distance)
    return volley_value_fault(reading, node, "rule %s takes no probability that depends on the distance",
                              e->rule->name);
  projection->profile = volley_read_profile(reading, node, "", pick, true);
  if (!projection->profile) return false;
  volley_profile_range(projection->profile, 0, INFINITY, &least, &projection->probability);
  if (!e->rule->number_key && projection->probability > 1)
    return volley_value_fault(reading, node, "this probability is as great as %g; at most 1 is possible",
                              projection->probability);
  *none |= projection->probability == 0;
  return true;
}

/* Number or probability of a pair. Returns false after a fault; *none is set if the pair is not connected. */
static bool read_amount(volley_reading *reading, const entry_reading *e, volley_pick pick,
                        volley_projection *projection, bool *none) {
  const volley_rule *rule = e->rule;
  const volley_population *populations = reading->experiment->populations;
  const bool has_number = rule->number_key && volley_node_get(e->entry, rule->number_key);
  volley_node *whole =
      rule->takes_probability || rule->takes_distance ? volley_node_get(e->entry, "probability") : NULL;
  volley_node *node = volley_pick_node(reading, whole, pick);
  double probability;
  if (has_number) {
    const volley_key_info key = number_key(rule->number_key);
    double number;
    if (!volley_read_number(reading, e->entry, &key, pick, &number)) return false;
    projection->number = (uint64_t)number;
    *none = number == 0;
  }
  if (volley_is_profile(node)) return read_distance(reading, e, node, pick, projection, none);
  if (node && !rule->takes_probability)
    return volley_value_fault(reading, node,
                              "rule %s takes no 'probability' but a function of the distance, by whose ratios it "
                              "draws: {function: gaussian, sigma: 0.2}",
                              rule->name);
  if (has_number || !whole) return true;
  if (!volley_read_number(reading, e->entry, key_of("probability"), pick, &probability)) return false;
  *none = probability == 0;
  projection->probability = rule->number_key ? 0 : probability;
  if (!rule->number_key || *none) return true;
  if (probability == 1.0)
    return volley_value_fault(reading, volley_node_get(e->entry, "probability"),
                              "rule %s cannot reach probability 1; give '%s' or use the rule all_to_all", rule->name,
                              rule->number_key);
  if (!reading->population_valid[projection->source] || !reading->population_valid[projection->target]) return true;
  projection->number = volley_number_of_probability(probability, populations[projection->source].size,
                                                    populations[projection->target].size);
  *none = projection->number == 0;
  return true;
}

/* A weight or delay. */
bool volley_read_edge_value(volley_reading *reading, volley_node *node, const char *unit, volley_pick pick,
                            volley_distribution *out) {
  return volley_is_profile(node) ? volley_read_value_of_distance(reading, node, unit, pick, out)
                                 : volley_read_value(reading, node, unit, pick, VOLLEY_OF_FILE_NOTHING, out);
}

static void read_weight(volley_reading *reading, const entry_reading *e, volley_pick pick,
                        volley_projection *projection) {
  const volley_neuron_model *model = reading->experiment->populations[projection->target].model;
  volley_node *whole = volley_node_get(e->entry, "weight"), *node = volley_pick_node(reading, whole, pick);
  const bool counts = projection->receptor >= 0 && model->receptors[projection->receptor].weights == VOLLEY_COUNTS;
  if (volley_read_edge_value(reading, node, volley_weight_unit(model, projection->receptor), pick,
                             &projection->weight)) {
    volley_check_weight(reading, node, projection->target, projection->receptor, &projection->weight);
    return;
  }
  projection->weight = volley_constant(counts ? 1.0 : NAN);
  if (!node && !counts && !e->rule->takes_file && !volley_node_is_faulted(whole))
    volley_entry_fault(reading, &e->place, "'weight' is missing for target %s: a number in %s or a distribution",
                       reading->experiment->populations[projection->target].name,
                       volley_weight_unit(model, projection->receptor));
}

static void read_delay(volley_reading *reading, const entry_reading *e, volley_pick pick,
                       volley_projection *projection) {
  volley_node *whole = volley_node_get(e->entry, "delay"), *node = volley_pick_node(reading, whole, pick);
  if (volley_read_edge_value(reading, node, "ms", pick, &projection->delay)) {
    volley_check_delay(reading, node, &projection->delay);
    return;
  }
  projection->delay = volley_constant(NAN); /* the edges' file has it, or this is a fault */
  if (whole && !node && !volley_node_is_faulted(whole))
    volley_value_fault(reading, whole, "a delay is missing in this list");
}

/* Weights that must be 1, or that are all equal, cannot be balanced. */
static void read_balanced(volley_reading *reading, const entry_reading *e, volley_pick pick,
                          volley_projection *projection) {
  const volley_neuron_model *model = reading->experiment->populations[projection->target].model;
  volley_node *node = volley_pick_node(reading, volley_node_get(e->entry, "balanced"), pick);
  volley_read_flag(reading, e->entry, key_of("balanced"), pick, &projection->balanced);
  if (!projection->balanced || !model) return;
  if (projection->receptor >= 0 && model->receptors[projection->receptor].weights == VOLLEY_COUNTS)
    volley_value_fault(reading, node, "receptor '%s' of %s counts spikes; its weights are 1 and cannot be balanced",
                       model->receptors[projection->receptor].name, model->name);
  else if (projection->receptor >= 0 && model->receptors[projection->receptor].weights == VOLLEY_CONDUCTANCE)
    volley_value_fault(reading, node,
                       "balanced weights have both signs, but receptor '%s' of %s is a conductance, which is never "
                       "negative: leave the receptor out, so that the sign of a weight chooses it",
                       model->receptors[projection->receptor].name, model->name);
  else if (volley_distribution_is_constant(&projection->weight) && !isnan(projection->weight.a))
    volley_value_fault(reading, node,
                       "all weights are equal, so that less their mean they would be 0; balanced weights come from a "
                       "distribution or a file");
}

/* Whether a pair without synapses is kept: recorders may name those that would learn. Values may be missing where a
 * matrix says that there is nothing. */
static bool stays_known(volley_reading *reading, const entry_reading *e, volley_pick pick) {
  return volley_node_get(e->entry, "synapse") && volley_pick_node(reading, volley_node_get(e->entry, "weight"), pick) &&
         volley_pick_node(reading, volley_node_get(e->entry, "delay"), pick);
}

static void read_pair(volley_reading *reading, const entry_reading *e, volley_pick pick) {
  volley_experiment *experiment = reading->experiment;
  const int before = reading->faults;
  volley_projection *projection = &experiment->projections[experiment->n_projections];
  bool none = false;
  *projection = (volley_projection){.name = e->name,
                                    .rule = e->rule,
                                    .file = e->file,
                                    .group = e->group,
                                    .multapses = e->rule->takes_multapses,
                                    .place = e->place};
  projection->source = volley_find_population(reading, e->sources[pick.column]);
  projection->target = volley_find_population(reading, e->targets[pick.row]);
  if (projection->source < 0 || projection->target < 0) return;
  if (!volley_check_reachable(reading, &e->place, "projection", &experiment->populations[projection->target])) return;
  if (!read_amount(reading, e, pick, projection, &none) || (none && !stays_known(reading, e, pick))) return;
  volley_read_flag(reading, e->entry, key_of("autapses"), pick, &projection->autapses);
  if (e->rule->takes_multapses) volley_read_flag(reading, e->entry, key_of("multapses"), pick, &projection->multapses);
  const volley_key_source source = {e->entry, pick, -1, -1, false, NULL};
  if (e->rule->size > 0) projection->parameters = volley_arena_alloc(reading->arena, 1, e->rule->size);
  volley_read_keys(reading, &source, e->rule->keys, e->rule->n_keys, projection->parameters);
  volley_node *receptor = volley_pick_node(reading, volley_node_get(e->entry, "receptor"), pick);
  if (volley_read_receptor(reading, &e->place, receptor, projection->target, &projection->receptor))
    read_weight(reading, e, pick, projection);
  read_delay(reading, e, pick, projection);
  read_balanced(reading, e, pick, projection);
  if (experiment->populations[projection->target].model)
    volley_read_plasticity(reading, e->entry, pick, projection, &projection->plasticity);
  const char *pair =
      volley_arena_format(reading->arena, "%s->%s", e->sources[pick.column]->text, e->targets[pick.row]->text);
  if (!projection->name)
    projection->name = pair;
  else if (e->n_sources * e->n_targets > 1)
    projection->name = volley_arena_format(reading->arena, "%s:%s", projection->name, pair);
  reading->projection_valid[experiment->n_projections++] = reading->faults == before &&
                                                           reading->population_valid[projection->source] &&
                                                           reading->population_valid[projection->target];
}

static void read_entry(volley_reading *reading, entry_reading *e) {
  e->rule = volley_read_kind(reading, e->entry, key_of("rule"), (volley_pick){0}, volley_rules(), "rule");
  e->name = volley_read_text(reading, e->entry, key_of("name"), (volley_pick){0}, NULL);
  volley_check_name(reading, volley_node_get(e->entry, "name"));
  if (!e->rule) return;
  check_rule_keys(reading, e);
  if (e->rule->takes_file) {
    volley_node *node = NULL;
    volley_read_text(reading, e->entry, key_of("file"), (volley_pick){0}, &node);
    if (!node)
      volley_entry_fault(reading, &e->place, "rule %s needs 'file', an HDF5 file of edges", e->rule->name);
    else
      e->file = volley_read_path(reading, node);
    e->group = volley_read_text(reading, e->entry, key_of("group"), (volley_pick){0}, NULL);
  } else if (!volley_node_get(e->entry, "delay")) {
    volley_missing_key(reading, e->place, key_of("delay"));
  }
  for (int t = 0; t < e->n_targets; t++)
    for (int s = 0; s < e->n_sources; s++) read_pair(reading, e, (volley_pick){t, e->n_targets, s, e->n_sources});
}

void volley_read_projections(volley_reading *reading, volley_node *section) {
  bool *lost = &reading->lost[VOLLEY_SECTION_PROJECTIONS];
  *lost = section;
  if (!section || !volley_check_list(reading, section)) return;
  const size_t room =
      volley_count_entries(reading, section, "source|target", VOLLEY_MAX_ENTRIES, "pairs of source and target");
  if (room == 0) return;
  reading->experiment->projections = volley_arena_alloc(reading->arena, room, sizeof *reading->experiment->projections);
  reading->projection_valid = volley_arena_alloc(reading->arena, room, sizeof *reading->projection_valid);
  const int before = reading->faults;
  for (int i = 0; i < section->n; i++) {
    entry_reading e = {.entry = section->items[i], .place = volley_node_place(reading->arena, section->items[i])};
    if (!check_keys(reading, e.entry)) continue;
    e.n_sources = volley_read_names(reading, volley_node_get(e.entry, "source"), &e.sources);
    e.n_targets = volley_read_names(reading, volley_node_get(e.entry, "target"), &e.targets);
    read_entry(reading, &e);
  }
  *lost = reading->faults > before;
  volley_refuse_same_names(reading, section, "projection");
}

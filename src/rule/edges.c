/* edges: those that an HDF5 file lists. Each rank reads some of its rows and sends the edges to the owners of their targets. */
#include "base/text.h"
#include "base/units.h"
#include "neuron/neuron.h"
#include "rule/edge_list.h"
#include "rule/rule.h"
#include "synapse/synapse.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define AT(member) .offset = offsetof(volley_edge_types, member)

static const volley_key_info keys[] = {
    {"types", "", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, AT(types),
     .doc = "SONATA: edge_type_id of the edges that are taken, by default of all"},
    {"other_types", "", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, AT(others),
     .doc = "SONATA: edge_type_id of the edges that are left out; one that is in neither list is refused"},
    {"type_weights", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, AT(weights),
     .doc = "SONATA: weight by type, of edges that have no syn_weight of their own; in the unit of the receptor"},
    {"type_factors", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, AT(factors),
     .doc = "SONATA: what all weights are multiplied with, by type"},
    {"type_delays", "ms", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, AT(delays),
     .doc = "SONATA: delay by type, of edges that have none of their own"},
    {"type_nsyns", "", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, AT(counts),
     .doc = "SONATA: nsyns by type, of edges that have none of their own"},
    {"nsyns", .type = VOLLEY_KEY_CHOICE, .words = "multiply|ignore", AT(nsyns),
     .doc =
         "SONATA: whether a weight counts once for each of the nsyns of an edge, as BMTK has it, or just once, as in "
         "NEST"},
};

/* Lists by types are as long as that of the types, in which each stands once. */
static const char *check_lists(const volley_experiment *experiment, const volley_projection *projection, char *buffer,
                               size_t size) {
  const volley_edge_types *types = projection->parameters;
  const struct {
    const char *name;
    int n;
  } lists[] = {
      {"type_weights", types->weights.n},
      {"type_factors", types->factors.n},
      {"type_delays", types->delays.n},
      {"type_nsyns", types->counts.n},
  };
  (void)experiment;
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    if (lists[k].n == 0 || lists[k].n == types->types.n) continue;
    snprintf(buffer, size, "%s: %s for %s; one for each is expected", lists[k].name,
             volley_count((uint64_t)lists[k].n, "value").text, volley_count((uint64_t)types->types.n, "type").text);
    return buffer;
  }
  for (int k = 0; k < types->types.n; k++)
    for (int before = 0; before < k; before++) {
      if (types->types.values[before] != types->types.values[k]) continue;
      snprintf(buffer, size, "types: %.0f stands twice", types->types.values[k]);
      return buffer;
    }
  return NULL;
}

static bool counts_spikes(const volley_neuron_model *model, int receptor, double weight) {
  return model->receptors[receptor != VOLLEY_RECEPTOR_BY_SIGN ? receptor : model->receptor_of_sign[weight < 0]]
             .weights == VOLLEY_COUNTS;
}

static bool is_delay(double delay, double dt) {
  const double steps = volley_round_steps(delay, dt);
  return steps >= 1 && steps <= VOLLEY_MAX_DELAY;
}

static volley_status check_real_delay(const volley_projection *projection, const volley_edge_slab *slab, size_t e) {
  if (slab->delay[e] >= VOLLEY_SHORTEST_DELAY && slab->delay[e] <= VOLLEY_LONGEST_DELAY) return VOLLEY_OK;
  return volley_fault(
      VOLLEY_USAGE, &projection->place, "edge %" PRIu64 " of %s has a delay of %g ms; it must be %g ms to %g ms",
      volley_edge_number(slab, e), projection->file, slab->delay[e], VOLLEY_SHORTEST_DELAY, VOLLEY_LONGEST_DELAY);
}

static volley_status check_edge(const volley_experiment *experiment, const volley_projection *projection,
                                const volley_edge_slab *slab, size_t e) {
  const volley_population *source = &experiment->populations[projection->source];
  const volley_population *target = &experiment->populations[projection->target];
  const unsigned long long number = volley_edge_number(slab, e);
  const double dt = experiment->simulation.dt;
  if (slab->source[e] >= source->size || slab->target[e] >= target->size) {
    return volley_fault(VOLLEY_USAGE, &projection->place,
                        "edge %llu of %s goes from %llu to %llu, but %s has %s and %s has %u", number, projection->file,
                        (unsigned long long)slab->source[e], (unsigned long long)slab->target[e], source->name,
                        volley_count(source->size, "neuron").text, target->name, target->size);
  }
  if (slab->weight && !isfinite((float)slab->weight[e])) {
    return volley_fault(VOLLEY_USAGE, &projection->place, "edge %llu of %s has the weight %g", number, projection->file,
                        slab->weight[e]);
  }
  if (slab->weight && counts_spikes(target->model, projection->receptor, slab->weight[e]) && slab->weight[e] != 1) {
    return volley_fault(VOLLEY_USAGE, &projection->place,
                        "edge %llu of %s has the weight %g, but %s counts spikes: leave weights out, or write 1",
                        number, projection->file, slab->weight[e], target->model->name);
  }
  if (slab->weight && slab->weight[e] < 0 && projection->receptor != VOLLEY_RECEPTOR_BY_SIGN &&
      target->model->receptors[projection->receptor].weights == VOLLEY_CONDUCTANCE) {
    return volley_fault(
        VOLLEY_USAGE, &projection->place,
        "edge %llu of %s has the weight %g, but receptor '%s' of %s is a conductance, which is never "
        "negative: write weights without a sign, or leave the receptor out, so that the sign chooses it",
        number, projection->file, slab->weight[e], target->model->receptors[projection->receptor].name,
        target->model->name);
  }
  if (slab->delay && experiment->simulation.continuous) return check_real_delay(projection, slab, e);
  if (slab->delay && !is_delay(slab->delay[e], dt)) {
    return volley_fault(
        VOLLEY_USAGE, &projection->place,
        "edge %llu of %s has a delay of %g ms; it must round to 1 step at least (dt = %g ms) and be %g ms at most",
        number, projection->file, slab->delay[e], dt, VOLLEY_MAX_DELAY * dt);
  }
  return VOLLEY_OK;
}

/* Weights that synapses that learn cannot begin with; balanced ones are known later. */
static volley_status check_range(const volley_projection *projection, const volley_edge_slab *slab, size_t e) {
  const volley_synapse_model *model = projection->plasticity.model;
  double low, high;
  if (!model || !slab->weight || projection->balanced) return VOLLEY_OK;
  model->range(projection->plasticity.parameters, &low, &high);
  if (low <= slab->weight[e] && slab->weight[e] <= high) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, &projection->place,
                      "edge %" PRIu64 " of %s has the weight %g; its model %s takes %g to %g at the beginning",
                      volley_edge_number(slab, e), projection->file, slab->weight[e], model->name, low, high);
}

/* What the file does not say the experiment must. */
static volley_status check_columns(const volley_projection *projection, const volley_edge_slab *slab) {
  const bool lacks_weight = !slab->weight && isnan(volley_distribution_mean(&projection->weight));
  const bool lacks_delay = !slab->delay && isnan(volley_distribution_mean(&projection->delay));
  if (!lacks_weight && !lacks_delay) return VOLLEY_OK;
  const char *name = lacks_weight ? "weight" : "delay";
  return volley_fault(VOLLEY_USAGE, &projection->place,
                      "%s has no dataset '%s' in group %s: add it there, or a %s here", projection->file, name,
                      projection->group, name);
}

static bool are_within(const double *values, size_t n, double low, double high) {
  bool beyond = false;
  for (size_t i = 0; i < n; i++) beyond |= !(low <= values[i]) | !(values[i] <= high);
  return !beyond;
}

/* Whether all edges of a slab are sure to be right, which vectors find; where not, they are looked at one by one. */
static bool are_right(const volley_experiment *experiment, const volley_projection *projection,
                      const volley_edge_slab *slab) {
  const volley_neuron_model *model = experiment->populations[projection->target].model;
  const uint64_t sources = experiment->populations[projection->source].size,
                 targets = experiment->populations[projection->target].size;
  const bool continuous = experiment->simulation.continuous;
  const double dt = experiment->simulation.dt, shortest = continuous ? VOLLEY_SHORTEST_DELAY : dt;
  double low = -FLT_MAX, high = FLT_MAX;
  bool beyond = false;
  for (size_t e = 0; e < slab->count; e++) beyond |= (slab->source[e] >= sources) | (slab->target[e] >= targets);
  if (beyond) return false;
  for (int r = 0; r < model->n_receptors; r++) {
    if (projection->receptor != VOLLEY_RECEPTOR_BY_SIGN && projection->receptor != r) continue;
    if (model->receptors[r].weights == VOLLEY_COUNTS) low = high = 1;
    if (model->receptors[r].weights == VOLLEY_CONDUCTANCE && projection->receptor == r) low = 0;
  }
  if (projection->plasticity.model && slab->weight) return false;
  if (slab->weight && !are_within(slab->weight, slab->count, low, high)) return false;
  return !slab->delay || are_within(slab->delay, slab->count, shortest,
                                    continuous ? VOLLEY_LONGEST_DELAY : (VOLLEY_MAX_DELAY - 1) * dt);
}

uint64_t volley_edges_check(const volley_experiment *experiment, const volley_projection *projection,
                            const volley_edge_slab *slab) {
  if (slab->count > 0 && check_columns(projection, slab) != VOLLEY_OK) return volley_edge_number(slab, 0);
  if (are_right(experiment, projection, slab)) return UINT64_MAX;
  for (size_t e = 0; e < slab->count; e++) {
    if (check_edge(experiment, projection, slab, e) != VOLLEY_OK || check_range(projection, slab, e) != VOLLEY_OK)
      return volley_edge_number(slab, e);
  }
  return UINT64_MAX;
}

/* Takes the edges of this rank's rows. */
typedef struct taking {
  const volley_experiment *experiment;
  const volley_projection *projection;
  volley_edge_mail *mail;
} taking;

static uint64_t check(void *context, const volley_edge_slab *slab) {
  const taking *t = context;
  return volley_edges_check(t->experiment, t->projection, slab);
}

/* Edges of a slab that go into the mail. */
typedef struct mailing {
  const taking *t;
  const volley_edge_slab *slab;
} mailing;

static void put_edges(void *context) {
  const mailing *m = context;
  const taking *t = m->t;
  const volley_edge_slab *slab = m->slab;
  for (size_t e = 0; e < slab->count; e++) {
    const uint32_t target = (uint32_t)slab->target[e], source = (uint32_t)slab->source[e];
    if (t->projection->source == t->projection->target && source == target && !t->projection->autapses) continue;
    volley_edge_mail_add(t->mail, &(volley_edge){.target = target,
                                                 .source = source,
                                                 .number = volley_edge_number(slab, e),
                                                 .weight = slab->weight ? slab->weight[e] : 0,
                                                 .delay = slab->delay ? slab->delay[e] : 0});
  }
}

static void take(void *context, const volley_edge_slab *slab) {
  const taking *t = context;
  t->mail->list->has_weights = slab->weight != NULL;
  t->mail->list->has_delays = slab->delay != NULL;
  if (t->mail->expected == 0) (void)volley_edge_mail_expect(t->mail, slab->expected);
  if (t->mail->failed) return;
  volley_edge_mail_fill(t->mail, put_edges, &(mailing){t, slab});
  (void)volley_edge_mail_send(t->mail, false);
}

volley_edge_file volley_edge_file_of(const volley_experiment *experiment, const volley_projection *projection) {
  return (volley_edge_file){.place = &projection->place,
                            .path = projection->file,
                            .group = projection->group,
                            .types = projection->parameters,
                            .sources = experiment->populations[projection->source].size,
                            .targets = experiment->populations[projection->target].size,
                            .source_nodes = experiment->populations[projection->source].nodes,
                            .target_nodes = experiment->populations[projection->target].nodes};
}

static volley_status list(const volley_partition *partition, int p, const volley_reader *reader,
                          volley_edge_mail *mail) {
  const volley_projection *projection = &partition->experiment->projections[p];
  taking t = {partition->experiment, projection, mail};
  const volley_edge_taker taker = {&t, check, take};
  const volley_edge_file file = volley_edge_file_of(partition->experiment, projection);
  return reader->edges(reader->context, &file, &taker);
}

static double expected(const volley_experiment *experiment, const volley_projection *projection) {
  (void)experiment, (void)projection;
  return NAN;
}

const volley_rule volley_rule_edges = {
    .name = "edges",
    .doc =
        "the edges in an HDF5 file: datasets source and target (indices within the populations) and maybe weight and "
        "delay (else drawn) in `group`; or a SONATA population of edges (/edges/NAME); or a matrix of weights with a "
        "row for "
        "each target and a column for each source: a dataset, or a group with datasets weight and delay, where 0 is no "
        "edge; or a sparse one as SciPy has them, a group with indptr, indices and data (csr, or csc by its format) or "
        "with row, col and data",
    .takes_file = true,
    VOLLEY_KEYS(keys),
    .size = sizeof(volley_edge_types),
    .check = check_lists,
    .expected = expected,
    .list = list,
    .draw = volley_edge_list_draw,
};

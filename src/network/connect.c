#include "network/connect.h"

#include "base/random.h"
#include "network/given.h"
#include "network/table_builder.h"
#include "rule/rule.h"
#include "rule/walk.h"

#include <stdlib.h>
#include <string.h>

/* What both passes over the edges of a block share. */
typedef struct edge_pass {
  const volley_experiment *experiment;
  const volley_edge_list *lists; /* [n_projections] */
  volley_block *block;
  volley_walk *walk;
  volley_table_builder *builder;
  volley_event_table_builder *events; /* in its place in a continuous run */
  bool few_weights;
  const volley_network *again; /* whose static tables are made anew; NULL: all are made */
  uint64_t *given_at;          /* [n_projections] weights of theirs that were set, so far (network/given.h) */
  volley_plastic_table_builder **plastic; /* [n_projections] NULL: static, or not onto this block */
  uint8_t *outgoing;                      /* [n_populations] bits of volley_outgoing, of all edges filled so far */
  int min_delay;                          /* steps, of all edges filled so far */
  int refused;                            /* projection whose weights were last refused, or -1 */
} edge_pass;

static void count_edges(edge_pass *pass, int p, const volley_edges *edges) {
  if (!pass->plastic[p] && !pass->events) {
    volley_table_count(pass->builder, edges->sources, edges->n);
    return;
  }
  for (size_t e = 0; e < edges->n; e++) {
    if (pass->plastic[p])
      volley_plastic_table_count(pass->plastic[p], edges->sources[e]);
    else
      volley_event_table_count(pass->events, edges->sources[e]);
  }
}

/* Weights that a plastic synapse cannot begin with. */
static void check_weight(edge_pass *pass, int p, double weight) {
  const volley_projection *projection = &pass->experiment->projections[p];
  double low, high;
  projection->plasticity.model->range(projection->plasticity.parameters, &low, &high);
  if ((low <= weight && weight <= high) || pass->refused == p) return;
  pass->refused = p;
  volley_fault(VOLLEY_USAGE, &projection->place,
               "a synapse has the weight %g; its model %s takes %g to %g at the beginning", weight,
               projection->plasticity.model->name, low, high);
}

/* Notes for the source what synapses of a projection do: their sign, or that of the conductance that they open. */
static void note_signs(edge_pass *pass, const volley_projection *projection, const volley_edges *edges) {
  const volley_population *target = &pass->experiment->populations[projection->target];
  const int receptor = projection->receptor;
  const volley_neuron_model *model = target->model;
  const bool is_second = receptor == model->receptor_of_sign[1] && receptor != model->receptor_of_sign[0];
  const bool inhibits = receptor >= 0 && model->receptors[receptor].weights == VOLLEY_CONDUCTANCE &&
                        (model->names_receptors ? volley_mean_current(target, receptor) < 0 : is_second);
  const bool counts = projection->plasticity.model, zero_inhibits = volley_weight_is_negative(projection, 0);
  bool excitatory = false, inhibitory = false;
  for (size_t e = 0; e < edges->n; e++) {
    const float weight = (float)edges->weights[e];
    excitatory |= weight > 0 || (weight == 0 && counts && !zero_inhibits);
    inhibitory |= weight < 0 || (weight == 0 && counts && zero_inhibits);
  }
  const unsigned signs = (inhibitory || (excitatory && inhibits) ? VOLLEY_OUTGOING_INHIBITORY : 0u) |
                         (excitatory && !inhibits ? VOLLEY_OUTGOING_EXCITATORY : 0u);
  pass->outgoing[projection->source] = (uint8_t)(pass->outgoing[projection->source] | signs);
}

static void fill_events(edge_pass *pass, int p, const volley_edges *edges, uint16_t target, uint32_t id) {
  for (size_t e = 0; e < edges->n; e++) {
    const volley_event_synapse synapse = {
        .delay = edges->times[e], .weight = edges->weights[e], .target = target, .receptor = edges->receptors[e]};
    if (pass->plastic[p])
      volley_plastic_table_fill_timed(pass->plastic[p], edges->sources[e], id, synapse.delay, synapse.receptor,
                                      synapse.weight);
    else
      volley_event_table_fill(pass->events, edges->sources[e], synapse);
  }
}

/* Static synapses, some at a time. */
static void fill_static(edge_pass *pass, const volley_edges *edges, const volley_neuron_model *model, uint16_t target) {
  enum { SOME = 512 };
  uint16_t dues[SOME], lags[VOLLEY_MAX_RECEPTORS];
  float weights[SOME];
  for (int r = 0; r < model->n_receptors; r++) lags[r] = (uint16_t)volley_receptor_lag(model, r);
  for (size_t first = 0; first < edges->n; first += SOME) {
    const size_t n = edges->n - first < SOME ? edges->n - first : SOME;
    for (size_t e = 0; e < n; e++) {
      const uint8_t receptor = edges->receptors[first + e];
      dues[e] = (uint16_t)(edges->delays[first + e] + lags[receptor]);
      weights[e] = (float)volley_receptor_weight(model, receptor, edges->weights[first + e]);
    }
    volley_table_fill(pass->builder, target, n, edges->sources + first, dues, edges->receptors + first, weights);
  }
}

static void fill_plastic(const edge_pass *pass, int p, const volley_edges *edges, const volley_neuron_model *model,
                         uint32_t id) {
  for (size_t e = 0; e < edges->n; e++) {
    const uint8_t receptor = edges->receptors[e];
    const uint16_t due = (uint16_t)(edges->delays[e] + volley_receptor_lag(model, receptor));
    volley_plastic_table_fill(pass->plastic[p], edges->sources[e], id, due, edges->delays[e], receptor,
                              edges->weights[e]);
  }
}

/* The weights that were set of the present edges; NULL: none. */
static const float *find_given(const edge_pass *pass, int p, const volley_edges *edges) {
  return pass->again ? volley_given_of(pass->again, pass->block, p, edges, &pass->given_at[p]) : NULL;
}

static void fill_edges(edge_pass *pass, int p, const volley_edges *edges, const volley_slice *slice) {
  const volley_projection *projection = &pass->experiment->projections[p];
  const volley_neuron_model *model = pass->experiment->populations[projection->target].model;
  const uint32_t id = slice->offset + edges->i;
  const uint16_t target = (uint16_t)(slice->target_offset + edges->i);
  volley_walk_draw_values(pass->walk, find_given(pass, p, edges));
  note_signs(pass, projection, edges);
  for (size_t e = 0; e < edges->n && pass->plastic[p]; e++) check_weight(pass, p, edges->weights[e]);
  for (size_t e = 0; e < edges->n && !pass->events; e++)
    pass->min_delay = edges->delays[e] < pass->min_delay ? edges->delays[e] : pass->min_delay;
  if (pass->events)
    fill_events(pass, p, edges, target, id);
  else if (pass->plastic[p])
    fill_plastic(pass, p, edges, model, id);
  else
    fill_static(pass, edges, model, target);
}

/* Edges of a list that lie in the tables now. */
static void discard(const edge_pass *pass, int p, const volley_slice *slice) {
  const volley_population *of = &pass->experiment->populations[slice->population];
  volley_edge_list_discard(&pass->lists[p], volley_index_in(of, slice->gids[0]),
                           volley_index_in(of, slice->gids[slice->count - 1]));
}

/* Goes through all edges onto the block: population by population, projection by projection, neuron by neuron. */
static void go_through(edge_pass *pass, const volley_block *block, bool fills) {
  for (int s = 0; s < block->n_slices; s++) {
    const volley_slice *slice = &block->slices[s];
    for (int p = 0; p < pass->experiment->n_projections; p++) {
      if (pass->experiment->projections[p].target != slice->population) continue;
      if (pass->again && pass->experiment->projections[p].plasticity.model) continue;
      volley_walk_begin(pass->walk, p, slice->gids, slice->count);
      for (const volley_edges *edges; (edges = volley_walk_next(pass->walk));) {
        if (fills)
          fill_edges(pass, p, edges, slice);
        else
          count_edges(pass, p, edges);
      }
      if (fills && pass->experiment->projections[p].rule->list) discard(pass, p, slice);
    }
  }
}

/* Neurons of a population in the block: ids *first .. *first + the number returned - 1. */
static uint32_t find_neurons(const volley_block *block, int population, uint32_t *first) {
  uint32_t count = 0;
  for (int s = 0; s < block->n_slices; s++) {
    if (block->slices[s].population != population) continue;
    if (count == 0) *first = block->slices[s].offset;
    count = block->slices[s].offset + block->slices[s].count - *first;
  }
  return count;
}

static void begin_plastic(edge_pass *pass, const volley_block *block) {
  const volley_experiment *experiment = pass->experiment;
  for (int p = 0; p < experiment->n_projections; p++) {
    uint32_t first = 0;
    const uint32_t count = experiment->projections[p].plasticity.model && !pass->again
                               ? find_neurons(block, experiment->projections[p].target, &first)
                               : 0;
    if (count > 0) pass->plastic[p] = volley_plastic_table_begin(experiment, p, first, count);
  }
}

static void finish_plastic(edge_pass *pass, volley_block *block) {
  for (int p = 0; p < pass->experiment->n_projections; p++) {
    if (!pass->plastic[p]) continue;
    block->plastic =
        volley_grow(block->plastic, (size_t)block->n_plastic + 1, sizeof *block->plastic, "plastic synapses");
    volley_plastic_table *plastic = &block->plastic[block->n_plastic];
    *plastic = volley_plastic_table_finish(pass->plastic[p]);
    for (uint32_t t = 0; t < plastic->n_targets && plastic->gids; t++)
      plastic->gids[t] = volley_block_gid(block, plastic->first_id + t);
    block->n_plastic++;
    const int delay = plastic->n_dopamine > 0 ? plastic->dopamine_delay : pass->min_delay;
    if (delay < pass->min_delay) pass->min_delay = delay; /* dopamine is to be known when it arrives */
  }
}

/* Makes the tables of a block. */
static void connect(void *context) {
  edge_pass *pass = context;
  const volley_experiment *experiment = pass->experiment;
  pass->walk = volley_walk_create(experiment, pass->lists);
  if (experiment->simulation.continuous)
    pass->events = volley_event_table_begin(experiment->neurons, pass->few_weights);
  else
    pass->builder = volley_table_builder_create(experiment->neurons, pass->block->target_stride, pass->block->receptors,
                                                &experiment->simulation);
  pass->outgoing = volley_alloc((size_t)experiment->n_populations, 1, "signs of weights");
  if (pass->again)
    pass->given_at = volley_alloc((size_t)experiment->n_projections, sizeof *pass->given_at, "the weights of synapses");
  pass->plastic = volley_alloc((size_t)experiment->n_projections, sizeof *pass->plastic, "plastic synapses");
  begin_plastic(pass, pass->block);
  go_through(pass, pass->block, false);
  if (pass->events)
    volley_event_table_allocate(pass->events);
  else
    volley_table_allocate(pass->builder);
  for (int p = 0; p < experiment->n_projections; p++)
    if (pass->plastic[p]) volley_plastic_table_allocate(pass->plastic[p]);
  go_through(pass, pass->block, true);
  if (pass->events) {
    pass->block->events = volley_event_table_finish(pass->events);
  } else {
    pass->block->table = volley_table_finish(pass->builder);
    pass->builder = NULL;
    pass->block->sums = volley_table_sums(&pass->block->table, pass->block->receptors);
  }
  finish_plastic(pass, pass->block);
}

void volley_connect_block(const volley_experiment *experiment, const volley_edge_list *lists, bool few_weights,
                          volley_block *block) {
  edge_pass pass = {.experiment = experiment,
                    .lists = lists,
                    .few_weights = few_weights,
                    .block = block,
                    .min_delay = VOLLEY_MAX_DELAY + 1,
                    .refused = -1};
  (void)volley_memory_try(connect, &pass);
  block->min_delay = pass.min_delay;
  block->outgoing = pass.outgoing;
  volley_table_builder_destroy(pass.builder);
  free(pass.plastic);
  if (pass.walk) volley_walk_destroy(pass.walk);
}

void volley_connect_block_again(const volley_network *network, const volley_edge_list *lists, volley_block *block) {
  edge_pass pass = {.experiment = network->experiment, .lists = lists, .block = block, .again = network, .refused = -1};
  if (block->sums) volley_table_free(block->sums, volley_ring_bytes(block->table.layout, block->receptors));
  volley_table_release(&block->table);
  block->sums = NULL;
  block->table = (volley_table){0};
  (void)volley_memory_try(connect, &pass);
  volley_table_builder_destroy(pass.builder);
  free(pass.outgoing);
  free(pass.given_at);
  free(pass.plastic);
  if (pass.walk) volley_walk_destroy(pass.walk);
}

enum { MARKS = 1 << 20, FEW_WEIGHTS = 1 << 14 };

static void mark(uint64_t *marks, double weight) {
  uint64_t bits;
  memcpy(&bits, &weight, sizeof bits);
  const uint64_t place = volley_scramble(bits) % MARKS;
  marks[place / 64] |= UINT64_C(1) << place % 64;
}

/* Each weight leaves a mark at its hash, whichever rank has it. */
bool volley_weights_are_few(const volley_experiment *experiment, const volley_edge_list *lists, MPI_Comm comm) {
  uint64_t *marks = volley_alloc_or_fault(MARKS / 64, sizeof *marks, "the weights of synapses");
  if (!volley_all(marks, comm)) return free(marks), false;
  bool few = true;
  int n = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const bool is_constant = volley_distribution_is_constant(&projection->weight), is_listed = lists[p].has_weights;
    if (projection->plasticity.model) continue;
    if (projection->balanced || (!is_constant && !projection->rule->takes_file)) few = false;
    for (uint64_t e = 0; e < lists[p].n && is_listed; e++) {
      double weight;
      volley_edge_list_weights(&lists[p], e, 1, &weight);
      mark(marks, weight);
    }
    if (is_constant && !is_listed) mark(marks, volley_distribution_least(&projection->weight));
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, marks, MARKS / 64, MPI_UINT64_T, MPI_BOR, comm));
  for (int w = 0; w < MARKS / 64; w++) n += __builtin_popcountll(marks[w]);
  free(marks);
  return few && n <= FEW_WEIGHTS;
}

/* Time of building: the tables of some neurons of one block, drawn as in the run, and lists of edges of made-up ones. */
#include "app/calibrate.h"
#include "network/connect.h"
#include "rule/edge_list.h"
#include "rule/rule.h"
#include "synapse/synapse.h"

#include <math.h>
#include <stdlib.h>

enum {
  MOST_SYNAPSES = 1 << 20, /* of the sample */
  MOST_INDEGREE = 1 << 16, /* of one projection in it */
  MOST_EDGES = 1 << 18     /* of a list in it */
};

/* A projection whose targets have no more synapses than are drawn in a moment. */
static volley_projection limited(const volley_projection *projection, double indegree) {
  volley_projection result = *projection;
  const double factor = MOST_INDEGREE / indegree;
  if (factor >= 1 || projection->rule->list) return result;
  if (projection->rule->number_key) {
    result.number = (uint64_t)ceil((double)projection->number * factor);
  } else if (projection->rule->takes_probability) {
    result.probability *= factor;
  } else {
    result.rule = volley_rule_find("fixed_indegree");
    result.number = MOST_INDEGREE;
    result.multapses = true;
  }
  return result;
}

/* A weight that the projection's synapses can begin with. */
static double possible_weight(const volley_projection *projection) {
  double low, high;
  if (!projection->plasticity.model) return 1;
  projection->plasticity.model->range(projection->plasticity.parameters, &low, &high);
  return fmin(fmax(1, low), high);
}

/* Edges from random sources onto the first targets, `indegree` for each. */
static volley_edge_list make_list(const volley_experiment *experiment, int p, uint32_t targets, uint32_t indegree) {
  const volley_projection *projection = &experiment->projections[p];
  const uint32_t sources = experiment->populations[projection->source].size;
  volley_edge_list list;
  volley_edge_list_begin(&list, experiment, p, false);
  list.has_weights = isnan(volley_distribution_mean(&projection->weight));
  list.has_delays = isnan(volley_distribution_mean(&projection->delay));
  uint32_t *words = volley_alloc(indegree, sizeof *words, "an estimate");
  for (uint32_t t = 0; t < targets; t++) {
    volley_random_words(volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, (uint32_t)p), t, 0, 0, indegree, words);
    for (uint32_t k = 0; k < indegree; k++)
      volley_edge_list_add(&list, &(volley_edge){.target = t,
                                                 .source = volley_below(words[k], sources),
                                                 .number = k,
                                                 .weight = possible_weight(projection),
                                                 .delay = experiment->simulation.dt});
  }
  free(words);
  volley_edge_list_sort(&list);
  return list;
}

/* Adds the first `count` neurons of a population to the block. */
static void add_slice(volley_block *block, const volley_experiment *experiment, int p, uint32_t count) {
  volley_slice *slice = &block->slices[block->n_slices++];
  *slice = (volley_slice){.population = p, .offset = block->count, .target_offset = block->count, .count = count};
  slice->gids = volley_alloc(count, sizeof *slice->gids, "an estimate");
  for (uint32_t i = 0; i < count; i++) slice->gids[i] = experiment->populations[p].first_gid + i;
  block->count += count;
  block->stride = block->target_stride = block->count;
}

/* Synapses of the limited projections. */
static double count_limited(const volley_experiment *small, const volley_estimate *estimate) {
  double synapses = 0;
  for (int p = 0; p < small->n_projections; p++) {
    const double size = small->populations[small->projections[p].target].size;
    synapses += fmin(estimate->expected[p], size * MOST_INDEGREE);
  }
  return synapses;
}

/* Makes a block like those of the run, of fewer neurons if these have too many synapses, and the lists that it needs. */
static volley_block make_block(volley_experiment *small, const volley_estimate *estimate, volley_edge_list *lists) {
  const double share = 1 / ((double)estimate->ranks * estimate->blocks);
  const double part = share * fmin(1, MOST_SYNAPSES / (count_limited(small, estimate) * share));
  volley_block block = {.receptors = VOLLEY_MAX_RECEPTORS,
                        .slices = volley_alloc((size_t)small->n_populations, sizeof *block.slices, "an estimate")};
  double synapses = 0;
  for (int t = 0; t < small->n_populations && synapses < 2 * MOST_SYNAPSES; t++) {
    const uint32_t size = small->populations[t].size, count = (uint32_t)ceil(size * part);
    if (block.count + count > VOLLEY_MAX_BLOCK) break;
    add_slice(&block, small, t, count);
    for (int p = 0; p < small->n_projections; p++) {
      if (small->projections[p].target != t) continue;
      const double indegree = fmin(estimate->expected[p] / size, MOST_INDEGREE);
      synapses += indegree * count;
      if (small->projections[p].rule->list) lists[p] = make_list(small, p, count, (uint32_t)ceil(indegree));
    }
  }
  return block;
}

static void release_block(volley_block *block) {
  for (int k = 0; k < block->n_plastic; k++) volley_plastic_table_release(&block->plastic[k]);
  for (int s = 0; s < block->n_slices; s++) free(block->slices[s].gids);
  free(block->plastic);
  free(block->outgoing);
  free(block->slices);
  volley_table_free(block->sums, volley_ring_bytes(block->table.layout, block->receptors));
  volley_table_release(&block->table);
}

/* Seconds to draw one synapse and put it into a table. */
static double time_synapse(const volley_experiment *experiment, const volley_estimate *estimate) {
  const size_t n = (size_t)experiment->n_projections;
  volley_experiment small = *experiment;
  volley_edge_list *lists = volley_alloc(n, sizeof *lists, "an estimate");
  small.projections = volley_alloc(n, sizeof *small.projections, "an estimate");
  for (size_t p = 0; p < n; p++) {
    const volley_projection *projection = &experiment->projections[p];
    small.projections[p] =
        limited(projection, estimate->expected[p] / experiment->populations[projection->target].size);
  }
  volley_block block = make_block(&small, estimate, lists);
  const double start = volley_thread_seconds();
  volley_connect_block(&small, lists, false, &block);
  const double seconds = volley_thread_seconds() - start;
  double synapses = (double)(block.table.synapses + volley_event_table_synapses(&block.events));
  for (int k = 0; k < block.n_plastic; k++) synapses += (double)block.plastic[k].synapses;
  release_block(&block);
  volley_edge_lists_free(experiment, lists);
  free(small.projections);
  return synapses > 0 ? seconds / synapses : 0;
}

/* What a file of edges is replaced by. */
typedef struct made_up {
  const volley_experiment *small;
  double seconds; /* in which edges were made up, which no file needs */
} made_up;

/* A file of edges that is none: one slab of random ones. */
static volley_status random_edges(void *context, const volley_edge_file *file, const volley_edge_taker *taker) {
  made_up *edges = context;
  const volley_experiment *small = edges->small;
  const volley_projection *projection = &small->projections[0];
  const double begin = volley_thread_seconds();
  const size_t n = (size_t)projection->number;
  uint64_t *source = volley_alloc(2 * n, sizeof *source, "an estimate"), *target = source + n;
  double *weight = volley_alloc(2 * n, sizeof *weight, "an estimate"), *delay = weight + n;
  volley_stream stream = volley_stream_of(volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, 0), 0, 0);
  (void)file;
  for (size_t e = 0; e < n; e++) {
    source[e] = (uint64_t)(volley_stream_uniform(&stream) * small->populations[projection->source].size);
    target[e] = (uint64_t)(volley_stream_uniform(&stream) * small->populations[projection->target].size);
    weight[e] = 1;
    delay[e] = small->simulation.dt;
  }
  const bool has_weight = !isnan(volley_distribution_mean(&projection->weight));
  const bool has_delay = !isnan(volley_distribution_mean(&projection->delay));
  const volley_edge_slab slab = {.total = n,
                                 .expected = (double)n,
                                 .count = n,
                                 .source = source,
                                 .target = target,
                                 .weight = has_weight ? NULL : weight,
                                 .delay = has_delay ? NULL : delay};
  edges->seconds += volley_thread_seconds() - begin;
  (void)taker->check(taker->context, &slab);
  taker->take(taker->context, &slab);
  free(source);
  free(weight);
  return volley_agree(MPI_COMM_SELF);
}

/* Seconds to draw or take one of n edges that a rank holds of a projection, to send it to its owner and to sort it. */
static double time_edge(const volley_experiment *experiment, int p, double n) {
  volley_experiment small = *experiment;
  volley_projection projection = experiment->projections[p];
  const size_t populations = (size_t)experiment->n_populations;
  const double of_source = fmax(1, fmin((double)projection.number, MOST_EDGES)); /* edges */
  small.populations = volley_alloc(populations, sizeof *small.populations, "an estimate");
  for (size_t k = 0; k < populations; k++) {
    small.populations[k] = experiment->populations[k];
    small.populations[k].size = (uint32_t)fmin(small.populations[k].size, MOST_EDGES);
  }
  uint32_t *sources = &small.populations[projection.source].size;
  if (!projection.rule->takes_file) *sources = (uint32_t)fmax(1, fmin(*sources, MOST_EDGES / of_source));
  projection.number = (uint64_t)(projection.rule->takes_file ? fmin(n, MOST_EDGES) : of_source);
  projection.multapses = true;
  small.projections = &projection;
  small.n_projections = 1;
  made_up file = {.small = &small};
  const volley_reader reader = {.context = &file, .edges = random_edges};
  small.simulation.partitioner = volley_partitioners()[0]; /* of one rank: any will do */
  volley_partition *partition;
  (void)volley_partition_create(&small, 0, 1, &reader, MPI_COMM_SELF, &partition);
  volley_edge_list *lists = NULL;
  const double start = volley_thread_seconds();
  double seconds = 0, edges = 0;
  if (volley_edge_lists_make(partition, false, &reader, MPI_COMM_SELF, &lists) == VOLLEY_OK) {
    seconds = volley_thread_seconds() - start - file.seconds;
    edges = (double)lists[0].n;
    volley_edge_lists_free(&small, lists);
  }
  volley_partition_destroy(partition);
  free(small.populations);
  return edges > 1 ? seconds / edges * fmax(1, log2(n) / log2(edges)) : 0;
}

double volley_time_build(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double workers = (double)estimate->ranks * estimate->threads;
  double seconds = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_rule *rule = experiment->projections[p].rule;
    const double edges = estimate->expected[p] / estimate->ranks;
    if (rule->list && edges > 0) seconds += edges * time_edge(experiment, p, edges);
  }
  if (estimate->synapses > 0) seconds += estimate->synapses / workers * time_synapse(experiment, estimate);
  return seconds + estimate->read_s;
}

#include "network/given.h"

#include "network/synapse_order.h"
#include "neuron/neuron.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static uint32_t count_targets(const volley_network *network, int p) {
  const volley_experiment *experiment = network->experiment;
  return experiment->populations[experiment->projections[p].target].size;
}

static uint32_t index_of(const volley_network *network, int p, volley_gid gid) {
  const volley_experiment *experiment = network->experiment;
  return volley_index_in(&experiment->populations[experiment->projections[p].target], gid);
}

bool volley_is_given(const volley_network *network, int p) { return network->given_firsts && network->given_firsts[p]; }

/* ---- Going through the edges. */

typedef struct looking {
  const volley_network *network;
  int projection;
  const volley_edge_list *lists;
  volley_walk *walk;
  uint64_t *firsts; /* [targets + 1] counts, then where each target's begin */
  volley_static_value wanted;
  double *values; /* NULL: they are counted */
} looking;

static void take_values(const looking *l, const volley_edges *edges) {
  const volley_experiment *experiment = l->network->experiment;
  const volley_population *source = &experiment->populations[experiment->projections[l->projection].source];
  const uint32_t target = index_of(l->network, l->projection, edges->target);
  double *values = l->values + l->firsts[target];
  for (size_t e = 0; e < edges->n; e++) switch (l->wanted) {
      case VOLLEY_STATIC_WEIGHT:
        values[e] = l->network->exact_weights ? edges->weights[e] : (double)(float)edges->weights[e];
        break;
      case VOLLEY_STATIC_SOURCE: values[e] = volley_index_in(source, edges->sources[e]); break;
      case VOLLEY_STATIC_TARGET: values[e] = target; break;
      case VOLLEY_STATIC_DELAY:
        values[e] = edges->delays ? edges->delays[e] * experiment->simulation.dt : edges->times[e];
        break;
    }
}

static void go_through(void *context) {
  looking *l = context;
  const volley_network *network = l->network;
  l->walk = volley_walk_create(network->experiment, l->lists);
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    uint64_t at = 0;
    for (int s = 0; s < block->n_slices; s++) {
      if (block->slices[s].population != network->experiment->projections[l->projection].target) continue;
      volley_walk_begin(l->walk, l->projection, block->slices[s].gids, block->slices[s].count);
      for (const volley_edges *edges; (edges = volley_walk_next(l->walk));) {
        if (!l->values) {
          l->firsts[index_of(network, l->projection, edges->target)] = edges->n;
          continue;
        }
        volley_walk_draw_values(l->walk, volley_given_of(network, block, l->projection, edges, &at));
        take_values(l, edges);
      }
    }
  }
}

static volley_status try_to_go_through(looking *l) {
  (void)volley_memory_try(go_through, l);
  if (l->walk) volley_walk_destroy(l->walk);
  l->walk = NULL;
  return volley_agree_one(l->network->comm);
}

/* Begins to look at a projection, whose synapses are counted: lists and firsts are the caller's, whatever is returned. Collective, agreed
 * status. */
static volley_status begin(looking *l, const volley_reader *reader) {
  const uint32_t n = count_targets(l->network, l->projection);
  l->firsts = volley_alloc_or_fault((size_t)n + 1, sizeof *l->firsts, "the order of synapses");
  VOLLEY_TRY(volley_agree_one(l->network->comm));
  volley_edge_list *lists;
  VOLLEY_TRY(volley_edge_lists_make_one(l->network->partition, l->projection, reader, l->network->comm, &lists));
  l->lists = lists;
  VOLLEY_TRY(try_to_go_through(l));
  volley_sum_counts(l->firsts, n, l->network->comm);
  volley_add_up_counts(l->firsts, n);
  return VOLLEY_OK;
}

static void end(looking *l) {
  volley_edge_lists_free(l->network->experiment, (volley_edge_list *)l->lists);
  free(l->firsts);
}

volley_status volley_static_look(volley_network *network, int p, volley_static_value wanted,
                                 const volley_reader *reader, double **values, uint64_t *n) {
  looking l = {.network = network, .projection = p, .wanted = wanted};
  *values = NULL;
  volley_status status = begin(&l, reader);
  if (status == VOLLEY_OK) {
    *n = l.firsts[count_targets(network, p)];
    l.values = volley_alloc_or_fault(*n + 1, sizeof *l.values, "states of synapses");
    status = volley_agree_one(network->comm);
  }
  if (status == VOLLEY_OK) status = try_to_go_through(&l);
  end(&l);
  if (status == VOLLEY_OK)
    *values = l.values;
  else
    free(l.values);
  return status;
}

/* ---- Weights that are given. */

void volley_given_free(volley_network *network) {
  const int n = network->experiment->n_projections;
  for (int p = 0; p < n && network->given_firsts; p++) free(network->given_firsts[p]);
  free(network->given_firsts);
  for (int b = 0; b < network->n_blocks; b++) {
    for (int p = 0; p < n && network->blocks[b].given; p++) free(network->blocks[b].given[p]);
    free(network->blocks[b].given);
  }
}

static void forget(volley_network *network, int p) {
  free(network->given_firsts[p]);
  network->given_firsts[p] = NULL;
  for (int b = 0; b < network->n_blocks; b++) {
    free(network->blocks[b].given[p]);
    network->blocks[b].given[p] = NULL;
  }
}

/* How many a block has. */
static uint64_t count_of(const volley_network *network, const volley_block *block, int p, const uint64_t *firsts) {
  uint64_t count = 0;
  for (int s = 0; s < block->n_slices; s++) {
    const volley_slice *slice = &block->slices[s];
    if (slice->population != network->experiment->projections[p].target) continue;
    for (uint32_t i = 0; i < slice->count; i++) {
      const uint32_t target = index_of(network, p, slice->gids[i]);
      count += firsts[target + 1] - firsts[target];
    }
  }
  return count;
}

void volley_given_make(volley_network *network, int p, uint64_t *firsts) {
  static const char what[] = "weights of synapses";
  const size_t n = (size_t)network->experiment->n_projections;
  if (!network->given_firsts) network->given_firsts = volley_alloc(n, sizeof *network->given_firsts, what);
  for (int b = 0; b < network->n_blocks; b++) {
    volley_block *block = &network->blocks[b];
    if (!block->given) block->given = volley_alloc(n, sizeof *block->given, what);
    float *weights = volley_alloc(count_of(network, block, p, firsts), sizeof *weights, what);
    free(block->given[p]);
    block->given[p] = weights;
  }
  free(network->given_firsts[p]);
  network->given_firsts[p] = firsts;
}

bool volley_given_next(const volley_network *network, const volley_block *block, int p, volley_given_piece *piece) {
  const uint64_t *firsts = network->given_firsts[p];
  piece->weights = piece->weights ? piece->weights + piece->count : block->given[p];
  piece->count = 0;
  for (; piece->slice < block->n_slices; piece->slice++, piece->neuron = 0) {
    const volley_slice *slice = &block->slices[piece->slice];
    if (slice->population != network->experiment->projections[p].target) continue;
    for (; piece->neuron < slice->count; piece->neuron++) {
      const uint32_t target = index_of(network, p, slice->gids[piece->neuron]);
      if (firsts[target + 1] == firsts[target]) continue;
      if (piece->count > 0 && piece->first + piece->count != firsts[target]) return true;
      if (piece->count == 0) piece->first = firsts[target];
      piece->count += firsts[target + 1] - firsts[target];
    }
  }
  return piece->count > 0;
}

const float *volley_given_of(const volley_network *network, const volley_block *block, int p, const volley_edges *edges,
                             uint64_t *at) {
  if (!volley_is_given(network, p)) return NULL;
  const uint32_t target = index_of(network, p, edges->target);
  const uint64_t count = network->given_firsts[p][target + 1] - network->given_firsts[p][target];
  const float *weights = block->given[p] + *at;
  *at += count;
  if (count == edges->n) return weights;
  volley_fault(VOLLEY_USAGE, &network->experiment->projections[p].place,
               "weights were set of %llu synapses onto neuron %u, which has %llu now: has a file changed?",
               (unsigned long long)count, target, (unsigned long long)edges->n);
  return NULL;
}

/* What is wrong with a weight; NULL: nothing. */
static const char *find_wrong(const volley_neuron_model *model, int receptor, double weight) {
  const int r = receptor != VOLLEY_RECEPTOR_BY_SIGN ? receptor : model->receptor_of_sign[weight < 0];
  if (!(fabs(weight) <= (double)FLT_MAX)) return "is no number that can be kept";
  if (model->receptors[r].weights == VOLLEY_COUNTS && weight != 1) return "is not 1, but its receptor counts spikes";
  if (model->receptors[r].weights == VOLLEY_CONDUCTANCE && weight < 0 && receptor == r)
    return "is negative, but its receptor is a conductance";
  return NULL;
}

static void check(const volley_network *network, int p, const double *weights, uint64_t n, uint64_t expected) {
  const volley_experiment *experiment = network->experiment;
  const volley_projection *projection = &experiment->projections[p];
  const volley_neuron_model *model = experiment->populations[projection->target].model;
  if (n != expected)
    volley_fault(VOLLEY_USAGE, NULL, "%llu weights are given, but '%s' has %llu synapses", (unsigned long long)n,
                 projection->name, (unsigned long long)expected);
  for (uint64_t s = 0; s < n && n == expected; s++) {
    const char *wrong = find_wrong(model, projection->receptor, weights[s]);
    if (!wrong) continue;
    volley_fault(VOLLEY_USAGE, NULL, "weight %llu of '%s', %g, %s", (unsigned long long)s, projection->name, weights[s],
                 wrong);
    return;
  }
}

typedef struct making {
  volley_network *network;
  int projection;
  uint64_t *firsts;
} making;

static void make(void *context) {
  const making *m = context;
  volley_given_make(m->network, m->projection, m->firsts);
}

volley_status volley_given_set(volley_network *network, int p, const double *weights, uint64_t n,
                               const volley_reader *reader) {
  looking l = {.network = network, .projection = p};
  volley_status status = begin(&l, reader);
  if (status == VOLLEY_OK) {
    check(network, p, weights, n, l.firsts[count_targets(network, p)]);
    status = volley_agree(network->comm);
  }
  if (status == VOLLEY_OK) {
    if (volley_memory_try(make, &(making){network, p, l.firsts}) == VOLLEY_OK) l.firsts = NULL;
    status = volley_agree_one(network->comm);
  }
  end(&l);
  VOLLEY_TRY(status);
  for (int b = 0; b < network->n_blocks; b++)
    for (volley_given_piece piece = {0}; volley_given_next(network, &network->blocks[b], p, &piece);)
      for (uint64_t k = 0; k < piece.count; k++) piece.weights[k] = (float)weights[piece.first + k];
  network->weights_given = true;
  return VOLLEY_OK;
}

void volley_given_change(volley_network *network, const volley_change *change) {
  const int p = change->projection;
  if (!volley_is_given(network, p)) return;
  if (change->sets_weight) {
    forget(network, p);
    return;
  }
  for (int b = 0; b < network->n_blocks; b++)
    for (volley_given_piece piece = {0}; volley_given_next(network, &network->blocks[b], p, &piece);)
      for (uint64_t k = 0; k < piece.count; k++) piece.weights[k] = (float)((double)piece.weights[k] * change->factor);
}

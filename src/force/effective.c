#include "force/effective.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double interval = 10;           /* s between two signs of life */
static const uint32_t not_read = UINT32_MAX; /* number or row of a neuron that the readout does not read */

/* Number of a neuron in the readout, or not_read. */
static uint32_t number_of(const volley_effective *e, volley_gid gid) {
  const volley_experiment *experiment = e->weights.network->experiment;
  const int p = volley_population_of(experiment, gid, 0);
  const uint32_t first = e->weights.first[p];
  return first == not_read ? not_read : first + volley_index_in(&experiment->populations[p], gid);
}

/* Gives the neurons of a slice the next rows; own: the number of the neuron of each row. */
static void number_slice(volley_effective *e, const volley_slice *slice, uint32_t *rows, uint32_t *own) {
  for (uint32_t i = 0; i < slice->count; i++) {
    const uint32_t number = number_of(e, slice->gids[i]);
    rows[slice->offset + i] = number == not_read ? not_read : e->count;
    if (number != not_read) own[e->count++] = number;
  }
}

/* Gives this rank's neurons their rows, and gathers the order of the rows of all ranks. Collective. */
static void number_rows(volley_effective *e) {
  const volley_network *network = e->weights.network;
  const size_t ranks = (size_t)network->ranks;
  e->counts = volley_alloc(2 * ranks, sizeof *e->counts, "eigenvalues");
  e->starts = e->counts + ranks;
  uint32_t *own = volley_alloc(e->n, sizeof *own, "eigenvalues");
  e->rows = volley_alloc((size_t)network->n_blocks, sizeof *e->rows, "eigenvalues");
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    e->rows[b] = volley_alloc(block->stride, sizeof **e->rows, "eigenvalues");
    for (int s = 0; s < block->n_slices; s++) number_slice(e, &block->slices[s], e->rows[b], own);
  }
  const int count = (int)e->count;
  VOLLEY_MPI(MPI_Allgather(&count, 1, MPI_INT, e->counts, 1, MPI_INT, network->comm));
  for (size_t r = 1; r < ranks; r++) e->starts[r] = e->starts[r - 1] + e->counts[r - 1];
  e->order = volley_alloc(e->n, sizeof *e->order, "eigenvalues");
  VOLLEY_MPI(MPI_Allgatherv(own, count, MPI_UINT32_T, e->order, e->counts, e->starts, MPI_UINT32_T, network->comm));
  free(own);
}

/* Sorts the vector, all rows of it, by neurons, and sums up what would be fed back. */
static void take_vector(volley_effective *e, const double *all) {
  const size_t k = (size_t)e->weights.readout->supervisor->dimension;
  for (uint32_t row = 0; row < e->n; row++) e->x[e->order[row]] = all[row];
  memset(e->fed_back, 0, k * sizeof *e->fed_back);
  for (size_t i = 0; i < e->n; i++) {
    for (size_t v = 0; v < k; v++) e->fed_back[v] += e->weights.decoders[i * k + v] * e->x[i];
  }
}

/* Adds what n static synapses of one source add to the rows of a block. */
static void add_row(const volley_static_synapse *synapses, uint64_t n, const uint32_t *rows, double x,
                    double *product) {
  for (uint64_t s = 0; s < n; s++) {
    const uint32_t target = rows[synapses[s].target];
    if (target != not_read) product[target] += (double)synapses[s].weight * x;
  }
}

/* Adds what all static synapses onto a block add to its rows. */
static void add_static(const volley_effective *e, const volley_block *block, const uint32_t *rows) {
  const volley_table *table = &block->table;
  uint32_t *targets = volley_block_targets(block);
  for (uint32_t t = 0; t < block->target_stride; t++) targets[t] = rows[targets[t]];
  volley_gid *gids = volley_source_index_gids(&table->sources);
  volley_static_synapse *synapses = NULL;
  uint64_t room = 0;
  for (uint32_t r = 0; r < table->sources.n_rows; r++) {
    const uint32_t number = number_of(e, gids[r]);
    if (number == not_read || e->x[number] == 0) continue; /* columns of a dense matrix come from vectors of one 1 */
    const uint64_t n = volley_table_count_row(table, r);
    if (n > room) synapses = volley_grow(synapses, room = 2 * n, sizeof *synapses, "eigenvalues");
    volley_table_read_row(table, r, synapses);
    add_row(synapses, n, targets, e->x[number], e->product);
  }
  free(synapses);
  free(gids);
  free(targets);
}

static uint64_t count_plastic(const volley_block *block) {
  uint64_t n = 0;
  for (int k = 0; k < block->n_plastic; k++) n += block->plastic[k].synapses;
  return n;
}

/* Where the plastic weights of block b begin among those of the rank. */
static const double *plastic_of(const volley_effective *e, int b) {
  const double *weights = e->weights.plastic;
  for (int earlier = 0; earlier < b; earlier++) weights += count_plastic(&e->weights.network->blocks[earlier]);
  return weights;
}

/* Adds what the plastic synapses of one projection add to the rows of a block. */
static void add_plastic(const volley_effective *e, const volley_plastic_table *plastic, const uint32_t *rows,
                        const double *weights, double *product) {
  for (uint32_t r = 0; r < plastic->n_groups; r++) {
    const volley_plastic_group *group = &plastic->groups[r];
    const uint32_t number = number_of(e, group->source);
    for (uint64_t s = group->first; number != not_read && s < group->first + group->count; s++) {
      const uint32_t target = rows[plastic->first_id + plastic->ids[s]];
      if (target != not_read) product[target] += weights[s] * e->x[number];
    }
  }
}

double *volley_spectrum_plastic(const volley_network *network, int64_t step) {
  uint64_t all = 0, at = 0;
  for (int b = 0; b < network->n_blocks; b++) all += count_plastic(&network->blocks[b]);
  double *weights = volley_alloc(all, sizeof *weights, "eigenvalues"), *states = NULL;
  for (int b = 0; b < network->n_blocks; b++) {
    for (int k = 0; k < network->blocks[b].n_plastic; k++) {
      const volley_plastic_table *plastic = &network->blocks[b].plastic[k];
      for (uint32_t r = 0; r < plastic->n_groups; r++) {
        const uint32_t count = plastic->groups[r].count;
        states =
            volley_grow(states, (size_t)count * ((size_t)plastic->model->n_states + 1), sizeof *states, "eigenvalues");
        const double *found = volley_plastic_table_look(plastic, r, step, 0, states);
        memcpy(weights + at + plastic->groups[r].first, found, count * sizeof *found);
      }
      at += plastic->synapses;
    }
  }
  free(states);
  return weights;
}

/* A readout may count time in another unit than the weights of its targets' model. */
static double feedback_gain(const volley_effective *e, const volley_slice *slice) {
  const volley_readout *readout = e->weights.readout;
  const double unit = e->weights.network->experiment->populations[slice->population].model->filter_unit;
  return readout->gains[slice->population] * readout->filter_unit / (unit > 0 ? unit : 1000);
}

/* Feedback into one slice. */
static void add_feedback(const volley_effective *e, const volley_slice *slice, const uint32_t *rows) {
  const volley_population *population = &e->weights.network->experiment->populations[slice->population];
  const double gain = feedback_gain(e, slice);
  const size_t k = (size_t)e->weights.readout->supervisor->dimension;
  for (uint32_t i = 0; i < slice->count; i++) {
    const size_t number = e->weights.first[slice->population] + volley_index_in(population, slice->gids[i]);
    double sum = 0;
    for (size_t v = 0; v < k; v++) sum += e->weights.eta[number * k + v] * e->fed_back[v];
    e->product[rows[slice->offset + i]] += gain * sum;
  }
}

/* The rows of the neurons of one thread's blocks. */
static void multiply_blocks(void *context, int thread) {
  volley_effective *e = context;
  const volley_network *network = e->weights.network;
  for (int b = thread; b < network->n_blocks; b += network->threads) {
    const volley_block *block = &network->blocks[b];
    add_static(e, block, e->rows[b]);
    const double *plastic = plastic_of(e, b);
    for (int k = 0; k < block->n_plastic; plastic += block->plastic[k++].synapses)
      add_plastic(e, &block->plastic[k], e->rows[b], plastic, e->product);
    for (int s = 0; s < block->n_slices && e->weights.eta; s++) {
      const volley_slice *slice = &block->slices[s];
      if (e->weights.first[slice->population] != not_read) add_feedback(e, slice, e->rows[b]);
    }
  }
}

/* Listens to signals, notes the magnitude of a product, and makes one that is beyond all measure 0: SLEPc then ends as it would, without an
 * error half way, and what it finds is not used. Collective. */
static void measure(volley_effective *e) {
  for (uint32_t row = 0; row < e->count; row++) {
    const double size = fabs(e->product[row]);
    e->magnitude = isnan(size) ? INFINITY : fmax(e->magnitude, size);
  }
  double all[] = {e->magnitude, (volley_signals_take() & VOLLEY_REQUEST_STOP) != 0};
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, all, 2, MPI_DOUBLE, MPI_MAX, e->weights.network->comm));
  e->magnitude = all[0];
  e->stopped = all[1];
  if (e->magnitude > VOLLEY_EFFECTIVE_LARGEST) memset(e->product, 0, e->count * sizeof *e->product);
}

/* Tells now and then how far it is. */
static void tell(volley_effective *e) {
  if (e->weights.network->rank != 0 || MPI_Wtime() - e->told < interval) return;
  e->told = MPI_Wtime();
  volley_progress_note("readout '%s': eigenvalues of the matrix %s: %u products with it so far",
                       e->weights.readout->name, e->when, e->products);
}

bool volley_effective_multiply(void *context, const double *x, double *y) {
  volley_effective *e = context;
  take_vector(e, x);
  e->product = y;
  volley_parallel(e->weights.network->threads, multiply_blocks, e);
  measure(e);
  e->products++;
  tell(e);
  return !(e->stopped > 0);
}

volley_effective volley_effective_open(const volley_effective_weights *weights, const char *when) {
  volley_effective e = {.weights = *weights, .n = weights->readout->reads.size, .when = when, .told = MPI_Wtime()};
  number_rows(&e);
  e.x = volley_alloc(e.n, sizeof *e.x, "eigenvalues");
  e.fed_back = volley_alloc((size_t)weights->readout->supervisor->dimension, sizeof *e.fed_back, "eigenvalues");
  return e;
}

void volley_effective_close(volley_effective *e) {
  for (int b = 0; b < e->weights.network->n_blocks; b++) free(e->rows[b]);
  free(e->rows);
  free(e->counts);
  free(e->order);
  free(e->x);
  free(e->fed_back);
}

#include "network/sources.h"

#include "base/progress.h"
#include "base/search.h"
#include "base/text.h"
#include "base/units.h"
#include "model/nodes.h"
#include "network/blocks.h"
#include "rule/edge_list.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A time as it counts, rounded to a multiple of the resolution: the double next to it where a ms is one, too. */
static double round_time(const volley_spike_plan *plan, double time) {
  const double resolution = plan->resolution;
  if (!(resolution > 0)) return time;
  const double n = volley_round_steps(time, resolution);
  return volley_is_whole_steps(1, resolution) ? n / volley_round_steps(1, resolution) : n * resolution;
}

/* The step at whose end a spike is stamped: 1 for dt. One of 0 or less is before the run. *is_off: the time is no whole number
 * of steps. */
static int64_t step_of(const volley_spike_plan *plan, double dt, double time, bool *is_off) {
  const double at = round_time(plan, time);
  *is_off = false;
  if (!(at > 0)) return 0;
  *is_off = !volley_is_whole_steps(at, dt);
  return (int64_t)(*is_off && plan->off_grid == VOLLEY_OFF_GRID_UP ? ceil(at / dt) : volley_round_steps(at, dt));
}

/* The spikes of a slice. */
typedef struct train_of_slice {
  double *times;   /* [n] ms as they were given; in a continuous run, rounded */
  uint16_t *where; /* [n] position in the slice */
  uint64_t n;
} train_of_slice;

/* They are at work as a generator, by time, or, in a continuous run, by neuron: they are added as inputs of their steps. */
struct volley_generator {
  VOLLEY_GENERATOR;
  train_of_slice train;
  const volley_slice *slice;
  uint32_t *firsts; /* where a neuron's begin, in a continuous run */
  volley_spike_plan plan;
  double dt;
  uint64_t next;
  int64_t due; /* step of the next */
};

static void find_due(volley_generator *g) {
  bool is_off;
  g->due = INT64_MAX;
  if (g->next < g->train.n) g->due = step_of(&g->plan, g->dt, g->train.times[g->next], &is_off) - 1;
}

static void apply(volley_generator *g, volley_slice *slice, int64_t step) {
  for (; g->due <= step; g->next++, find_due(g))
    if (g->due == step) slice->inputs[0][g->train.where[g->next]] += 1;
}

static void destroy(volley_generator *g) {
  free(g->train.times);
  free(g->train.where);
  free(g->firsts);
}

/* The spike of the cursor's number. */
static void look_at(const volley_generator *g, volley_cursor *cursor) {
  cursor->time = cursor->count < cursor->epoch ? g->train.times[cursor->count] : INFINITY;
  cursor->value = 1;
}

static void begin(const volley_generator *g, volley_gid gid, double from, volley_cursor *cursor) {
  uint32_t i = 0, k;
  VOLLEY_SEARCH(i, g->slice->count, s, g->slice->gids[s] < gid)
  k = g->firsts[i];
  cursor->epoch = g->firsts[i + 1];
  VOLLEY_SEARCH(k, cursor->epoch, s, g->train.times[s] <= from)
  cursor->count = k;
  look_at(g, cursor);
}

static void next(const volley_generator *g, volley_gid gid, volley_cursor *cursor) {
  (void)gid;
  cursor->count++;
  look_at(g, cursor);
}

static const volley_stimulus_events events = {begin, next};

static const volley_stimulus_kind given = {.name = "spikes", .apply = apply, .destroy = destroy, .events = &events};

/* The spikes of a population while they are taken. */
typedef struct taking {
  const volley_experiment *experiment;
  const volley_population *population;
  const volley_reader *reader;
  volley_edge_mail *mail;       /* NULL: they are only checked */
  const volley_edge_slab *slab; /* the present one */
  int file;                     /* the present one */
  uint64_t before, after;       /* of this rank's, how many lie outside of the run */
  uint64_t all;
} taking;

/* The index of what a file calls by an id, which are nodes where there are some; less than 0 or too large for none. */
static double index_of(const taking *t, uint64_t id) {
  const double number = (double)id - t->population->spikes->first_id;
  uint32_t index;
  if (!t->population->nodes) return number;
  return number >= 0 && volley_nodes_index(t->population->nodes, (uint64_t)number, &index) ? (double)index : -1;
}

static volley_status check_spike(const taking *t, uint64_t id, double index, double time) {
  const volley_spike_plan *plan = t->population->spikes;
  const double dt = t->experiment->simulation.dt;
  bool is_off = false;
  if (!t->experiment->simulation.continuous) (void)step_of(plan, dt, time, &is_off);
  if ((index < 0 || index >= plan->neurons) && t->population->nodes)
    return volley_fault(VOLLEY_USAGE, &plan->place, "a spike at %.10g ms of node %" PRIu64 ", which is no neuron of %s",
                        time, id, t->population->name);
  if (index < 0 || index >= plan->neurons)
    return volley_fault(VOLLEY_USAGE, &plan->place,
                        "a spike at %.10g ms of neuron %" PRIu64 ", but the neurons of %s are %.0f-%.0f", time, id,
                        t->population->name, plan->first_id, plan->first_id + plan->neurons - 1);
  if (!is_off || plan->off_grid != VOLLEY_OFF_GRID_REFUSE) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, &plan->place,
                      "the first time that is not a whole number of steps of dt = %g ms: %.10g ms, of neuron %" PRIu64
                      "; 'off_grid: nearest' or 'up' moves such times",
                      dt, time, id);
}

static uint64_t check(void *context, const volley_edge_slab *slab) {
  for (size_t e = 0; e < slab->count; e++)
    if (check_spike(context, slab->target[e], index_of(context, slab->target[e]), slab->weight[e]) != VOLLEY_OK)
      return volley_edge_number(slab, e);
  return UINT64_MAX;
}

/* Whether a time lies before the run (-1), within (0), or after it (1). */
static int place_of(const taking *t, double time) {
  const volley_simulation *simulation = &t->experiment->simulation;
  bool is_off;
  if (simulation->continuous) {
    const double at = round_time(t->population->spikes, time);
    return at < 0 ? -1 : at > volley_time_of(t->experiment, simulation->steps);
  }
  const int64_t step = step_of(t->population->spikes, simulation->dt, time, &is_off);
  return step < 1 ? -1 : step > simulation->steps;
}

/* A spike of a neuron that is there, if it lies within the run. */
static bool is_taken(taking *t, double index, double time) {
  const int place = place_of(t, time);
  t->all++;
  t->before += place < 0;
  t->after += place > 0;
  return place == 0 && index < t->population->size;
}

static void put_spikes(void *context) {
  taking *t = context;
  const volley_edge_slab *slab = t->slab;
  for (size_t e = 0; e < slab->count; e++) {
    const double index = index_of(t, slab->target[e]);
    if (is_taken(t, index, slab->weight[e]))
      volley_edge_mail_add(t->mail, &(volley_edge){.target = (uint32_t)index, .weight = slab->weight[e]});
  }
}

static void take(void *context, const volley_edge_slab *slab) {
  taking *t = context;
  if (t->mail->expected == 0) (void)volley_edge_mail_expect(t->mail, slab->expected);
  if (t->mail->failed) return;
  t->slab = slab;
  volley_edge_mail_fill(t->mail, put_spikes, t);
  (void)volley_edge_mail_send(t->mail, false);
}

/* Counts spikes that are only checked. */
static void count(void *context, const volley_edge_slab *slab) {
  for (size_t e = 0; e < slab->count; e++) (void)is_taken(context, 0, slab->weight[e]);
}

/* Puts this rank's spikes of lists, which every rank has, into its own. */
static void put_listed(void *context) {
  taking *t = context;
  const volley_spike_plan *plan = t->population->spikes;
  const volley_partition *partition = t->mail->partition;
  const int p = (int)(t->population - t->experiment->populations);
  for (int k = 0; k < plan->times.n; k++) {
    const double time = plan->times.values[k];
    const uint32_t own = plan->ids.n ? 1 : partition->counts[p];
    for (uint32_t i = 0; i < own; i++) {
      const uint32_t index =
          plan->ids.n ? (uint32_t)plan->ids.values[k] : volley_index_in(t->population, partition->gids[p][i]);
      if (plan->ids.n && index < t->population->size && volley_partition_owner(partition, p, index) != partition->rank)
        continue;
      if (is_taken(t, index, time))
        volley_edge_list_add(t->mail->list, &(volley_edge){.target = index, .weight = time});
    }
  }
}

static volley_status take_lists(taking *t) {
  const volley_spike_plan *plan = t->population->spikes;
  for (int k = 0; k < plan->times.n; k++) {
    const double index = plan->ids.n ? plan->ids.values[k] : 0;
    VOLLEY_TRY(check_spike(t, (uint64_t)index, index, plan->times.values[k]));
  }
  if (t->mail) volley_edge_mail_fill(t->mail, put_listed, t);
  return VOLLEY_OK;
}

/* All spikes of a population. Collective, agreed status. */
static volley_status take_all(void *context, volley_edge_mail *mail) {
  taking *t = context;
  const volley_spike_plan *plan = t->population->spikes;
  const volley_edge_taker taker = {t, check, mail ? take : count};
  t->mail = mail;
  for (t->file = 0; t->file < plan->n_files; t->file++)
    VOLLEY_TRY(t->reader->spikes(t->reader->context, plan, t->file, &taker));
  if (plan->n_files == 0) (void)take_lists(t);
  return VOLLEY_OK;
}

/* A spike of a slice: its time, and whose it is. */
typedef struct spike {
  double time; /* ms */
  uint16_t where;
} spike;

static int compare_trains(const void *a, const void *b) {
  const spike *x = a, *y = b;
  if (x->where != y->where) return x->where < y->where ? -1 : 1;
  return (x->time > y->time) - (x->time < y->time);
}

static int compare_times(const void *a, const void *b) {
  const spike *x = a, *y = b;
  if (x->time != y->time) return x->time < y->time ? -1 : 1;
  return (x->where > y->where) - (x->where < y->where);
}

/* The spikes of a population, which go to its slices. */
typedef struct dealing {
  volley_network *network;
  int population;
  volley_edge_list list;
} dealing;

static void find_firsts(volley_generator *g) {
  g->firsts = volley_alloc((size_t)g->slice->count + 1, sizeof *g->firsts, "spikes of sources");
  for (uint64_t k = 0; k < g->train.n; k++) g->firsts[g->train.where[k] + 1]++;
  for (uint32_t i = 0; i < g->slice->count; i++) g->firsts[i + 1] += g->firsts[i];
}

/* The spikes of a slice, from the first of the list's targets on that is not below it: [*n], in the order in which they are
 * looked at. */
static spike *sort_spikes(const dealing *d, const volley_slice *slice, bool continuous, uint64_t *n) {
  const volley_population *population = &d->network->experiment->populations[d->population];
  const uint32_t last = volley_index_in(population, slice->gids[slice->count - 1]);
  const volley_edge_list *list = &d->list;
  uint32_t k = volley_numbers_below(list->targets, list->n_targets, volley_index_in(population, slice->gids[0])),
           end = k;
  while (end < list->n_targets && list->targets[end] <= last) end++;
  *n = end > k ? list->firsts[end] - list->firsts[k] : 0;
  spike *spikes = volley_alloc(*n, sizeof *spikes, "spikes of sources");
  uint64_t s = 0;
  for (uint32_t i = 0; k < end; k++) {
    while (volley_index_in(population, slice->gids[i]) < list->targets[k]) i++;
    for (uint64_t e = list->firsts[k]; e < list->firsts[k + 1]; e++, s++) {
      volley_edge_list_weights(list, e, 1, &spikes[s].time);
      spikes[s].where = (uint16_t)i;
    }
  }
  qsort(spikes, *n, sizeof *spikes, continuous ? compare_trains : compare_times);
  return spikes;
}

/* Makes the input of a slice. */
static void make_train(const dealing *d, volley_block *block, int s) {
  const volley_slice *slice = &block->slices[s];
  const bool continuous = d->network->experiment->simulation.continuous;
  uint64_t n;
  spike *spikes = sort_spikes(d, slice, continuous, &n);
  if (n > 0) {
    volley_generator *g = volley_alloc(1, sizeof *g, "spikes of sources");
    *g = (volley_generator){.plan = *d->network->experiment->populations[d->population].spikes,
                            .dt = d->network->experiment->simulation.dt,
                            .slice = slice};
    g->train = (train_of_slice){volley_alloc(n, sizeof(double), "spikes of sources"),
                                volley_alloc(n, sizeof(uint16_t), "spikes of sources"), n};
    volley_block_add_input(block, (volley_input){.kind = &given, .generator = g, .slice = s});
    for (uint64_t k = 0; k < n; k++) {
      g->train.times[k] = continuous ? round_time(&g->plan, spikes[k].time) : spikes[k].time;
      g->train.where[k] = spikes[k].where;
    }
    if (continuous)
      find_firsts(g);
    else
      find_due(g);
  }
  free(spikes);
}

static void deal(void *context) {
  const dealing *d = context;
  for (int b = 0; b < d->network->n_blocks; b++) {
    volley_block *block = &d->network->blocks[b];
    for (int s = 0; s < block->n_slices; s++)
      if (block->slices[s].population == d->population) make_train(d, block, s);
  }
}

/* Tells of spikes that lie outside of the run. Collective. */
static void tell(const taking *t, const volley_network *network) {
  const volley_simulation *simulation = &t->experiment->simulation;
  uint64_t outside[2] = {t->before, t->after};
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, outside, 2, MPI_UINT64_T, MPI_SUM, network->comm));
  if (network->rank > 0) return;
  if (outside[0] > 0 && simulation->continuous)
    volley_progress_note("note: of the given spikes of %s %" PRIu64 " are left out, which lie before 0 ms",
                         t->population->name, outside[0]);
  else if (outside[0] > 0)
    volley_progress_note("note: of the given spikes of %s %" PRIu64
                         " are left out, which lie before the end of the first "
                         "step at %g ms",
                         t->population->name, outside[0], simulation->dt);
  if (outside[1] > 0)
    volley_progress_note("note: of the given spikes of %s %" PRIu64
                         " are left out, which lie behind the end of the run at "
                         "%.10g ms",
                         t->population->name, outside[1], volley_time_of(t->experiment, simulation->steps));
}

/* Takes away the spikes of a population that are at work. */
static void take_away(volley_network *network, int p) {
  for (int b = 0; b < network->n_blocks; b++) {
    volley_block *block = &network->blocks[b];
    int left = 0;
    for (int d = 0; d < block->n_generated; d++) {
      const volley_input *input = &block->generated[d];
      if (input->kind == &given && block->slices[input->slice].population == p)
        volley_generator_destroy(input->kind, input->generator);
      else
        block->generated[left++] = *input;
    }
    block->n_generated = left;
  }
}

volley_status volley_sources_renew(volley_network *network, int p, const volley_reader *reader) {
  const volley_experiment *experiment = network->experiment;
  taking t = {.experiment = experiment, .population = &experiment->populations[p], .reader = reader};
  dealing d = {.network = network, .population = p, .list = {.has_weights = true, .wide_weights = true}};
  volley_status status = volley_edge_list_gather(network->partition, p, network->comm, take_all, &t, &d.list);
  if (status == VOLLEY_OK) status = volley_agree(network->comm);
  if (status == VOLLEY_OK) take_away(network, p);
  if (status == VOLLEY_OK) (void)volley_memory_try(deal, &d);
  volley_edge_list_release(&d.list);
  VOLLEY_TRY(status);
  VOLLEY_TRY(volley_agree_one(network->comm));
  tell(&t, network);
  return VOLLEY_OK;
}

volley_status volley_sources_load(volley_network *network, const volley_reader *reader) {
  for (int p = 0; p < network->experiment->n_populations; p++)
    if (network->experiment->populations[p].spikes) VOLLEY_TRY(volley_sources_renew(network, p, reader));
  return VOLLEY_OK;
}

/* Notes how many spikes there are, and the rate that this is. */
static void note_count(const volley_experiment *experiment, volley_population *population, uint64_t spikes) {
  const double seconds = 1e-3 * (double)experiment->simulation.steps * experiment->simulation.dt;
  population->spikes->count = spikes;
  population->mean_rate = (double)spikes / population->size / seconds;
}

volley_status volley_sources_check(volley_experiment *experiment, int p, const volley_reader *reader, MPI_Comm comm) {
  taking t = {.experiment = experiment, .population = &experiment->populations[p], .reader = reader};
  if (!t.population->spikes || t.population->spikes->n_files == 0) return VOLLEY_OK;
  VOLLEY_TRY(take_all(&t, NULL));
  uint64_t spikes = t.all - t.before - t.after;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &spikes, 1, MPI_UINT64_T, MPI_SUM, comm));
  note_count(experiment, &experiment->populations[p], spikes);
  return VOLLEY_OK;
}

volley_status volley_sources_count(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_spike_plan *plan = experiment->populations[p].spikes;
    taking t = {.experiment = experiment, .population = &experiment->populations[p], .reader = reader};
    uint64_t spikes = plan ? plan->count : 0, of_file;
    if (!plan) continue;
    if (plan->n_files > 0)
      spikes = 0;
    else
      (void)take_lists(&t);
    for (int f = 0; f < plan->n_files; f++, spikes += of_file)
      VOLLEY_TRY(reader->count_spikes(reader->context, plan, f, &of_file));
    note_count(experiment, &experiment->populations[p], spikes);
  }
  return volley_agree(comm);
}

double volley_sources_expected_bytes(const volley_experiment *experiment, int ranks, double *building) {
  const volley_edge_list list = {.has_weights = true, .wide_weights = true};
  double bytes = 0;
  *building = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    if (!experiment->populations[p].spikes) continue;
    const double spikes = (double)experiment->populations[p].spikes->count / ranks;
    bytes += spikes * (sizeof(double) + sizeof(uint16_t));
    *building = fmax(*building, spikes * (double)volley_edge_list_bytes(&list));
  }
  return bytes;
}

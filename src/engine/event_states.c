/* Blocks of a continuous run from and to the network's slices. */
#include "engine/event_block.h"

#include "base/memory.h"
#include "model/change.h"
#include "network/normalize.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char what[] = "the neurons of a block";

static void add_cursors(volley_event_slice *s, const volley_experiment *experiment) {
  const volley_slice *slice = s->slice;
  s->firsts = volley_alloc((size_t)slice->count + 1, sizeof *s->firsts, what);
  uint32_t n = 0, column, *reached = volley_alloc((size_t)s->n_inputs, sizeof *reached, what);
  for (int fills = 0; fills < 2; fills++) {
    n = 0;
    for (uint32_t i = 0; i < slice->count; i++) {
      s->firsts[i] = n;
      for (int k = 0; k < s->n_inputs; k++) {
        const volley_stimulus *stimulus = &experiment->stimuli[s->inputs[k].number];
        const uint32_t index = volley_index_in(&experiment->populations[slice->population], slice->gids[i]);
        if (s->inputs[k].is_stimulus && !volley_selection_column(&stimulus->neurons, index, &column)) continue;
        if (fills) s->cursors[n].number = (uint32_t)k;
        if (fills) s->cursors[n].i = reached[k]++;
        n++;
      }
    }
    s->firsts[slice->count] = n;
    if (!fills) s->cursors = volley_alloc(n, sizeof *s->cursors, what);
  }
  free(reached);
}

/* Sets the cursors of a neuron behind all events up to `from`; adds up its current. Returns the time of its next event. */
static double begin_cursors(const volley_event_slice *s, uint32_t i, double from, double *current) {
  double next = INFINITY;
  const volley_gid gid = s->slice->gids[i];
  *current = s->background;
  for (uint32_t k = s->firsts ? s->firsts[i] : 0; s->firsts && k < s->firsts[i + 1]; k++) {
    volley_cursor *cursor = &s->cursors[k];
    const volley_input *input = &s->inputs[cursor->number];
    const volley_stimulus_events *events = input->kind->events;
    for (events->begin(input->generator, gid, from, cursor); cursor->time <= from;) {
      if (input->kind->is_current) cursor->now = cursor->value;
      events->next(input->generator, gid, cursor);
    }
    if (input->kind->is_current) *current += cursor->now;
    next = fmin(next, cursor->time);
  }
  return next;
}

static void make_slice(volley_event_block *b, int s, const volley_experiment *experiment) {
  volley_slice *slice = &b->block->slices[s];
  volley_event_slice *made = &b->slices[s];
  const volley_population *population = &experiment->populations[slice->population];
  *made = (volley_event_slice){.slice = slice, .model = population->model->events};
  made->n_states = volley_cell_states(population->model);
  made->background = population->background_current;
  const volley_input *end = b->block->generated + b->block->n_generated;
  made->inputs = b->block->generated;
  while (made->inputs < end && made->inputs->slice < s) made->inputs++;
  while (made->inputs + made->n_inputs < end && made->inputs[made->n_inputs].slice == s) made->n_inputs++;
  if (made->n_inputs > 0) add_cursors(made, experiment);
  for (uint32_t id = slice->offset; id < slice->offset + slice->count; id += VOLLEY_NEIGHBOURS)
    b->slice_of[id / VOLLEY_NEIGHBOURS] = (uint32_t)s;
}

/* The cells of a slice, which all look at what they have to do at once. */
static void fill_cells(volley_event_block *b, int s, double from) {
  const volley_event_slice *of = &b->slices[s];
  const volley_slice *slice = of->slice;
  const int refractory = of->model->refractory;
  const bool resumes = !isnan(from);
  for (uint32_t i = 0; i < slice->count; i++) {
    volley_cell *cell = volley_cell_of(b, slice->offset + i);
    const double left = refractory >= 0 ? slice->states[refractory][i] : -1;
    cell->time = resumes ? slice->times[i] : 0;
    cell->until = resumes || left > 0 ? left : -1;
    for (size_t k = 0; k < of->n_states; k++) cell->y[k] = slice->states[k][i];
    const double next = begin_cursors(of, i, resumes ? from : -1, &cell->current);
    const double own = cell->until >= 0 ? cell->until
                       : of->model->next
                           ? cell->time + of->model->next(volley_cell_coefficients(of, i), cell->y, cell->current, -1)
                           : INFINITY;
    cell->wake = fmin(own, next);
    cell->bucket = VOLLEY_NO_BUCKET;
    const double begin = resumes ? nextafter(from, INFINITY) : 0;
    volley_event_block_alarm(b, slice->offset + i, volley_calendar_bucket(&b->calendar, begin));
  }
}

volley_event_block volley_event_block_create(const volley_network *network, int number, double width, double from) {
  const volley_experiment *experiment = network->experiment;
  volley_block *block = &network->blocks[number];
  volley_event_block b = {.block = block, .calendar = volley_calendar_create(width, network->longest)};
  b.slices = volley_alloc((size_t)block->n_slices, sizeof *b.slices, what);
  b.slice_of = volley_alloc(block->stride / VOLLEY_NEIGHBOURS + 1, sizeof *b.slice_of, what);
  b.targets = volley_block_targets(block);
  b.heads = volley_alloc(block->stride, sizeof *b.heads, what);
  for (uint32_t id = 0; id < block->stride; id++) b.heads[id] = VOLLEY_IDLE;
  size_t most = 0;
  for (int s = 0; s < block->n_slices; s++) {
    make_slice(&b, s, experiment);
    if (b.slices[s].n_states > most) most = b.slices[s].n_states;
  }
  b.cell_bytes = volley_cell_bytes(most);
  b.cells = volley_alloc_huge(block->stride * b.cell_bytes, what);
  if (!isnan(from))
    (void)volley_calendar_open(&b.calendar, volley_calendar_bucket(&b.calendar, nextafter(from, INFINITY)));
  for (int s = 0; s < block->n_slices; s++) fill_cells(&b, s, from);
  for (int k = 0; k < block->n_plastic && !isnan(from); k++) block->plastic[k].swept_time = from;
  return b;
}

void volley_event_block_free(volley_event_block *b) {
  for (int s = 0; s < b->block->n_slices; s++) {
    free(b->slices[s].firsts);
    free(b->slices[s].cursors);
  }
  volley_calendar_free(&b->calendar);
  free(b->slices);
  free(b->slice_of);
  free(b->targets);
  volley_table_free(b->cells, b->block->stride * b->cell_bytes);
  free(b->heads);
  free(b->sorted);
  free(b->touched);
  free(b->visits);
  free(b->fired.spikes);
}

/* What a neuron is at `time`; y: [n_states]. Returns what is left of its refractory period. */
static double states_at(const volley_event_block *b, int s, uint32_t i, double time, double *y) {
  const volley_event_slice *of = &b->slices[s];
  const double *c = volley_cell_coefficients(of, i);
  const volley_cell *cell = volley_cell_of(b, of->slice->offset + i);
  double now = cell->time;
  memcpy(y, cell->y, of->n_states * sizeof *y);
  if (cell->until >= 0 && cell->until < time) {
    of->model->advance(c, y, cell->until - now, cell->current, true);
    if (of->model->release) of->model->release(c, y);
    now = cell->until;
  }
  const bool held = cell->until >= time;
  if (time > now) of->model->advance(c, y, time - now, cell->current, held);
  if (of->model->bound && !held) of->model->bound(c, y);
  return held ? cell->until - time : 0;
}

void volley_event_block_show(const volley_event_block *b, int s, double time) {
  double y[VOLLEY_MAX_STATES];
  const volley_event_slice *of = &b->slices[s];
  for (uint32_t i = 0; i < of->slice->count; i++) {
    const double left = states_at(b, s, i, time, y);
    for (size_t k = 0; k < of->n_states; k++) of->slice->states[k][i] = y[k];
    if (of->model->refractory >= 0) of->slice->states[of->model->refractory][i] = left;
  }
}

void volley_event_block_leave(const volley_event_block *b, double time) {
  for (int k = 0; k < b->block->n_plastic; k++) volley_plastic_sweep_to(&b->block->plastic[k], time);
  for (int s = 0; s < b->block->n_slices; s++) {
    const volley_event_slice *of = &b->slices[s];
    for (uint32_t i = 0; i < of->slice->count; i++) {
      const volley_cell *cell = volley_cell_of(b, of->slice->offset + i);
      for (size_t k = 0; k < of->n_states; k++) of->slice->states[k][i] = cell->y[k];
      if (of->model->refractory >= 0) of->slice->states[of->model->refractory][i] = cell->until;
      of->slice->times[i] = cell->time;
    }
  }
}

void volley_event_block_normalize(const volley_event_block *b, int64_t step, double time) {
  for (int k = 0; k < b->block->n_plastic; k++) {
    volley_plastic_table *plastic = &b->block->plastic[k];
    const bool restores = plastic->sums && step % plastic->plan->normalize == 0;
    if (!restores && !volley_weights_change(plastic->plan, step)) continue;
    volley_plastic_sweep_to(plastic, time);
    volley_plastic_table_change(plastic, step);
    if (restores) volley_plastic_table_normalize(plastic);
  }
}

int64_t volley_event_next_normalize(const volley_experiment *experiment, int64_t from) {
  int64_t next = INT64_MAX;
  for (int p = 0; p < experiment->n_projections; p++) {
    const int64_t every = experiment->projections[p].plasticity.normalize;
    const int64_t step = every > 0 ? (from + every - 1) / every * every : INT64_MAX;
    const int64_t change = volley_weights_will_change(&experiment->projections[p].plasticity, from);
    if (step < next) next = step;
    if (change < next) next = change;
  }
  return next;
}

/* Whether what was shown has been changed. */
static bool is_changed(const volley_event_slice *of, uint32_t i, const double *y, double left) {
  const int refractory = of->model->refractory;
  for (size_t k = 0; k < of->n_states; k++)
    if ((int)k != refractory && of->slice->states[k][i] != y[k]) return true;
  return refractory >= 0 && of->slice->states[refractory][i] != left;
}

void volley_event_block_adopt(volley_event_block *b, double time, int population) {
  double y[VOLLEY_MAX_STATES];
  const int64_t bucket = volley_calendar_bucket(&b->calendar, nextafter(time, INFINITY));
  for (int s = 0; s < b->block->n_slices; s++) {
    const volley_event_slice *of = &b->slices[s];
    const int refractory = of->model->refractory;
    if (population >= 0 && of->slice->population != population) continue;
    for (uint32_t i = 0; i < of->slice->count; i++) {
      volley_cell *cell = volley_cell_of(b, of->slice->offset + i);
      if (population < 0 && !is_changed(of, i, y, states_at(b, s, i, time, y))) continue;
      for (size_t k = 0; k < of->n_states; k++) cell->y[k] = of->slice->states[k][i];
      const double left = refractory >= 0 ? of->slice->states[refractory][i] : 0;
      cell->until = left > 0 ? time + left : -1;
      cell->time = cell->wake = time;
      volley_event_block_alarm(b, of->slice->offset + i, bucket);
    }
  }
}

volley_status volley_event_blocks_balance(const volley_event_block *blocks, const volley_network *network) {
  enum { SENT, TAKEN, LEFT, BACKWARDS, N };
  uint64_t sums[N] = {0};
  for (int b = 0; b < network->n_blocks; b++) {
    sums[SENT] += blocks[b].sent;
    sums[TAKEN] += blocks[b].taken;
    sums[LEFT] += volley_calendar_arrivals(&blocks[b].calendar);
    sums[BACKWARDS] += blocks[b].backwards;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, sums, N, MPI_UINT64_T, MPI_SUM, network->comm));
  const bool fits = sums[SENT] == sums[TAKEN] + sums[LEFT] && sums[BACKWARDS] == 0;
  if (network->rank == 0)
    fprintf(stderr,
            "volley: events: %" PRIu64 " sent, %" PRIu64 " taken, %" PRIu64 " left, %" PRIu64 " back in time: %s\n",
            sums[SENT], sums[TAKEN], sums[LEFT], sums[BACKWARDS], fits ? "right" : "wrong");
  if (!fits) volley_fault(VOLLEY_FAILURE, NULL, "the books of events do not balance");
  return volley_agree(network->comm);
}

/* Cells, which those of a block have alike, ways through stimuli, spikes that may be on their way, which all ranks know, their
 * pieces in the queue, and what arrives in a bucket, laid out; arrays double. */
double volley_event_blocks_expected_bytes(const volley_experiment *experiment, int ranks, int blocks,
                                          const volley_event_traffic *traffic) {
  const double doubled = 2, scratch = 2, ids = 2 * sizeof(uint32_t), firsts = sizeof(uint32_t);
  size_t cell = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    const size_t own = volley_cell_bytes(volley_cell_states(experiment->populations[p].model));
    if (own > cell) cell = own;
  }
  double bytes = ((double)cell + ids) * ceil((double)experiment->neurons / ranks);
  for (int s = 0; s < experiment->n_stimuli; s++)
    bytes += (sizeof(volley_cursor) + firsts) * experiment->stimuli[s].neurons.count / ranks;
  if (!(traffic->shortest > 0) || !(traffic->spikes > 0)) return bytes;
  const double buckets = 1 + ceil((traffic->longest - traffic->shortest) / traffic->shortest);
  const double pieces = blocks * fmin(buckets, traffic->events / traffic->spikes / ranks / blocks);
  const double under_way = traffic->spikes * traffic->longest, in_bucket = traffic->events * traffic->shortest / ranks;
  return bytes + doubled * (under_way * (sizeof(volley_timed_spike) + pieces * sizeof(volley_sending)) +
                            scratch * in_bucket * sizeof(volley_arrival));
}

/* The clock-driven engine: all neurons take the same steps of length dt.
 *
 * What a step is made of, and who waits for whom:
 *
 *   A  each thread, block by block of its own: deliver what is due, add stimuli, sample, update, list who spiked
 *      -- barrier 1 --
 *   B  thread 0: exchange spikes, tell the observers, see what is to be done after the step; the others wait
 *      -- barrier 2 --
 *   C  each thread, block by block of its own: deliver the spikes that have become known, to lists or sums of later steps
 *   D  all threads, in few steps: the observers' work; thread 0: a checkpoint; each begins or ends with a barrier
 *
 * A, and C, of different blocks overlap in any order: they write to nothing but the block, its lane and what observers
 * keep for it. Barrier 1 puts all of them before B, which reads the lists of spikes and the samples of all blocks. Barrier 2
 * puts B before C and D: the flags, the spikes that the exchange has handed out, outputs that are fed back. A checkpoint
 * waits for C of all blocks, since it tells their events. There is no barrier between C and the next A where D has nothing to do: a thread that is done with its blocks goes on while others still read the spikes, which
 * stay until the exchange completes more of them, in a B, beyond the next barrier 1. For the same reason the status may be
 * read without a lock: it is written in B and D only.
 *
 * Where there is no memory for A, B or C a thread ends it there, with a fault: what it holds may be anything from then on, but
 * fits together. The rank takes part in all that is collective until the fault, which travels like a request, has come to
 * all ranks; nothing is saved before.
 *
 * MPI is called by thread 0 alone, in B and D. Batches of spikes that are not due yet travel during A and C. All ranks come to
 * the same calls in the same order, since what decides (steps, requests, agreed statuses) is the same on all of them. */
#include "base/parallel.h"
#include "base/signals.h"
#include "engine/choice.h"
#include "engine/engine.h"
#include "engine/history.h"
#include "engine/lane.h"
#include "engine/rank_watch.h"
#include "engine/stopwatch.h"
#include "engine/unsolved.h"
#include "exchange/gids.h"

#include <stdlib.h>
#include <string.h>

typedef struct engine {
  volley_network *network;
  const volley_observer *observers;
  int n_observers;
  const volley_saver *saver; /* or NULL */
  volley_lane *lanes;        /* [n_lanes] one a block */
  int n_lanes;
  volley_exchange exchange;
  volley_exchanged exchanged;   /* what became known with the present step */
  volley_gid_list own, scratch; /* this rank's spikes of the present step, for observers that want no others */
  volley_history history;
  bool has_work, saves; /* after the present step */
  unsigned requests;    /* of all ranks, not yet acted on; the same on every rank */
  volley_status status;
  int64_t first_step, step, until; /* of this process; the next; that of the present call */
  bool ended;                      /* the last samples are taken */
  uint64_t known_spikes;
  volley_tally before; /* counted before first_step, of the whole network */
  volley_barrier barrier;
  volley_stopwatch *watches; /* [threads] */
  volley_timespan time;      /* spent in advance() */
  volley_rank_watch watch;
} engine;

/* Adds the input of the stimuli to one slice. Currents start each step from the constant background. */
static void apply_stimuli(const volley_experiment *experiment, volley_slice *slice, const volley_input *generated,
                          int n, int64_t step) {
  bool is_reset = false;
  for (int d = 0; d < n; d++) {
    if (generated[d].kind->is_current && !is_reset) {
      const double background = experiment->populations[slice->population].background_current;
      for (uint32_t i = 0; i < (slice->current_stride ? slice->count : 1); i++) slice->current[i] = background;
      is_reset = true;
    }
    generated[d].kind->apply(generated[d].generator, slice, step);
  }
}

/* Brings the input of a slice up to the time step * dt, samples it there and takes it one step further. */
static void take_slice(engine *e, int b, int s, const volley_input *generated, int n, int64_t step,
                       volley_stopwatch *watch) {
  const volley_experiment *experiment = e->network->experiment;
  volley_slice *slice = &e->network->blocks[b].slices[s];
  apply_stimuli(experiment, slice, generated, n, step);
  volley_book(watch, VOLLEY_PHASE_STIMULI);
  for (int o = 0; o < e->n_observers; o++) {
    if (e->observers[o].sample) e->observers[o].sample(e->observers[o].context, b, s, step);
  }
  if (step < experiment->simulation.steps) {
    slice->step = step;
    if (slice->given_up == 0) {
      experiment->populations[slice->population].model->update(slice, &e->lanes[b].spikes);
      if (slice->given_up > 0) volley_report_unsolved(experiment, slice, step);
    }
  }
  volley_book(watch, VOLLEY_PHASE_UPDATE);
}

/* A: takes one block from step * dt to (step + 1) * dt; at the end of the experiment only to its last sample. */
static void take_block(engine *e, int b, int64_t step, volley_stopwatch *watch) {
  volley_lane *lane = &e->lanes[b];
  const volley_block *block = lane->block;
  for (int o = 0; o < e->n_observers; o++) {
    if (e->observers[o].before) e->observers[o].before(e->observers[o].context, b, step);
  }
  volley_lane_deliver(lane, step, watch);
  for (int s = 0, d = 0; s < block->n_slices; s++) {
    int n = 0;
    while (d + n < block->n_generated && block->generated[d + n].slice == s) n++;
    take_slice(e, b, s, block->generated + d, n, step, watch);
    d += n;
  }
  volley_lane_take_spikes(lane, e->network->experiment, step);
  volley_book(watch, VOLLEY_PHASE_EXCHANGE);
}

static void list_own(void *context) {
  engine *e = context;
  e->own.n = 0;
  for (int b = 0; b < e->network->n_blocks; b++) {
    const volley_gid_list *fired = &e->lanes[b].fired;
    volley_gid_list_reserve(&e->own, e->own.n + fired->n);
    if (fired->n > 0) memcpy(e->own.gids + e->own.n, fired->gids, fired->n * sizeof *fired->gids);
    e->own.n += fired->n;
  }
  volley_gid_list_reserve(&e->scratch, e->own.n);
  volley_gids_sort(e->own.gids, e->own.n, e->scratch.gids);
}

/* Tells observers that want no others of this rank's spikes. */
static volley_status tell_of_own(engine *e, int64_t step) {
  bool is_listed = false;
  for (int o = 0; o < e->n_observers; o++) {
    const volley_observer *observer = &e->observers[o];
    if (!observer->own || !observer->spikes) continue;
    if (!is_listed) (void)volley_memory_try(list_own, e);
    is_listed = true;
    VOLLEY_TRY(observer->spikes(observer->context, step, e->own.gids, e->own.n));
  }
  return VOLLEY_OK;
}

static volley_status tell_observers(engine *e, int64_t step) {
  if (step < e->until) VOLLEY_TRY(tell_of_own(e, step));
  for (int o = 0; o < e->n_observers; o++) {
    const volley_observer *observer = &e->observers[o];
    for (int s = 0; s < e->exchanged.n_steps && observer->spikes && !observer->own; s++) {
      const volley_step_spikes *spikes = &e->exchanged.steps[s];
      VOLLEY_TRY(observer->spikes(observer->context, spikes->step, spikes->gids, spikes->n));
    }
    if (observer->advance) VOLLEY_TRY(observer->advance(observer->context, step));
  }
  return VOLLEY_OK;
}

static bool has_work(const volley_observer *observer, int64_t step) {
  return observer->has_work && observer->has_work(observer->context, step);
}

static void hand_over(void *context) {
  engine *e = context;
  for (int b = 0; b < e->network->n_blocks; b++) {
    const volley_gid_list *fired = &e->lanes[b].fired;
    e->exchange.kind->add(e->exchange.state, fired->gids, fired->n);
    volley_history_add(&e->history, e->step, fired->gids, fired->n);
    e->watch.sent += fired->n;
  }
}

/* Hands the spikes of a step to the other ranks and takes those that are due from them, or all. */
static void exchange_spikes(engine *e, int64_t step, bool all, volley_stopwatch *watch) {
  const volley_exchange *exchange = &e->exchange;
  unsigned requests = e->saver ? e->saver->ask(e->saver->context) : 0;
  e->step = step;
  volley_rank_watch_stop(&e->watch, step, watch->last);
  (void)volley_memory_try(hand_over, e);
  if (volley_local_status() != VOLLEY_OK) requests |= VOLLEY_REQUEST_FAIL;
  exchange->kind->post(exchange->state, requests, all);
  e->exchanged = exchange->kind->complete(exchange->state, step, all);
  e->requests |= e->exchanged.requests;
  e->known_spikes += e->exchanged.spikes;
  volley_book(watch, VOLLEY_PHASE_EXCHANGE);
  volley_rank_watch_start(&e->watch, &e->exchanged, watch->last);
  watch->waited += e->exchanged.waited;
}

/* B: exchanges spikes, tells the observers, and finds out what is to be done after the step. */
static void exchange_and_tell(engine *e, int64_t step, volley_stopwatch *watch) {
  const bool is_step = step < e->until; /* not only the last samples */
  e->saves = is_step && e->saver && (e->requests || e->saver->is_due(e->saver->context, step + 1));
  e->exchanged.n_steps = e->exchanged.n_parts = 0;
  if (is_step) exchange_spikes(e, step, e->saves || step + 1 == e->until, watch);
  const bool fails = (e->requests & VOLLEY_REQUEST_FAIL) != 0;
  e->status = fails ? volley_agree(e->network->comm) : tell_observers(e, step);
  e->has_work = false;
  for (int o = 0; o < e->n_observers && is_step; o++) e->has_work |= has_work(&e->observers[o], step);
  volley_book(watch, VOLLEY_PHASE_RECORD);
}

/* The observers' work after a step, by all threads. */
static void do_observers_work(engine *e, int64_t step, int thread) {
  for (int o = 0; o < e->n_observers; o++) {
    const volley_observer *observer = &e->observers[o];
    if (!has_work(observer, step)) continue;
    const volley_status status = observer->work(observer->context, thread, &e->barrier);
    if (thread == 0 && e->status == VOLLEY_OK) e->status = status;
  }
  volley_barrier_wait(&e->barrier);
}

/* All that this process has counted, on all ranks, and what was counted before. Collective; owned by the caller. */
static volley_tally sum_tallies(const engine *e) {
  volley_tally sum = volley_tally_create(e->network->experiment);
  for (int b = 0; b < e->network->n_blocks; b++) {
    const volley_lane *lane = &e->lanes[b];
    volley_tally_add(&sum, &lane->tally);
    sum.sums[VOLLEY_TALLY_EVENTS] += lane->arrivals.events + lane->plastic.events;
    sum.sums[VOLLEY_TALLY_BYTES] += lane->arrivals.bytes;
  }
  volley_tally_reduce(&sum, e->network->comm);
  volley_tally_add(&sum, &e->before);
  return sum;
}

/* The state of the run before `step`. Collective. */
static void fill_state(const engine *e, int64_t step, volley_run_state *state) {
  volley_tally sum = sum_tallies(e);
  *state = volley_tally_state(&sum, e->network, step);
  volley_history_fill(&e->history, e->network->comm, state);
  memcpy(state->counts, sum.sums + VOLLEY_TALLY_COUNTS, (size_t)state->n_populations * sizeof *state->counts);
  volley_tally_free(&sum);
}

/* Saves the run as it is before `step`: all spikes up to then are known to all ranks. */
static volley_status save(engine *e, int64_t step) {
  const bool stops = (e->requests & VOLLEY_REQUEST_STOP) != 0;
  volley_run_state state;
  fill_state(e, step, &state);
  e->requests = 0;
  volley_status status = volley_agree(e->network->comm); /* nothing is saved by a rank that has a fault */
  if (status == VOLLEY_OK) status = e->saver->save(e->saver->context, &state, stops);
  volley_run_state_release(&state);
  return status == VOLLEY_OK && stops ? VOLLEY_STOPPED : status;
}

/* D: what is to be done after a step, by all threads. */
static void work_and_save(engine *e, int64_t step, int thread, volley_stopwatch *watch) {
  if (e->has_work && e->status == VOLLEY_OK) {
    do_observers_work(e, step, thread);
    volley_book(watch, VOLLEY_PHASE_LEARN);
  }
  if (e->saves && e->status == VOLLEY_OK) {
    volley_barrier_wait(&e->barrier); /* all have seen that there is something to save */
    if (thread == 0) e->status = save(e, step + 1);
    volley_barrier_wait(&e->barrier);
    volley_book(watch, VOLLEY_PHASE_SAVE);
  }
}

/* C: delivers spikes that have become known to a block. */
static void schedule_spikes(engine *e, int b, volley_stopwatch *watch) {
  int n;
  const volley_step_spikes *lists = volley_exchanged_lists(&e->exchanged, &n);
  for (int s = 0; s < n; s++) volley_lane_schedule(&e->lanes[b], lists[s].step, lists[s].gids, lists[s].n, watch);
}

/* What a thread does in a step with the blocks that are its own. */
typedef struct share {
  engine *e;
  int thread;
  int64_t step;
  volley_stopwatch *watch;
} share;

static void take_blocks(void *context) {
  const share *s = context;
  for (int b = s->thread; b < s->e->network->n_blocks; b += s->e->network->threads)
    take_block(s->e, b, s->step, s->watch);
}

static void schedule_blocks(void *context) {
  const share *s = context;
  for (int b = s->thread; b < s->e->network->n_blocks; b += s->e->network->threads) schedule_spikes(s->e, b, s->watch);
}

/* The steps up to `until`; at the end of the experiment a pass more for the samples of that time. */
static void take_steps(void *context, int thread) {
  engine *e = context;
  const int64_t end = e->until + (e->until == e->network->experiment->simulation.steps);
  volley_stopwatch *watch = &e->watches[thread];
  const unsigned mode = volley_flush_subnormals();
  watch->last = volley_ticks();
  for (share s = {e, thread, e->step, watch}; s.step < end; s.step++) {
    (void)volley_memory_try(take_blocks, &s);
    volley_barrier_wait(&e->barrier); /* 1 */
    volley_book(watch, VOLLEY_PHASE_WAIT);
    if (thread == 0) exchange_and_tell(e, s.step, watch);
    volley_barrier_wait(&e->barrier); /* 2 */
    if (thread != 0) volley_book(watch, VOLLEY_PHASE_WAIT);
    if (e->status != VOLLEY_OK) break;
    (void)volley_memory_try(schedule_blocks, &s);
    work_and_save(e, s.step, thread, watch);
    if (e->status != VOLLEY_OK) break;
  }
  volley_restore_subnormals(mode);
}

static volley_status advance(void *context, int64_t until) {
  engine *e = context;
  if (e->ended) return VOLLEY_OK;
  e->until = until;
  e->watch.since = 0;
  VOLLEY_MPI(MPI_Barrier(e->network->comm));
  const volley_timespan start = volley_now();
  volley_parallel(e->network->threads, take_steps, e);
  volley_timespan_add(&e->time, start);
  e->step = until;
  if (e->status == VOLLEY_OK) e->status = volley_agree(e->network->comm); /* also on faults of the last step */
  e->ended = until == e->network->experiment->simulation.steps;
  return e->status;
}

static uint64_t known_spikes(const void *context) { return ((const engine *)context)->known_spikes; }

static void get_state(const void *context, volley_run_state *state) {
  const engine *e = context;
  fill_state(e, e->step, state);
}

static void summarize(const void *context, volley_summary *summary) {
  const engine *e = context;
  volley_tally sum = sum_tallies(e);
  volley_way_figures ways[VOLLEY_WAYS] = {0};
  for (int b = 0; b < e->network->n_blocks; b++) volley_lane_tell(&e->lanes[b], volley_tick(&e->time), ways);
  const volley_run_figures figures = {.network = e->network,
                                      .first_step = e->first_step,
                                      .step = e->step,
                                      .sums = sum.sums,
                                      .events_before = e->before.sums[VOLLEY_TALLY_EVENTS],
                                      .exchange = &e->exchange,
                                      .ways = ways,
                                      .watches = e->watches,
                                      .time = &e->time,
                                      .watch = &e->watch};
  volley_summary_fill(summary, &figures);
  volley_tally_free(&sum);
}

/* Takes this rank's own of the recent spikes into the history: n gids of a step, ascending. */
static void remember_own(engine *e, int64_t step, const volley_gid *gids, uint32_t n) {
  const volley_experiment *experiment = e->network->experiment;
  int p = 0;
  for (uint32_t i = 0; i < n; i++) {
    p = volley_population_of(experiment, gids[i], p);
    const uint32_t index = volley_index_in(&experiment->populations[p], gids[i]);
    if (volley_partition_owner(e->network->partition, p, index) == e->network->rank)
      volley_history_add(&e->history, step, &gids[i], 1);
  }
}

/* Figures and arrivals as they were in the run that is being resumed. */
static void go_on_from(engine *e, const volley_run_state *from) {
  uint64_t *sums = e->before.sums;
  memcpy(sums + VOLLEY_TALLY_COUNTS, from->counts, (size_t)from->n_populations * sizeof *from->counts);
  sums[VOLLEY_TALLY_SPIKES] = e->known_spikes = from->spikes;
  sums[VOLLEY_TALLY_DIGEST] = from->digest[0];
  sums[VOLLEY_TALLY_DIGEST + 1] = from->digest[1];
  sums[VOLLEY_TALLY_EVENTS] = from->synaptic_events;
  const volley_gid *gids = from->gids;
  for (int64_t k = 0; k < from->n_recent; gids += from->recent_counts[k++])
    remember_own(e, from->step - from->n_recent + k, gids, (uint32_t)from->recent_counts[k]);
  volley_lanes_schedule_again(e->lanes, e->n_lanes, from, false);
  for (int b = 0; b < e->network->n_blocks; b++) { /* counted in the run before */
    volley_lane *lane = &e->lanes[b];
    lane->arrivals.bytes = lane->arrivals.events = lane->plastic.events = lane->ticks = 0;
  }
}

/* An engine that is made. */
typedef struct making {
  engine *e;
  const volley_run_state *from; /* or NULL */
} making;

/* What is on its way gets the weights of the new tables. */
static void renew_arrivals(void *context) {
  const making *m = context;
  for (int b = 0; b < m->e->n_lanes; b++) volley_lane_renew(&m->e->lanes[b], m->e->network->max_due);
  volley_lanes_schedule_again(m->e->lanes, m->e->n_lanes, m->from, true);
}

static void renew(void *context, int population) {
  engine *e = context;
  volley_run_state state;
  if (population >= 0) return;
  fill_state(e, e->step, &state);
  (void)volley_memory_try(renew_arrivals, &(making){e, &state});
  volley_run_state_release(&state);
}

static void allocate(void *context) {
  const making *m = context;
  engine *e = m->e;
  const volley_network *network = e->network;
  e->watches = volley_alloc((size_t)network->threads, sizeof *e->watches, "the step loop");
  e->before = volley_tally_create(network->experiment);
  e->history = volley_history_create(network->max_due);
  e->lanes = volley_alloc((size_t)network->n_blocks, sizeof *e->lanes, "the step loop");
  for (; e->n_lanes < network->n_blocks; e->n_lanes++) e->lanes[e->n_lanes] = volley_lane_create(network, e->n_lanes);
  if (m->from) go_on_from(e, m->from);
}

static void destroy(void *context) {
  engine *e = context;
  for (int b = 0; b < e->n_lanes; b++) volley_lane_free(&e->lanes[b]);
  free(e->lanes);
  free(e->own.gids);
  free(e->scratch.gids);
  if (e->exchange.state) e->exchange.kind->destroy(e->exchange.state);
  volley_history_free(&e->history);
  volley_tally_free(&e->before);
  free(e->watches);
  free(e);
}

static void *create(const volley_engine_setup *setup) {
  volley_network *network = setup->network;
  engine *e = volley_alloc(1, sizeof *e, "the step loop");
  e->network = network;
  e->observers = setup->observers;
  e->n_observers = setup->n_observers;
  e->saver = setup->saver;
  e->first_step = e->step = setup->from ? setup->from->step : 0;
  making m = {e, setup->from};
  volley_barrier_init(&e->barrier, network->threads);
  if (volley_all(volley_memory_try(allocate, &m) == VOLLEY_OK, network->comm))
    e->exchange = volley_exchange_choose(setup);
  if (!e->exchange.state) return destroy(e), NULL;
  return e;
}

const volley_engine_kind volley_engine_clock = {
    .name = "clock",
    .doc = "all neurons take the same steps of length dt",
    .create = create,
    .advance = advance,
    .spikes = known_spikes,
    .get_state = get_state,
    .renew = renew,
    .summarize = summarize,
    .destroy = destroy,
};

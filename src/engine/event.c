/* The event-driven engine: nothing is computed but when something happens to a neuron.
 *
 * All ranks and threads go together from window to window. A window is a bucket of the calendar (engine/calendar.h), or the part
 * of it that is left before or after a time at which recorders look or the run is saved: a stop. It is no longer than the
 * shortest delay, so that no spike of a window acts within it. What a window is made of, and who waits for whom:
 *
 *   A  each thread, block by block of its own: all events of the window
 *      -- barrier 1 --
 *   B  thread 0, at the end of a bucket: hand spikes to the other ranks, tell the observers; find the next window
 *      -- barrier 2 --
 *   C  each thread, block by block of its own: send the spikes that have become known to their targets; at a stop, show the
 *      states to the observers
 *   D  at a stop: the observers' and the saver's part, by thread 0, between two barriers
 *
 * A block writes to itself alone in A and C, as in engine/clock.c. With its spikes each rank says in which bucket it has
 * something to do next; the first of all ranks, spikes under way included, is the next window of all, so that empty ones are
 * skipped without a message. No window changes a bit of the result: what happens to a neuron does not depend on them. */
#include "base/parallel.h"
#include "base/signals.h"
#include "engine/choice.h"
#include "engine/engine.h"
#include "engine/event_audience.h"
#include "engine/stopwatch.h"
#include "engine/tally.h"
#include "engine/timed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A window, up to a time: of a bucket, which it may end, or of nothing; at its end there may be a stop. */
typedef struct window {
  int64_t bucket;               /* VOLLEY_NO_BUCKET: there is nothing to come */
  double limit;                 /* ms */
  bool takes, exchanges, stops; /* has events; spikes are handed to other ranks after it; ends at the stop */
} window;

typedef struct engine {
  volley_network *network;
  volley_audience audience;
  const volley_saver *saver;  /* or NULL */
  volley_event_block *blocks; /* [n_blocks] */
  int n_blocks;               /* that have been made */
  volley_exchange exchange;
  volley_timed_list known;  /* the spikes that became known with the present window */
  volley_timed_list own;    /* those of this rank, for observers that want no others */
  volley_timed_list recent; /* of all ranks: those that may still be on their way */
  volley_tally tally, before;
  uint64_t known_spikes;
  double taken; /* ms: all events up to then are */
  window coming;
  int64_t next;        /* bucket with something to do; VOLLEY_NO_BUCKET: none has */
  int64_t stop, asked; /* step of the next stop; that of one that was asked for */
  unsigned requests;
  volley_status status;
  int64_t first_step, step, until;
  uint64_t windows;
  volley_barrier barrier;
  volley_stopwatch *watches; /* [threads] */
  volley_timespan time;
} engine;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static double time_of(const engine *e, int64_t step) { return volley_time_of(e->network->experiment, step); }

static const volley_calendar *calendar_of(const engine *e) { return &e->blocks[0].calendar; }

/* The next stop from a step on. */
static int64_t next_stop(const engine *e, int64_t from) {
  int64_t step = least(e->until, volley_audience_next(&e->audience, -1, from));
  if (e->saver) step = least(step, e->saver->next(e->saver->context, from));
  if (e->asked >= from) step = least(step, e->asked);
  return least(step, volley_event_next_normalize(e->network->experiment, from));
}

/* Whether the run is saved at the stop. */
static bool is_saved(const engine *e) {
  return e->saver && (e->requests || e->saver->next(e->saver->context, e->stop) == e->stop);
}

/* Chooses the next window: the next bucket, up to the stop if that lies in or before it. */
static void choose_window(engine *e) {
  const double stop = time_of(e, e->stop);
  const int64_t last = volley_calendar_bucket(calendar_of(e), stop);
  window *w = &e->coming;
  *w = (window){.bucket = e->next, .takes = e->next <= last, .stops = e->next >= last};
  w->limit = w->stops ? stop : volley_calendar_end(calendar_of(e), w->bucket);
  w->exchanges = !w->stops || e->stop == e->until || is_saved(e);
  e->windows += w->takes;
}

/* Keeps the spikes that may still be on their way. */
static void remember(void *context) {
  engine *e = context;
  volley_timed_list_forget(&e->recent, e->taken, e->network->longest);
  volley_timed_list_add(&e->recent, e->known.spikes, e->known.n);
}

static void count_spikes(engine *e) {
  for (size_t k = 0; k < e->known.n; k++) {
    int64_t bits;
    memcpy(&bits, &e->known.spikes[k].time, sizeof bits);
    volley_tally_take(&e->tally, e->network->experiment, bits, &e->known.spikes[k].gid, 1);
  }
  e->known_spikes += e->known.n;
}

/* The first bucket of this rank that holds something, behind the present window. */
static int64_t own_next(const engine *e, const window *w) {
  const int64_t from = w->bucket + (w->takes && w->limit >= volley_calendar_end(calendar_of(e), w->bucket));
  int64_t next = VOLLEY_NO_BUCKET;
  for (int b = 0; b < e->network->n_blocks; b++)
    next = least(next, volley_calendar_next(&e->blocks[b].calendar, from == VOLLEY_NO_BUCKET ? 0 : from));
  return next;
}

/* Takes the spikes since the last exchange from the blocks. */
static void collect(void *context) {
  engine *e = context;
  e->own.n = 0;
  for (int b = 0; b < e->network->n_blocks; b++) {
    volley_timed_list *fired = &e->blocks[b].fired;
    volley_timed_list_add(&e->own, fired->spikes, fired->n);
    fired->n = 0;
  }
}

/* Gives this rank's spikes since the last exchange to all ranks, and gets theirs. Where there is no memory for what it has or gets,
 * the fault travels with this exchange or the next. */
static void exchange_spikes(engine *e, const window *w, volley_stopwatch *watch) {
  volley_timed_message message = {.next = own_next(e, w), .requests = e->saver ? e->saver->ask(e->saver->context) : 0};
  (void)volley_memory_try(collect, e);
  if (volley_local_status() != VOLLEY_OK) message.requests |= VOLLEY_REQUEST_FAIL;
  const double waited = volley_timed_exchange(&e->exchange, &e->own, &message, &e->known);
  e->requests |= message.requests;
  e->next = message.next;
  const double arrival = message.first + e->network->shortest;
  if (isfinite(arrival)) e->next = least(e->next, volley_calendar_bucket(calendar_of(e), arrival));
  volley_book(watch, VOLLEY_PHASE_EXCHANGE);
  watch->waited += waited;
}

/* A request is met at the first whole step from now on. */
static void plan_stop(engine *e) {
  int64_t step = (int64_t)ceil(e->taken * VOLLEY_STEPS_OF_MS);
  while (time_of(e, step) < e->taken) step++;
  if (e->requests && e->asked < e->step) e->asked = least(step, e->until);
  if (e->asked >= e->step) e->stop = least(e->stop, e->asked);
}

/* B: what follows the events of a window. */
static void end_window(engine *e, const window *w, volley_stopwatch *watch) {
  e->taken = fmax(e->taken, w->limit);
  e->known.n = 0;
  if (!w->exchanges) return; /* a stop within a bucket: what is left of it comes next, on all ranks */
  exchange_spikes(e, w, watch);
  (void)volley_memory_try(remember, e);
  count_spikes(e);
  const bool fails = (e->requests & VOLLEY_REQUEST_FAIL) != 0;
  e->status = fails ? volley_agree(e->network->comm) : volley_audience_tell(&e->audience, &e->own, &e->known, e->taken);
  if (!w->stops) {
    plan_stop(e);
    choose_window(e);
  }
  volley_book(watch, VOLLEY_PHASE_RECORD);
}

/* All that this process has counted, on all ranks, and what was counted before. Collective; owned by the caller. Spikes are
 * counted by every rank: those of this one alone are its part. */
static volley_tally sum_tallies(const engine *e) {
  volley_tally sum = volley_tally_create(e->network->experiment);
  if (e->network->rank == 0) volley_tally_add(&sum, &e->tally);
  for (int b = 0; b < e->network->n_blocks; b++) sum.sums[VOLLEY_TALLY_EVENTS] += e->blocks[b].begun;
  volley_tally_reduce(&sum, e->network->comm);
  volley_tally_add(&sum, &e->before);
  return sum;
}

/* The state of the run at a stop before which all spikes were exchanged. Collective. */
static void fill_state(const engine *e, int64_t step, volley_run_state *state) {
  volley_tally sum = sum_tallies(e);
  *state = volley_tally_state(&sum, e->network, step);
  volley_timed_list_write(&e->recent, state);
  memcpy(state->counts, sum.sums + VOLLEY_TALLY_COUNTS, (size_t)state->n_populations * sizeof *state->counts);
  volley_tally_free(&sum);
}

static void leave_all(const engine *e, int64_t step) {
  for (int b = 0; b < e->network->n_blocks; b++) volley_event_block_leave(&e->blocks[b], time_of(e, step));
}

static volley_status save(engine *e) {
  const bool stops = (e->requests & VOLLEY_REQUEST_STOP) != 0;
  volley_run_state state;
  leave_all(e, e->stop);
  fill_state(e, e->stop, &state);
  e->requests = 0;
  volley_status status = volley_agree(e->network->comm); /* nothing is saved by a rank that has a fault */
  if (status == VOLLEY_OK) status = e->saver->save(e->saver->context, &state, stops);
  volley_run_state_release(&state);
  return status == VOLLEY_OK && stops ? VOLLEY_STOPPED : status;
}

/* D: thread 0's part of a stop. */
static void end_stop(engine *e, volley_stopwatch *watch) {
  e->status = volley_audience_advance(&e->audience, e->stop);
  volley_book(watch, VOLLEY_PHASE_RECORD);
  if (e->status == VOLLEY_OK && is_saved(e)) {
    e->status = save(e);
    volley_book(watch, VOLLEY_PHASE_SAVE);
  }
  e->step = e->stop;
  if (e->stop == e->until) return;
  e->stop = next_stop(e, e->stop + 1);
  choose_window(e);
}

/* The blocks of one thread. */
typedef struct share {
  engine *e;
  int thread;
  const window *w;
} share;

/* Recorders see the weights that there were before sums are restored, as with the clock engine. */
static void show_blocks(void *context) {
  const share *s = context;
  for (int b = s->thread; b < s->e->network->n_blocks; b += s->e->network->threads) {
    volley_audience_show(&s->e->audience, &s->e->blocks[b], b, s->e->stop);
    volley_event_block_normalize(&s->e->blocks[b], s->e->stop, time_of(s->e, s->e->stop));
  }
}

/* C and D of a stop. */
static void do_stop(const share *s, volley_stopwatch *watch, bool *fails) {
  engine *e = s->e;
  if (!*fails) *fails = volley_memory_try(show_blocks, (void *)(uintptr_t)s) != VOLLEY_OK;
  volley_book(watch, VOLLEY_PHASE_RECORD);
  volley_barrier_wait(&e->barrier);
  if (s->thread == 0) end_stop(e, watch);
  volley_barrier_wait(&e->barrier);
}

/* Between two calls of advance() all neurons are shown, and what is changed of them is adopted. */
static void show_all(const void *context) {
  const engine *e = context;
  for (int b = 0; b < e->network->n_blocks; b++)
    for (int s = 0; s < e->blocks[b].block->n_slices; s++)
      volley_event_block_show(&e->blocks[b], s, time_of(e, e->step));
}

static void adopt_all(void *context) {
  const engine *e = context;
  for (int b = 0; b < e->network->n_blocks; b++) volley_event_block_adopt(&e->blocks[b], time_of(e, e->step), -1);
}

/* Neurons whose parameters have been changed go on from what they were shown to be. */
typedef struct renewing {
  engine *e;
  int population;
} renewing;

static void adopt_population(void *context) {
  const renewing *r = context;
  for (int b = 0; b < r->e->network->n_blocks; b++)
    volley_event_block_adopt(&r->e->blocks[b], time_of(r->e, r->e->step), r->population);
}

static void renew(void *context, int population) {
  (void)volley_memory_try(adopt_population, &(renewing){context, population});
}

static void take_blocks(void *context) {
  const share *s = context;
  for (int b = s->thread; b < s->e->network->n_blocks; b += s->e->network->threads)
    volley_event_block_take(&s->e->blocks[b], s->w->bucket, s->w->limit);
}

static void send_blocks(void *context) {
  const share *s = context;
  for (int b = s->thread; b < s->e->network->n_blocks; b += s->e->network->threads)
    volley_event_block_send(&s->e->blocks[b], s->e->known.spikes, s->e->known.n, -1);
}

static void take_windows(void *context, int thread) {
  engine *e = context;
  volley_stopwatch *watch = &e->watches[thread];
  bool fails = false; /* no memory: a fault, which ends the run at the next exchange */
  watch->last = volley_ticks();
  for (bool ends = false; !ends && e->status == VOLLEY_OK;) {
    const window w = e->coming;
    ends = w.stops && e->stop == e->until;
    share s = {e, thread, &w};
    if (w.takes && !fails) fails = volley_memory_try(take_blocks, &s) != VOLLEY_OK;
    volley_book(watch, VOLLEY_PHASE_UPDATE);
    volley_barrier_wait(&e->barrier); /* 1 */
    volley_book(watch, VOLLEY_PHASE_WAIT);
    if (thread == 0) end_window(e, &w, watch);
    volley_barrier_wait(&e->barrier); /* 2 */
    if (thread != 0) volley_book(watch, VOLLEY_PHASE_WAIT);
    if (e->status != VOLLEY_OK) break;
    if (!fails) fails = volley_memory_try(send_blocks, &s) != VOLLEY_OK;
    volley_book(watch, VOLLEY_PHASE_DELIVER);
    if (w.stops) do_stop(&s, watch, &fails);
  }
}

static volley_status advance(void *context, int64_t until) {
  engine *e = context;
  if (until == e->step) return VOLLEY_OK;
  const volley_timespan start = volley_now();
  (void)volley_memory_try(adopt_all, e);
  if ((e->status = volley_agree(e->network->comm)) != VOLLEY_OK) return e->status;
  e->until = until;
  e->asked = -1;
  e->stop = next_stop(e, e->step + 1);
  int64_t next = VOLLEY_NO_BUCKET;
  for (int b = 0; b < e->network->n_blocks; b++) next = least(next, volley_calendar_next(&e->blocks[b].calendar, 0));
  VOLLEY_MPI(MPI_Allreduce(&next, &e->next, 1, MPI_INT64_T, MPI_MIN, e->network->comm));
  choose_window(e);
  volley_parallel(e->network->threads, take_windows, e);
  if (e->status == VOLLEY_OK) e->status = volley_agree(e->network->comm); /* faults since the last exchange */
  if (e->status == VOLLEY_OK) show_all(e);
  if (e->status == VOLLEY_OK && getenv("VOLLEY_DEBUG_EVENTS"))
    e->status = volley_event_blocks_balance(e->blocks, e->network);
  volley_timespan_add(&e->time, start);
  return e->status;
}

static uint64_t known_spikes(const void *context) { return ((const engine *)context)->known_spikes; }

/* The states stay as they are left until they are shown again. */
static void get_state(const void *context, volley_run_state *state) {
  engine *e = (engine *)(uintptr_t)context;
  (void)volley_memory_try(adopt_all, e);
  leave_all(e, e->step);
  fill_state(e, e->step, state);
}

static void summarize(const void *context, volley_summary *summary) {
  const engine *e = context;
  volley_tally sum = sum_tallies(e);
  const volley_run_figures figures = {.network = e->network,
                                      .first_step = e->first_step,
                                      .step = e->step,
                                      .sums = sum.sums,
                                      .events_before = e->before.sums[VOLLEY_TALLY_EVENTS],
                                      .exchange = &e->exchange,
                                      .watches = e->watches,
                                      .time = &e->time};
  volley_summary_fill(summary, &figures);
  volley_tally_free(&sum);
}

/* Figures and arrivals as they were in the run that is being resumed. */
static void go_on_from(engine *e, const volley_run_state *from) {
  uint64_t *sums = e->before.sums;
  memcpy(sums + VOLLEY_TALLY_COUNTS, from->counts, (size_t)from->n_populations * sizeof *from->counts);
  sums[VOLLEY_TALLY_SPIKES] = e->known_spikes = from->spikes;
  sums[VOLLEY_TALLY_DIGEST] = from->digest[0];
  sums[VOLLEY_TALLY_DIGEST + 1] = from->digest[1];
  sums[VOLLEY_TALLY_EVENTS] = from->synaptic_events;
  volley_timed_list_reserve(&e->recent, from->n_times);
  for (; e->recent.n < from->n_times; e->recent.n++)
    e->recent.spikes[e->recent.n] = (volley_timed_spike){from->times[e->recent.n], from->gids[e->recent.n]};
  for (int b = 0; b < e->network->n_blocks; b++) {
    volley_event_block_send(&e->blocks[b], e->recent.spikes, e->recent.n, time_of(e, from->step));
    e->blocks[b].begun = 0; /* counted in the run before */
  }
}

/* The width of buckets: no longer than the shortest delay. */
static double choose_width(const engine *e) {
  return volley_calendar_width(fmin(e->network->shortest, time_of(e, e->network->experiment->simulation.steps)));
}

static void destroy(void *context) {
  engine *e = context;
  for (int b = 0; b < e->n_blocks; b++) volley_event_block_free(&e->blocks[b]);
  free(e->blocks);
  free(e->known.spikes);
  free(e->own.spikes);
  free(e->recent.spikes);
  if (e->exchange.state) e->exchange.kind->destroy(e->exchange.state);
  volley_tally_free(&e->tally);
  volley_tally_free(&e->before);
  free(e->watches);
  free(e);
}

/* What each rank makes by itself. */
typedef struct making {
  engine *e;
  const volley_run_state *from;
  double width;
} making;

static void allocate(void *context) {
  const making *m = context;
  engine *e = m->e;
  const volley_network *network = e->network;
  e->tally = volley_tally_create(network->experiment);
  e->before = volley_tally_create(network->experiment);
  e->watches = volley_alloc((size_t)network->threads, sizeof *e->watches, "the engine");
  e->blocks = volley_alloc((size_t)network->n_blocks, sizeof *e->blocks, "the engine");
  for (; e->n_blocks < network->n_blocks; e->n_blocks++)
    e->blocks[e->n_blocks] =
        volley_event_block_create(network, e->n_blocks, m->width, m->from ? time_of(e, e->step) : NAN);
  if (m->from) go_on_from(e, m->from);
  show_all(e);
}

static void *create(const volley_engine_setup *setup) {
  const double usual_rate = 20; /* Hz */
  volley_network *network = setup->network;
  engine *e = volley_alloc(1, sizeof *e, "the engine");
  e->network = network;
  e->audience = (volley_audience){network, setup->observers, setup->n_observers};
  e->saver = setup->saver;
  e->first_step = e->step = setup->from ? setup->from->step : 0;
  e->taken = setup->from ? time_of(e, e->step) : -1;
  making m = {e, setup->from, choose_width(e)};
  volley_barrier_init(&e->barrier, network->threads);
  const double usual = 8 + usual_rate * 1e-3 * m.width * (double)network->experiment->neurons / network->ranks;
  if (volley_all(volley_memory_try(allocate, &m) == VOLLEY_OK, network->comm))
    e->exchange = volley_timed_exchange_choose(setup, usual);
  if (!e->exchange.state) return destroy(e), NULL;
  return e;
}

const volley_engine_kind volley_engine_event = {
    .name = "event",
    .doc = "neurons are touched only when something happens to them; spikes and delays are at any times",
    .is_continuous = true,
    .create = create,
    .advance = advance,
    .spikes = known_spikes,
    .get_state = get_state,
    .show = show_all,
    .renew = renew,
    .summarize = summarize,
    .destroy = destroy,
};

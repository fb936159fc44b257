#include "engine/simulate.h"

#include "base/parallel.h"
#include "base/signals.h"
#include "engine/ablation.h"
#include "engine/arrivals.h"
#include "engine/exchange.h"
#include "engine/history.h"
#include "engine/plastic_delivery.h"
#include "engine/unsolved.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

/* Time by phase of one thread; padded to a cache line so that threads do not disturb each other. */
typedef struct stopwatch {
  _Alignas(64) double seconds[VOLLEY_PHASES];
  double last;
} stopwatch;

typedef struct engine {
  volley_network *network;
  const volley_observer *observers;
  int n_observers;
  bool has_work, saves;      /* after the present step */
  const volley_saver *saver; /* or NULL */
  unsigned requests;         /* of all ranks, not yet acted on; the same on every rank */
  int64_t first_step;
  volley_arrivals *arrivals;             /* [n_blocks] */
  volley_plastic_delivery *plasticities; /* [n_blocks] */
  volley_spike_list *spikes;             /* [n_blocks] of the present step */
  volley_ablated *ablated;               /* [n_blocks] */
  volley_exchange *exchange;
  volley_history history;
  const volley_step_spikes *volleys; /* [n_volleys] that became known with the present step */
  int n_volleys;
  volley_status status;
  volley_barrier barrier;
  stopwatch *watches; /* [threads] */
  uint64_t *counts;   /* [n_populations] spikes */
  uint64_t n_spikes, digest[2];
  uint64_t events_before; /* synaptic events on all ranks before first_step */
} engine;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Books the time since the last call to a phase. */
static void lap(stopwatch *watch, volley_phase phase) {
  const double t = now();
  watch->seconds[phase] += t - watch->last;
  watch->last = t;
}

/* Silent filters decay into subnormal numbers, on which the processor is many times slower. */
static void flush_subnormals(void) {
#ifdef __SSE__
  _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zero */
#endif
}

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
static void step_slice(engine *e, int b, int s, const volley_input *generated, int n, int64_t step, stopwatch *watch) {
  const volley_experiment *experiment = e->network->experiment;
  volley_slice *slice = &e->network->blocks[b].slices[s];
  apply_stimuli(experiment, slice, generated, n, step);
  lap(watch, VOLLEY_PHASE_STIMULI);
  for (int o = 0; o < e->n_observers; o++) {
    if (e->observers[o].sample) e->observers[o].sample(e->observers[o].context, b, s, step);
  }
  if (step < experiment->simulation.steps) {
    slice->step = step;
    if (slice->given_up == 0) {
      experiment->populations[slice->population].model->update(slice, &e->spikes[b]);
      if (slice->given_up > 0) volley_report_unsolved(experiment, slice, step);
    }
  }
  lap(watch, VOLLEY_PHASE_UPDATE);
}

/* Takes one block from step * dt to (step + 1) * dt; at the end of the run only to its last sample. */
static void step_block(engine *e, int b, int64_t step, stopwatch *watch) {
  const volley_block *block = &e->network->blocks[b];
  volley_spike_list *spikes = &e->spikes[b];
  for (int o = 0; o < e->n_observers; o++) {
    if (e->observers[o].before) e->observers[o].before(e->observers[o].context, b, step);
  }
  volley_arrivals_deliver(&e->arrivals[b], step);
  volley_plastic_delivery_deliver(&e->plasticities[b], step);
  lap(watch, VOLLEY_PHASE_DELIVER);
  spikes->n = 0;
  for (int s = 0, d = 0; s < block->n_slices; s++) {
    int n = 0;
    while (d + n < block->n_generated && block->generated[d + n].slice == s) n++;
    step_slice(e, b, s, block->generated + d, n, step, watch);
    d += n;
  }
  volley_ablated_filter(&e->ablated[b], step, spikes);
  volley_plastic_delivery_note(&e->plasticities[b], step, spikes);
  for (uint32_t i = 0; i < spikes->n; i++) spikes->ids[i] = volley_block_gid(block, spikes->ids[i]);
}

/* A 64-bit hash (the finalizer of splitmix64, Steele, Lea & Flood 2014). */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/* Sums of hashes: the same for every order of the spikes. */
static void count_spikes(engine *e, const volley_step_spikes *volley) {
  const volley_experiment *experiment = e->network->experiment;
  int p = 0;
  for (uint32_t i = 0; i < volley->n; i++) {
    const uint32_t gid = volley->gids[i];
    while (gid - experiment->populations[p].first_gid >= experiment->populations[p].size) p++;
    e->counts[p]++;
    const uint64_t high = mix((uint64_t)volley->step + UINT64_C(0x9E3779B97F4A7C15));
    e->digest[0] += mix(high ^ gid);
    e->digest[1] += mix(high + UINT64_C(0xD1B54A32D192ED03) * (gid + UINT64_C(1)));
  }
  e->n_spikes += volley->n;
}

static volley_status observe(engine *e, int64_t step) {
  for (int o = 0; o < e->n_observers; o++) {
    const volley_observer *observer = &e->observers[o];
    for (int v = 0; v < e->n_volleys && observer->spikes; v++) {
      const volley_step_spikes *volley = &e->volleys[v];
      VOLLEY_TRY(observer->spikes(observer->context, volley->step, volley->gids, volley->n));
    }
    if (observer->advance) VOLLEY_TRY(observer->advance(observer->context, step));
  }
  return VOLLEY_OK;
}

static bool has_work(const volley_observer *observer, int64_t step) {
  return observer->has_work && observer->has_work(observer->context, step);
}

static bool ask_for_work(const engine *e, int64_t step) {
  for (int o = 0; o < e->n_observers; o++) {
    if (has_work(&e->observers[o], step)) return true;
  }
  return false;
}

/* The observers' work after a step, by all threads. */
static void work(engine *e, int64_t step, int thread) {
  for (int o = 0; o < e->n_observers; o++) {
    const volley_observer *observer = &e->observers[o];
    if (!has_work(observer, step)) continue;
    const volley_status status = observer->work(observer->context, thread, &e->barrier);
    if (thread == 0 && e->status == VOLLEY_OK) e->status = status;
  }
  volley_barrier_wait(&e->barrier);
}

/* Hands the spikes of a step to the other ranks and takes those that are due from them, or all. */
static void exchange_spikes(engine *e, int64_t step, bool all, stopwatch *watch) {
  const double waited = volley_exchange_waited(e->exchange);
  for (int b = 0; b < e->network->n_blocks; b++) {
    volley_exchange_add(e->exchange, e->spikes[b].ids, e->spikes[b].n);
  }
  if (e->saver) volley_exchange_ask(e->exchange, e->saver->ask(e->saver->context));
  if (volley_local_status() != VOLLEY_OK) volley_exchange_ask(e->exchange, VOLLEY_REQUEST_FAIL);
  volley_exchange_post(e->exchange, all);
  e->n_volleys = volley_exchange_complete(e->exchange, step, all, &e->volleys);
  e->requests |= volley_exchange_requests(e->exchange);
  for (int v = 0; v < e->n_volleys; v++) {
    const volley_step_spikes *volley = &e->volleys[v];
    count_spikes(e, volley);
    if (e->saver) volley_history_put(&e->history, volley->step, volley->gids, volley->n);
  }
  lap(watch, VOLLEY_PHASE_EXCHANGE);
  const double wait = volley_exchange_waited(e->exchange) - waited;
  watch->seconds[VOLLEY_PHASE_EXCHANGE] -= wait;
  watch->seconds[VOLLEY_PHASE_WAIT] += wait;
}

/* Synaptic events so far, on all ranks. Collective. */
static uint64_t sum_events(const engine *e) {
  uint64_t events = 0;
  for (int b = 0; b < e->network->n_blocks; b++) events += e->arrivals[b].events + e->plasticities[b].events;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &events, 1, MPI_UINT64_T, MPI_SUM, e->network->comm));
  return e->events_before + events;
}

/* Saves the run as it is before `step`: all spikes up to then are known to all ranks. */
static volley_status save(engine *e, int64_t step) {
  const bool stops = (e->requests & VOLLEY_REQUEST_STOP) != 0;
  volley_run_state state = {.step = step,
                            .spikes = e->n_spikes,
                            .digest = {e->digest[0], e->digest[1]},
                            .synaptic_events = sum_events(e),
                            .synapses = e->network->synapses,
                            .n_populations = e->network->experiment->n_populations};
  volley_history_fill(&e->history, &state);
  memcpy(state.counts, e->counts, (size_t)state.n_populations * sizeof *state.counts);
  e->requests = 0;
  const volley_status status = e->saver->save(e->saver->context, &state, stops);
  volley_run_state_release(&state);
  return status == VOLLEY_OK && stops ? VOLLEY_STOPPED : status;
}

/* What one thread does for its rank between the two barriers of a step. */
static void meet(engine *e, int64_t step, stopwatch *watch) {
  const int64_t steps = e->network->experiment->simulation.steps;
  e->saves = step < steps && e->saver && (e->requests || e->saver->is_due(e->saver->context, step + 1));
  e->n_volleys = 0;
  if (step < steps) exchange_spikes(e, step, e->saves || step + 1 == steps, watch);
  const bool fails = (e->requests & VOLLEY_REQUEST_FAIL) != 0;
  e->status = fails ? volley_agree(e->network->comm) : observe(e, step);
  e->has_work = step < steps && ask_for_work(e, step);
  lap(watch, VOLLEY_PHASE_RECORD);
}

/* What follows a step's meeting, by all threads: work of the observers, then a checkpoint. */
static void finish_step(engine *e, int64_t step, int thread, stopwatch *watch) {
  if (e->has_work && e->status == VOLLEY_OK) {
    work(e, step, thread);
    lap(watch, VOLLEY_PHASE_LEARN);
  }
  if (e->saves && e->status == VOLLEY_OK) {
    volley_barrier_wait(&e->barrier); /* all have seen that there is something to save */
    if (thread == 0) e->status = save(e, step + 1);
    volley_barrier_wait(&e->barrier);
    lap(watch, VOLLEY_PHASE_SAVE);
  }
}

/* Steps first_step .. steps - 1, and one more pass for the samples at the end of the run. */
static void run_thread(void *context, int thread) {
  engine *e = context;
  const int threads = e->network->threads;
  stopwatch *watch = &e->watches[thread];
  flush_subnormals();
  watch->last = now();
  for (int64_t step = e->first_step; step <= e->network->experiment->simulation.steps; step++) {
    for (int b = thread; b < e->network->n_blocks; b += threads) step_block(e, b, step, watch);
    volley_barrier_wait(&e->barrier);
    lap(watch, VOLLEY_PHASE_WAIT);
    if (thread == 0) meet(e, step, watch);
    volley_barrier_wait(&e->barrier);
    if (thread != 0) lap(watch, VOLLEY_PHASE_WAIT);
    finish_step(e, step, thread, watch);
    if (e->status != VOLLEY_OK) break;
    for (int b = thread; b < e->network->n_blocks; b += threads) {
      for (int v = 0; v < e->n_volleys; v++) {
        const volley_step_spikes *volley = &e->volleys[v];
        volley_arrivals_schedule(&e->arrivals[b], volley->step, volley->gids, volley->n);
        volley_plastic_delivery_schedule(&e->plasticities[b], volley->step, volley->gids, volley->n);
      }
    }
    lap(watch, VOLLEY_PHASE_DELIVER);
  }
}

/* Ids that the fixed block of an exchange holds: those of all neurons of a rank firing at a rate that is seldom exceeded, so
 * that the second round is rare and a thousand ranks do not send each other empty space. */
static uint32_t block_ids(const volley_network *network, int batch) {
  const double usual_rate = 20; /* Hz */
  const double seconds = 1e-3 * network->experiment->simulation.dt * batch;
  const double spikes = usual_rate * seconds * network->experiment->neurons / network->ranks;
  return 8 + (uint32_t)(spikes < 4096 ? spikes : 4096);
}

/* Figures and arrivals as they were in the run that is being resumed: its recent spikes are scheduled again, and what was
 * delivered before is left out. */
static void go_on_from(engine *e, const volley_run_state *from) {
  const uint32_t *gids = from->gids;
  memcpy(e->counts, from->counts, (size_t)from->n_populations * sizeof *e->counts);
  e->n_spikes = from->spikes;
  e->digest[0] = from->digest[0];
  e->digest[1] = from->digest[1];
  e->events_before = from->synaptic_events;
  for (int64_t k = 0; k < from->n_recent; k++) {
    const int64_t step = from->step - from->n_recent + k;
    const uint32_t n = (uint32_t)from->recent_counts[k];
    volley_history_put(&e->history, step, gids, n);
    for (int b = 0; b < e->network->n_blocks; b++) {
      volley_arrivals_schedule(&e->arrivals[b], step, gids, n);
      volley_plastic_delivery_schedule(&e->plasticities[b], step, gids, n);
      if (step + 1 >= from->step) continue;
      volley_arrivals_skip(&e->arrivals[b], step + 1);
      volley_plastic_delivery_skip(&e->plasticities[b], step + 1);
    }
    gids += n;
  }
  for (int b = 0; b < e->network->n_blocks; b++) e->arrivals[b].bytes = 0; /* read in the run before */
}

static engine create_engine(volley_network *network, const volley_run_state *from, const volley_observer *observers,
                            int n_observers, const volley_saver *saver) {
  const volley_experiment *experiment = network->experiment;
  const size_t n = (size_t)network->n_blocks;
  const int lag = experiment->n_readouts > 0 ? 1 : network->min_delay; /* readouts decode every step's spikes at once */
  const int batch = experiment->simulation.batch_exchange ? lag : 1;
  engine e = {.network = network, .observers = observers, .n_observers = n_observers, .saver = saver};
  e.first_step = from ? from->step : 0;
  e.arrivals = volley_alloc(n, sizeof *e.arrivals, "the step loop");
  for (size_t b = 0; b < n; b++) e.arrivals[b] = volley_arrivals_create(&network->blocks[b], network->max_due);
  e.plasticities = volley_alloc(n, sizeof *e.plasticities, "the step loop");
  for (size_t b = 0; b < n; b++)
    e.plasticities[b] = volley_plastic_delivery_create(&network->blocks[b], network->max_due);
  e.spikes = volley_alloc(n, sizeof *e.spikes, "the step loop");
  e.ablated = volley_alloc(n, sizeof *e.ablated, "the step loop");
  for (size_t b = 0; b < n; b++) e.ablated[b] = volley_ablated_create(experiment, &network->blocks[b]);
  e.exchange = volley_exchange_create(network->comm, batch, lag, e.first_step, block_ids(network, batch));
  e.history = volley_history_create(saver ? network->max_due : 0);
  e.watches = volley_alloc((size_t)network->threads, sizeof *e.watches, "the step loop");
  e.counts = volley_alloc((size_t)experiment->n_populations, sizeof *e.counts, "the step loop");
  if (from) go_on_from(&e, from);
  return e;
}

static void destroy_engine(engine *e) {
  for (int b = 0; b < e->network->n_blocks; b++) {
    volley_arrivals_free(&e->arrivals[b]);
    volley_plastic_delivery_free(&e->plasticities[b]);
    volley_ablated_free(&e->ablated[b]);
    free(e->spikes[b].ids);
  }
  free(e->arrivals);
  free(e->plasticities);
  free(e->ablated);
  free(e->spikes);
  volley_exchange_destroy(e->exchange);
  volley_history_free(&e->history);
  free(e->watches);
  free(e->counts);
}

/* Sums over blocks and ranks, means over ranks and threads. */
static void sum_figures(const engine *e, volley_summary *summary) {
  const volley_network *network = e->network;
  summary->synaptic_events = sum_events(e);
  summary->delivered_bytes = 0;
  for (int b = 0; b < network->n_blocks; b++) summary->delivered_bytes += e->arrivals[b].bytes;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &summary->delivered_bytes, 1, MPI_UINT64_T, MPI_SUM, network->comm));
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) {
    double seconds = 0;
    for (int t = 0; t < network->threads; t++) seconds += e->watches[t].seconds[phase];
    summary->phase_s[phase] = seconds / network->threads / network->ranks;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, summary->phase_s, VOLLEY_PHASES, MPI_DOUBLE, MPI_SUM, network->comm));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &summary->simulate_s, 1, MPI_DOUBLE, MPI_MAX, network->comm));
  const uint64_t peak = volley_peak_rss();
  summary->peak_rss_bytes = volley_alloc((size_t)network->ranks, sizeof peak, "the summary");
  VOLLEY_MPI(MPI_Allgather(&peak, 1, MPI_UINT64_T, summary->peak_rss_bytes, 1, MPI_UINT64_T, network->comm));
}

static void summarize(const engine *e, volley_summary *summary) {
  const volley_network *network = e->network;
  const volley_experiment *experiment = network->experiment;
  sum_figures(e, summary);
  summary->neurons = experiment->neurons;
  summary->synapses = network->synapses;
  summary->table_bytes = network->table_bytes;
  summary->ranks = network->ranks;
  summary->threads = network->threads;
  summary->model_ms = (double)experiment->simulation.steps * experiment->simulation.dt;
  summary->from_ms = (double)e->first_step * experiment->simulation.dt;
  summary->real_time_factor = summary->simulate_s / (1e-3 * (summary->model_ms - summary->from_ms));
  summary->synaptic_events_per_s = (double)(summary->synaptic_events - e->events_before) / summary->simulate_s;
  summary->spikes = e->n_spikes;
  summary->digest[0] = e->digest[0];
  summary->digest[1] = e->digest[1];
  summary->n_populations = experiment->n_populations;
  const size_t n = (size_t)experiment->n_populations;
  summary->population_names = volley_alloc(n, sizeof *summary->population_names, "the summary");
  summary->rate_hz = volley_alloc(n, sizeof *summary->rate_hz, "the summary");
  for (size_t p = 0; p < n; p++) {
    summary->population_names[p] = experiment->populations[p].name;
    summary->rate_hz[p] = (double)e->counts[p] / experiment->populations[p].size / (1e-3 * summary->model_ms);
  }
}

volley_status volley_simulate(volley_network *network, const volley_run_state *from, const volley_observer *observers,
                              int n_observers, const volley_saver *saver, volley_summary *summary) {
  engine e = create_engine(network, from, observers, n_observers, saver);
  volley_barrier_init(&e.barrier, network->threads);
  VOLLEY_MPI(MPI_Barrier(network->comm));
  const double start = now();
  volley_parallel(network->threads, run_thread, &e);
  summary->simulate_s = now() - start;
  const volley_status status = e.status;
  if (status == VOLLEY_OK) summarize(&e, summary);
  destroy_engine(&e);
  return status;
}

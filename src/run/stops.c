#include "run/stops.h"

#include <inttypes.h>
#include <string.h>

void volley_stops_begin(const volley_experiment *experiment) {
  for (int s = 0; s < experiment->n_stops; s++) {
    volley_stop *stop = &experiment->stops[s];
    const int64_t late = experiment->begins - stop->start;
    const int64_t windows = late > 0 ? (late + stop->window - 1) / stop->window : 0; /* that are not whole */
    stop->first = stop->next = stop->start + windows * stop->window;
    if (stop->kind == VOLLEY_STOP_WALL) stop->next += stop->window;
    stop->count = 0;
    stop->deadline = MPI_Wtime() + stop->limit;
  }
}

int64_t volley_stops_next(const volley_experiment *experiment) {
  int64_t next = INT64_MAX;
  for (int s = 0; s < experiment->n_stops; s++)
    if (experiment->stops[s].next < next) next = experiment->stops[s].next;
  return next;
}

/* Names of the populations that count; "all" of them need none. */
static const char *name_pool(const volley_experiment *experiment, const volley_pool *pool) {
  const char *names = NULL;
  if (pool->n == experiment->n_populations && pool->n > 1) return "all neurons";
  for (int i = 0; i < pool->n; i++) {
    const char *name = experiment->populations[pool->populations[i]].name;
    names = names ? volley_arena_format(experiment->arena, "%s, %s", names, name) : name;
  }
  return names;
}

/* What ends the run, in words, where the populations have had so many spikes since the beginning; NULL: nothing. */
static const char *find_why(const volley_experiment *experiment, const volley_stop *stop, uint64_t count) {
  const double from = volley_time_of(experiment, stop->next - stop->window),
               to = volley_time_of(experiment, stop->next);
  double neurons = 0;
  if (stop->next == stop->first) return NULL;
  for (int i = 0; i < stop->of.n; i++) neurons += experiment->populations[stop->of.populations[i]].size;
  const uint64_t spikes = count - stop->count;
  const double rate = (double)spikes / neurons / (1e-3 * (to - from));
  const bool is_above = stop->kind == VOLLEY_STOP_ABOVE;
  if (stop->kind == VOLLEY_STOP_SILENT ? spikes > 0 : is_above ? !(rate > stop->limit) : !(rate < stop->limit))
    return NULL;
  const char *of = name_pool(experiment, &stop->of);
  if (stop->kind == VOLLEY_STOP_SILENT)
    return volley_arena_format(experiment->arena, "no spike of %s from %.10g to %.10g ms", of, from, to);
  return volley_arena_format(experiment->arena, "rate of %s %.4g Hz from %.10g to %.10g ms, %s %.10g Hz", of, rate,
                             from, to, is_above ? "above" : "below", stop->limit);
}

/* Spikes of a pool since the beginning of the run. */
static uint64_t count_spikes(const volley_pool *pool, const volley_run_state *state) {
  uint64_t count = 0;
  for (int i = 0; i < pool->n; i++) count += state->counts[pool->populations[i]];
  return count;
}

/* Whether the time by the clock is over: rank 0 decides for all. */
static bool is_over(const volley_stop *stop, MPI_Comm comm) {
  int over = MPI_Wtime() >= stop->deadline;
  VOLLEY_MPI(MPI_Bcast(&over, 1, MPI_INT, 0, comm));
  return over;
}

/* The first condition that is met at a step, in words; NULL: none, and all that look here have seen it. */
static const char *look_at_all(const volley_experiment *experiment, const volley_run_state *state, int64_t step,
                               MPI_Comm comm) {
  for (int s = 0; s < experiment->n_stops; s++) {
    const volley_stop *stop = &experiment->stops[s];
    if (stop->next > step) continue;
    const char *why = NULL;
    if (stop->kind != VOLLEY_STOP_WALL)
      why = find_why(experiment, stop, count_spikes(&stop->of, state));
    else if (is_over(stop, comm))
      why = volley_arena_format(experiment->arena, "it has taken %.10g s by the clock", stop->limit);
    if (why) return why;
  }
  for (int s = 0; s < experiment->n_stops; s++) {
    volley_stop *stop = &experiment->stops[s];
    if (stop->next > step) continue;
    stop->next += stop->window;
    if (stop->kind != VOLLEY_STOP_WALL) stop->count = count_spikes(&stop->of, state);
  }
  return NULL;
}

static bool needs_counts(const volley_experiment *experiment, int64_t step) {
  for (int s = 0; s < experiment->n_stops; s++)
    if (experiment->stops[s].next <= step && experiment->stops[s].kind != VOLLEY_STOP_WALL) return true;
  return false;
}

volley_status volley_stops_look(volley_engine *engine, const volley_network *network, volley_experiment *experiment) {
  const int64_t step = volley_engine_step(engine);
  volley_run_state state = {0};
  if (volley_stops_next(experiment) > step || step >= experiment->simulation.steps) return VOLLEY_OK;
  const bool counts = needs_counts(experiment, step);
  if (counts) volley_engine_get_state(engine, &state);
  const volley_status status = counts ? volley_agree(network->comm) : VOLLEY_OK;
  if (status == VOLLEY_OK) experiment->ended_early = look_at_all(experiment, &state, step, network->comm);
  volley_run_state_release(&state);
  if (counts) volley_engine_show(engine);
  if (status != VOLLEY_OK || !experiment->ended_early) return status;
  return volley_engine_end(engine, &experiment->simulation.steps);
}

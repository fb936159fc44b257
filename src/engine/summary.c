#include "engine/summary.h"

#include "base/memory.h"
#include "engine/stopwatch.h"
#include "engine/tally.h"
#include "network/network.h"

#include <stdlib.h>

const char *const volley_phase_names[VOLLEY_PHASES] = {
    [VOLLEY_PHASE_UPDATE] = "update",     [VOLLEY_PHASE_STIMULI] = "stimuli", [VOLLEY_PHASE_DELIVER] = "deliver",
    [VOLLEY_PHASE_EXCHANGE] = "exchange", [VOLLEY_PHASE_WAIT] = "wait",       [VOLLEY_PHASE_RECORD] = "record",
    [VOLLEY_PHASE_LEARN] = "learn",       [VOLLEY_PHASE_SAVE] = "checkpoint",
};

const char *const volley_way_names[VOLLEY_WAYS] = {[VOLLEY_WAY_LISTED] = "listed", [VOLLEY_WAY_DIRECT] = "direct"};

/* The ways of delivery: sums over ranks, and which of them each takes. */
static void share_ways(volley_summary *summary, const volley_run_figures *figures) {
  const volley_network *network = figures->network;
  uint8_t taken = 0;
  if (!figures->ways) return;
  for (int w = 0; w < VOLLEY_WAYS; w++) {
    volley_way_figures *way = &summary->ways[w];
    *way = figures->ways[w];
    if (way->blocks > 0) taken = (uint8_t)(taken | 1u << w);
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &way->blocks, 1, MPI_UINT64_T, MPI_SUM, network->comm));
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &way->events, 1, MPI_UINT64_T, MPI_SUM, network->comm));
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &way->seconds, 1, MPI_DOUBLE, MPI_SUM, network->comm));
  }
  summary->ways_of_rank = volley_alloc((size_t)network->ranks, 1, "the summary");
  VOLLEY_MPI(MPI_Allgather(&taken, 1, MPI_UINT8_T, summary->ways_of_rank, 1, MPI_UINT8_T, network->comm));
}

/* Means over ranks and threads, the time of the slowest rank, the memory of each. */
static void share_figures(volley_summary *summary, const volley_run_figures *figures) {
  const volley_network *network = figures->network;
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) {
    double seconds = 0;
    for (int t = 0; t < network->threads; t++) {
      const volley_stopwatch *watch = &figures->watches[t];
      const int waited = (phase == VOLLEY_PHASE_WAIT) - (phase == VOLLEY_PHASE_EXCHANGE);
      seconds += (double)watch->ticks[phase] * volley_tick(figures->time) + waited * watch->waited;
    }
    summary->phase_s[phase] = seconds / network->threads / network->ranks;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, summary->phase_s, VOLLEY_PHASES, MPI_DOUBLE, MPI_SUM, network->comm));
  VOLLEY_MPI(MPI_Allreduce(&figures->time->seconds, &summary->simulate_s, 1, MPI_DOUBLE, MPI_MAX, network->comm));
  const uint64_t peak = volley_peak_rss();
  summary->peak_rss_bytes = volley_alloc((size_t)network->ranks, sizeof peak, "the summary");
  VOLLEY_MPI(MPI_Allgather(&peak, 1, MPI_UINT64_T, summary->peak_rss_bytes, 1, MPI_UINT64_T, network->comm));
}

void volley_summary_fill(volley_summary *summary, const volley_run_figures *figures) {
  const volley_network *network = figures->network;
  const volley_experiment *experiment = network->experiment;
  const uint64_t *sums = figures->sums, *counts = sums + VOLLEY_TALLY_COUNTS;
  share_figures(summary, figures);
  share_ways(summary, figures);
  summary->neurons = experiment->neurons;
  summary->synapses = network->synapses;
  summary->table_bytes = network->table_bytes;
  summary->ranks = network->ranks;
  summary->threads = network->threads;
  summary->model_ms = (double)figures->step * experiment->simulation.dt;
  summary->from_ms = (double)figures->first_step * experiment->simulation.dt;
  summary->real_time_factor = summary->simulate_s / (1e-3 * (summary->model_ms - summary->from_ms));
  summary->spikes = sums[VOLLEY_TALLY_SPIKES];
  summary->synaptic_events = sums[VOLLEY_TALLY_EVENTS];
  summary->synaptic_events_per_s = (double)(summary->synaptic_events - figures->events_before) / summary->simulate_s;
  summary->delivered_bytes = sums[VOLLEY_TALLY_BYTES];
  summary->digest[0] = sums[VOLLEY_TALLY_DIGEST];
  summary->digest[1] = sums[VOLLEY_TALLY_DIGEST + 1];
  summary->n_populations = experiment->n_populations;
  const size_t n = (size_t)experiment->n_populations;
  summary->population_names = volley_alloc(n, sizeof *summary->population_names, "the summary");
  summary->rate_hz = volley_alloc(n, sizeof *summary->rate_hz, "the summary");
  for (size_t p = 0; p < n; p++) {
    summary->population_names[p] = experiment->populations[p].name;
    summary->rate_hz[p] = (double)counts[p] / experiment->populations[p].size / (1e-3 * summary->model_ms);
  }
}

void volley_summary_release(volley_summary *summary) {
  free(summary->peak_rss_bytes);
  free(summary->places);
  free(summary->ways_of_rank);
  free(summary->rate_hz);
  free(summary->population_names);
  for (int s = 0; s < summary->n_spectra; s++) {
    free(summary->spectra[s].before);
    free(summary->spectra[s].after);
  }
  free(summary->spectra);
  *summary = (volley_summary){0};
}

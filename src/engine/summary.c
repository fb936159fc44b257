#include "engine/summary.h"

#include "base/memory.h"
#include "engine/rank_watch.h"
#include "engine/stopwatch.h"
#include "engine/tally.h"
#include "network/network.h"
#include "partition/cost.h"

#include <math.h>
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

static void share_exchange(volley_summary *summary, const volley_run_figures *figures) {
  volley_exchange_figures *sum = &summary->exchanged;
  figures->exchange->kind->tell(figures->exchange->state, sum);
  uint64_t calls[2] = {sum->calls, sum->group_calls};
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, calls, 2, MPI_UINT64_T, MPI_MAX, figures->network->comm));
  VOLLEY_MPI(
      MPI_Allreduce(MPI_IN_PLACE, sum, sizeof *sum / sizeof(uint64_t), MPI_UINT64_T, MPI_SUM, figures->network->comm));
  sum->calls = calls[0];
  sum->group_calls = calls[1];
  if (figures->exchange->kind->chosen)
    summary->exchange_chosen = figures->exchange->kind->chosen(figures->exchange->state);
  summary->exchange = figures->exchange->kind->name;
}

#define AT(member) offsetof(volley_rank_figures, member)
const volley_rank_column volley_rank_columns[] = {
    {"neurons", AT(neurons), true},
    {"synapses", AT(synapses), true},
    {"spikes", AT(spikes), true},
    {"spikes_received", AT(received), true},
    {"speed", AT(speed), false},
    {"longest_step_s", AT(longest_s[0]), false},
    {"longest_step_ms", AT(longest_ms[0]), false},
    {"second_longest_step_s", AT(longest_s[1]), false},
    {"second_longest_step_ms", AT(longest_ms[1]), false},
    {"third_longest_step_s", AT(longest_s[2]), false},
    {"third_longest_step_ms", AT(longest_ms[2]), false},
    {NULL, 0, false},
};

double volley_rank_work(const double phase_s[VOLLEY_PHASES]) {
  return phase_s[VOLLEY_PHASE_UPDATE] + phase_s[VOLLEY_PHASE_STIMULI] + phase_s[VOLLEY_PHASE_DELIVER];
}

static void count_synapses(const volley_network *network, volley_rank_figures *mine) {
  mine->neurons = network->partition->count;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    mine->synapses += block->table.synapses + volley_event_table_synapses(&block->events);
    for (int k = 0; k < block->n_plastic; k++) mine->synapses += block->plastic[k].synapses;
  }
}

/* What this rank did. */
static volley_rank_figures find_own(const volley_run_figures *figures) {
  const volley_network *network = figures->network;
  const double tick = volley_tick(figures->time);
  volley_rank_figures mine = {0};
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) {
    for (int t = 0; t < network->threads; t++) {
      const volley_stopwatch *watch = &figures->watches[t];
      const int waited = (phase == VOLLEY_PHASE_WAIT) - (phase == VOLLEY_PHASE_EXCHANGE);
      mine.phase_s[phase] += ((double)watch->ticks[phase] * tick + waited * watch->waited) / network->threads;
    }
  }
  count_synapses(network, &mine);
  if (!figures->watch) return mine;
  mine.spikes = figures->watch->sent;
  mine.received = figures->watch->received;
  for (int k = 0; k < VOLLEY_LONGEST_STEPS; k++) {
    mine.longest_s[k] = (double)figures->watch->ticks[k] * tick;
    if (mine.longest_s[k] > 0) mine.longest_ms[k] = volley_time_of(network->experiment, figures->watch->steps[k] + 1);
  }
  return mine;
}

/* What neurons and events took: rough costs of models, so that their sum is what all ranks took. */
static void find_costs(volley_summary *summary, const volley_run_figures *figures) {
  const volley_experiment *experiment = figures->network->experiment;
  const double threads = figures->network->threads, ranks = figures->network->ranks;
  const double steps = (double)(figures->step - figures->first_step);
  const double events = (double)(figures->sums[VOLLEY_TALLY_EVENTS] - figures->events_before);
  const double update_s = summary->phase_s[VOLLEY_PHASE_UPDATE] + summary->phase_s[VOLLEY_PHASE_STIMULI];
  double rough = 0;
  summary->update_ns = volley_alloc((size_t)experiment->n_populations, sizeof *summary->update_ns, "the summary");
  for (int p = 0; p < experiment->n_populations; p++)
    rough += experiment->populations[p].size * volley_cost_of_update(experiment->populations[p].model);
  for (int p = 0; p < experiment->n_populations && steps > 0; p++)
    summary->update_ns[p] =
        1e9 * volley_cost_of_update(experiment->populations[p].model) * update_s * threads * ranks / rough / steps;
  summary->event_ns = events > 0 ? 1e9 * summary->phase_s[VOLLEY_PHASE_DELIVER] * threads * ranks / events : 0;
}

/* How fast each rank was with its own share, but for the steps that took longest, in which something else was going on. Its events
 * are all that arrive at it, its share of the synapses times their mean rate. */
static void find_speeds(volley_summary *summary, const volley_run_figures *figures) {
  const volley_experiment *experiment = figures->network->experiment;
  const volley_partition *partition = figures->network->partition;
  const double ranks = summary->ranks, steps = (double)(figures->step - figures->first_step);
  const double events = (double)(figures->sums[VOLLEY_TALLY_EVENTS] - figures->events_before);
  const double all = fmax(1, (double)figures->network->synapses);
  double due = 0, mean = 0;
  for (int p = 0; p < experiment->n_populations; p++) due += partition->counts[p] * summary->update_ns[p] * steps;
  due += (double)summary->of_rank[figures->network->rank].synapses / all * events * summary->event_ns;
  double *dues = volley_alloc((size_t)summary->ranks, sizeof *dues, "the summary");
  VOLLEY_MPI(MPI_Allgather(&due, 1, MPI_DOUBLE, dues, 1, MPI_DOUBLE, figures->network->comm));
  for (int r = 0; r < summary->ranks; r++) {
    volley_rank_figures *of = &summary->of_rank[r];
    double work = volley_rank_work(of->phase_s);
    for (int k = 0; k < VOLLEY_LONGEST_STEPS && steps > 100; k++) work -= of->longest_s[k] - work / steps;
    of->speed = work > 0 && dues[r] > 0 ? dues[r] / work : 0;
    mean += of->speed / ranks;
  }
  for (int r = 0; r < summary->ranks; r++)
    summary->of_rank[r].speed = mean > 0 && summary->of_rank[r].speed > 0 ? summary->of_rank[r].speed / mean : 1;
  free(dues);
}

/* What each rank did, and means over ranks; the time of the slowest, the memory of each. */
static void share_figures(volley_summary *summary, const volley_run_figures *figures) {
  const volley_network *network = figures->network;
  const size_t ranks = (size_t)network->ranks;
  const volley_rank_figures mine = find_own(figures);
  summary->of_rank = volley_alloc(ranks, sizeof mine, "the summary");
  VOLLEY_MPI(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, summary->of_rank, sizeof mine, MPI_BYTE, network->comm));
  for (size_t r = 0; r < ranks; r++)
    for (int phase = 0; phase < VOLLEY_PHASES; phase++)
      summary->phase_s[phase] += summary->of_rank[r].phase_s[phase] / network->ranks;
  VOLLEY_MPI(MPI_Allreduce(&figures->time->seconds, &summary->simulate_s, 1, MPI_DOUBLE, MPI_MAX, network->comm));
  const uint64_t peak = volley_peak_rss();
  summary->peak_rss_bytes = volley_alloc(ranks, sizeof peak, "the summary");
  VOLLEY_MPI(MPI_Allgather(&peak, 1, MPI_UINT64_T, summary->peak_rss_bytes, 1, MPI_UINT64_T, network->comm));
}

void volley_summary_fill(volley_summary *summary, const volley_run_figures *figures) {
  const volley_network *network = figures->network;
  const volley_experiment *experiment = network->experiment;
  const uint64_t *sums = figures->sums, *counts = sums + VOLLEY_TALLY_COUNTS;
  summary->ranks = network->ranks;
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) summary->phase_s[phase] = 0;
  share_figures(summary, figures);
  find_costs(summary, figures);
  find_speeds(summary, figures);
  share_ways(summary, figures);
  if (figures->exchange && figures->exchange->kind->tell) share_exchange(summary, figures);
  summary->neurons = experiment->neurons;
  summary->synapses = network->synapses;
  summary->table_bytes = network->table_bytes;
  summary->threads = network->threads;
  summary->model_ms = (double)figures->step * experiment->simulation.dt;
  summary->ended_early = experiment->ended_early;
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
  free(summary->of_rank);
  free(summary->update_ns);
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

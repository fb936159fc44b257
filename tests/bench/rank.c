/* The rank that is not there: one process builds and runs the share that rank r of R ranks has of a network. The spikes of all
 * others come from the output of a run of the whole network in place of an exchange, and its own neurons must spike as they
 * did there: a proof, not an estimate. Or they are drawn at a rate, for networks that have never run.
 *
 *   bench_rank FILE.yaml SPIKES.h5|RATE RANK RANKS [THREADS [KEY=VALUE ...]]
 *
 * Prints names and figures on two lines, as CSV: seconds are of a second of model time, but for build_s. */
#include "base/memory.h"
#include "base/random.h"
#include "engine/engine.h"
#include "engine/stopwatch.h"
#include "io/data/reader.h"
#include "io/experiment/file.h"
#include "io/output/reader.h"
#include "rule/rule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_UP = 200 /* steps that are not counted */ };

/* Spikes of all ranks, and how this rank's own compare with them. */
typedef struct recording {
  const volley_network *network;
  const volley_experiment *experiment;
  double rate;      /* Hz, of drawn spikes; 0: recorded ones */
  uint64_t *firsts; /* [steps + 1] into gids; counts while it is filled */
  volley_gid *gids;
  uint32_t n, capacity;
  uint64_t expected[2], found[2]; /* own spikes: number, and sum of hashes */
  volley_step_spikes present;
  int64_t step;
  double last, sum, squares, longest; /* seconds of steps */
  int64_t n_steps;
} recording;

static recording played; /* an exchange is made by a kind, which has no context */

static uint64_t hash_of(int64_t step, volley_gid gid) { return volley_scramble((uint64_t)step << 32 ^ gid); }

static void need(bool condition, const char *what) {
  if (!condition) volley_die("%s", what);
}

/* A population's spikes, as they are read: first counted by step, then put in their place. */
typedef struct taker {
  volley_gid first_gid;
  bool fills;
} taker;

static void take(void *context, size_t n, const double *times, const uint64_t *ids) {
  const taker *t = context;
  for (size_t i = 0; i < n; i++) {
    const int64_t step = (int64_t)llround(times[i] / played.experiment->simulation.dt) - 1;
    if (step < 0 || step >= played.experiment->simulation.steps) continue;
    if (t->fills)
      played.gids[played.firsts[step]++] = t->first_gid + (uint32_t)ids[i];
    else
      played.firsts[step + 1]++;
  }
}

static void read_spikes(volley_output_file *file, bool fills) {
  const volley_output_info *info = volley_output_file_info(file);
  for (int p = 0; p < played.experiment->n_populations; p++) {
    const volley_population *population = &played.experiment->populations[p];
    int r = 0;
    while (r < info->n_recorders && strcmp(info->recorders[r].population, population->name) != 0) r++;
    need(r < info->n_recorders, "the output must have the spikes of all populations");
    taker t = {population->first_gid, fills};
    need(volley_output_file_spikes(file, r, -INFINITY, take, &t) == VOLLEY_OK, "reading spikes");
  }
}

/* Population by population and by time, so that the gids of a step ascend. */
static void load_recording(const char *path) {
  volley_output_file *file;
  const int64_t steps = played.experiment->simulation.steps;
  need(volley_output_file_open(path, &file) == VOLLEY_OK, "opening the output");
  played.firsts = volley_alloc((size_t)steps + 2, sizeof *played.firsts, "spikes");
  read_spikes(file, false);
  for (int64_t s = 0; s < steps; s++) played.firsts[s + 1] += played.firsts[s];
  played.gids = volley_alloc(played.firsts[steps], sizeof *played.gids, "spikes");
  read_spikes(file, true); /* moves the beginning of each step to its end */
  memmove(played.firsts + 1, played.firsts, (size_t)steps * sizeof *played.firsts);
  played.firsts[0] = 0;
  volley_output_file_close(file);
}

static void *create(const volley_exchange_setup *setup) {
  played.step = setup->first_step;
  return &played;
}

static void destroy(void *exchange) { (void)exchange; }

static void add(void *exchange, const volley_gid *gids, uint32_t n) {
  recording *r = exchange;
  for (uint32_t i = 0; i < n; i++) r->found[1] += hash_of(r->step, gids[i]);
  r->found[0] += n;
}

static void post(void *exchange, unsigned requests, bool all) { (void)exchange, (void)requests, (void)all; }

static bool is_own(const recording *r, volley_gid gid) {
  const volley_experiment *experiment = r->experiment;
  const int p = volley_population_of(experiment, gid, 0);
  return volley_partition_owner(r->network->partition, p, volley_index_in(&experiment->populations[p], gid)) ==
         r->network->partition->rank;
}

/* As many spikes as there are in the mean, anywhere in the network. */
static void draw(recording *r) {
  const double mean = 1e-3 * r->rate * r->experiment->simulation.dt * (double)r->experiment->neurons;
  volley_stream stream = volley_stream_of(volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, 3), (uint32_t)r->step, 0);
  const uint32_t n = (uint32_t)(mean + volley_stream_uniform(&stream));
  if (n > r->capacity) r->gids = volley_grow(r->gids, r->capacity = 2 * n, sizeof *r->gids, "spikes");
  for (uint32_t i = 0; i < n; i++)
    r->gids[i] = (volley_gid)((i + volley_stream_uniform(&stream)) / n * (double)r->experiment->neurons);
  r->present = (volley_step_spikes){r->step, r->gids, n};
}

/* What this rank's neurons did in the recorded run: looked at beforehand, so that no step pays for it. */
static void expect_own(recording *r) {
  for (int64_t step = 0; step < r->experiment->simulation.steps; step++) {
    for (uint64_t i = r->firsts[step]; i < r->firsts[step + 1]; i++) {
      if (!is_own(r, r->gids[i])) continue;
      r->expected[0]++;
      r->expected[1] += hash_of(step, r->gids[i]);
    }
  }
}

static void look_up(recording *r) {
  const uint64_t first = r->firsts[r->step];
  r->present = (volley_step_spikes){r->step, r->gids + first, (uint32_t)(r->firsts[r->step + 1] - first)};
}

static volley_exchanged complete(void *exchange, int64_t step, bool all) {
  recording *r = exchange;
  const double now = volley_seconds(), taken = now - r->last;
  (void)all;
  if (step >= WARM_UP) {
    r->n_steps++;
    r->sum += taken;
    r->squares += taken * taken;
    r->longest = fmax(r->longest, taken);
  }
  r->step = step;
  if (r->rate > 0)
    draw(r);
  else
    look_up(r);
  r->step = step + 1;
  r->last = volley_seconds();
  return (volley_exchanged){.steps = &r->present, .n_steps = 1, .spikes = r->present.n, .waited = r->last - now};
}

static const volley_exchange_kind from_recording = {
    .name = "recording", .create = create, .destroy = destroy, .add = add, .post = post, .complete = complete};

static void print(int rank, int ranks, const volley_summary *s) {
  const double model_s = 1e-3 * s->model_ms;
  uint64_t events = 0;
  uint32_t neurons = 0;
  for (int p = 0; p < played.experiment->n_populations; p++) neurons += played.network->partition->counts[p];
  double delivery_s = 0;
  for (int w = 0; w < VOLLEY_WAYS; w++) {
    events += s->ways[w].events;
    delivery_s += s->ways[w].seconds;
  }
  const double mean = played.sum / fmax(1, (double)played.n_steps);
  printf("ranks,rank,threads,way,neurons,synapses,build_s,ns_an_event,bytes_a_synapse,seconds,update,stimuli,deliver,"
         "exchange,"
         "step_us,step_sd_us,step_longest_us,peak_mb,own_spikes,same_spikes\n");
  printf("%d,%d,%d,%s,%u,%llu,%.3f,%.3f,%.3f,%.4f,%.4f,%.4f,%.4f,%.4f,%.2f,%.2f,%.1f,%.1f,%llu,%s\n", ranks, rank,
         s->threads, s->ways[VOLLEY_WAY_DIRECT].blocks > 0 ? "direct" : "listed", neurons,
         (unsigned long long)s->synapses, s->build_s, 1e9 * delivery_s / fmax(1, (double)events),
         (double)s->table_bytes / fmax(1, (double)s->synapses), 1e3 * mean / played.experiment->simulation.dt,
         s->phase_s[VOLLEY_PHASE_UPDATE] / model_s, s->phase_s[VOLLEY_PHASE_STIMULI] / model_s,
         s->phase_s[VOLLEY_PHASE_DELIVER] / model_s, s->phase_s[VOLLEY_PHASE_EXCHANGE] / model_s, 1e6 * mean,
         1e6 * sqrt(fmax(0, played.squares / fmax(1, (double)played.n_steps) - mean * mean)), 1e6 * played.longest,
         1e-6 * (double)s->peak_rss_bytes[0], (unsigned long long)played.found[0],
         played.rate > 0                                                                  ? "drawn"
         : played.found[0] == played.expected[0] && played.found[1] == played.expected[1] ? "yes"
                                                                                          : "no");
}

static volley_status bench(int argc, char **argv) {
  const int rank = atoi(argv[3]), ranks = atoi(argv[4]), threads = argc > 5 ? atoi(argv[5]) : 1;
  MPI_Comm comm = MPI_COMM_SELF;
  volley_experiment *experiment;
  VOLLEY_TRY(
      volley_experiment_read(argv[1], (const char *const *)argv + 6, argc > 6 ? argc - 6 : 0, comm, &experiment));
  experiment->n_recorders = 0;
  for (int p = 0; p < experiment->n_projections; p++)
    need(!experiment->projections[p].rule->list, "edges of this rule travel between ranks that are not there");
  played.experiment = experiment;
  char *end;
  played.rate = strtod(argv[2], &end);
  if (*end || !(played.rate > 0)) {
    played.rate = 0;
    load_recording(argv[2]);
  }
  const volley_reader reader = volley_data_reader(&comm);
  volley_network *network;
  volley_summary summary = {0};
  const double start = MPI_Wtime();
  VOLLEY_TRY(volley_network_build_share(experiment, &reader, rank, ranks, threads, comm, &network));
  summary.build_s = MPI_Wtime() - start;
  played.network = network;
  if (played.rate == 0) expect_own(&played);
  played.last = volley_seconds();
  VOLLEY_TRY(volley_simulate(&(volley_engine_setup){.network = network, .exchange = &from_recording}, &summary));
  print(rank, ranks, &summary);
  const bool differs =
      played.rate == 0 && (played.found[0] != played.expected[0] || played.found[1] != played.expected[1]);
  volley_summary_release(&summary);
  volley_network_destroy(network);
  volley_experiment_destroy(experiment);
  free(played.firsts);
  free(played.gids);
  return differs ? VOLLEY_FAILURE : VOLLEY_OK;
}

int main(int argc, char **argv) {
  int provided;
  if (argc < 5) return printf("bench_rank FILE.yaml SPIKES.h5|RATE RANK RANKS [THREADS [KEY=VALUE ...]]\n"), 2;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  const volley_status status = bench(argc, argv);
  MPI_Finalize();
  return (int)status;
}

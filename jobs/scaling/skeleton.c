/* The exchange of spikes by itself, for SimGrid's MPI: the code of src/exchange as it is, fed with spikes at random, between pieces
 * of work that only take time. jobs/scaling/simgrid compiles it with smpicc and says what the words are; prints how long a step
 * took, in seconds.
 *
 * All ranks are one process there, and none has a network: who needs whose spikes, and which delays lie between groups, is made
 * up here in the place of the network and of exchange/partners.c and parts.c. Ranks lie on a square, partners are those nearest to one. */
#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "exchange/exchange.h"
#include "exchange/partners.h"
#include "exchange/parts.h"
#include "network/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  NEURONS = 64,             /* of a rank that are told apart */
  FARTHEST = 100,           /* of the square of partners */
  LONGEST_MESSAGE = 1 << 14 /* bytes, to a partner */
};

typedef struct words {
  const char *kind;
  int steps, batch, lag, far_lag, group, partners;
  double told;     /* partners that a spike goes to */
  double spikes;   /* of a rank in a step */
  double work, sd; /* s of a step */
} words;

static words given; /* the same of all ranks */

static double uniform(uint64_t *state) {
  *state += UINT64_C(0x9E3779B97F4A7C15);
  return volley_open_uniform((uint32_t)(volley_scramble(*state) >> 32));
}

static uint32_t poisson(uint64_t *state, double mean) {
  uint32_t n = 0;
  for (; mean > 0; mean -= 30) { /* by pieces whose exponential is none too small */
    const double least = exp(-fmin(mean, 30));
    for (double p = uniform(state); p > least; p *= uniform(state)) n++;
  }
  return n;
}

static double normal(uint64_t *state) {
  const double r = sqrt(-2 * log(uniform(state)));
  return r * cos(6.283185307179586 * uniform(state));
}

/* The ranks that are so far from one on the square whose sides meet, each once: `sign` 1 whom it tells, -1 who tells it. */
static int find_partners(int rank, int ranks, int sign, volley_partner *out) {
  const int wide = 1 << (int)ceil(log2(ranks) / 2), high = ranks / wide;
  int n = 0;
  for (int square = 1; n < given.partners && square < 2 * FARTHEST * FARTHEST; square++)
    for (int x = -FARTHEST; x <= FARTHEST; x++)
      for (int y = -FARTHEST; y <= FARTHEST && n < given.partners; y++) {
        if (x * x + y * y != square) continue;
        const int there =
            (rank / wide + sign * y % high + high) % high * wide + (rank % wide + sign * x % wide + wide) % wide;
        bool is_there = there == rank;
        for (int k = 0; k < n && !is_there; k++) is_there = out[k].rank == there;
        if (!is_there) out[n++] = (volley_partner){there, NEURONS};
      }
  return n;
}

bool volley_partners_find(const volley_network *network, const bool *everywhere, MPI_Comm comm, volley_partners *out) {
  uint64_t state = (uint64_t)network->rank;
  (void)everywhere;
  (void)comm;
  *out = (volley_partners){.n_gids = NEURONS, .gids = network->partition->gids[0]};
  out->from = volley_alloc((size_t)given.partners, sizeof *out->from, "skeleton");
  out->to = volley_alloc((size_t)given.partners, sizeof *out->to, "skeleton");
  out->n_to = find_partners(network->rank, network->ranks, 1, out->to);
  out->n_from = find_partners(network->rank, network->ranks, -1, out->from);
  out->firsts = volley_alloc(NEURONS + 1, sizeof *out->firsts, "skeleton");
  out->told = volley_alloc((size_t)(NEURONS * out->n_to), sizeof *out->told, "skeleton");
  for (int i = 0; i < NEURONS; i++) {
    const int n = (int)fmin(given.told + uniform(&state), out->n_to);
    for (int t = 0; t < n; t++) out->told[out->firsts[i] + (size_t)t] = (i + t) % out->n_to;
    out->firsts[i + 1] = out->firsts[i] + (size_t)n;
  }
  return true;
}

void volley_partners_release(volley_partners *partners) {
  void *const parts[] = {partners->from, partners->to, partners->firsts, partners->told};
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) free(parts[k]);
}

uint32_t volley_partners_place(const volley_partners *partners, uint32_t gid) { return gid - partners->gids[0]; }

int volley_network_first_due(const volley_network *network, const bool *of_rank) {
  return (void)network, (void)of_rank, given.far_lag;
}

/* Short names of neurons, without the exchange that finds them: the part of a rank is one run. */
volley_parts volley_parts_find(const volley_network *network, MPI_Comm comm) {
  static volley_run one_run;
  return (void)network, (void)comm, (volley_parts){.runs = &one_run};
}

void volley_parts_release(volley_parts *parts) { (void)parts; }

void volley_parts_shorten(const volley_parts *parts, int rank, const uint32_t *gids, uint32_t n, uint16_t *numbers) {
  (void)parts;
  (void)rank;
  for (uint32_t i = 0; i < n; i++) numbers[i] = (uint16_t)(gids[i] % NEURONS);
}

void volley_parts_lengthen(const volley_parts *parts, int rank, const uint16_t *numbers, uint32_t n, uint32_t *gids) {
  (void)parts;
  for (uint32_t i = 0; i < n; i++) gids[i] = (uint32_t)rank * NEURONS + numbers[i];
}

/* What SimGrid's MPI lacks: a message is received when it is asked for, and then handed out. */
int MPI_Mprobe(int source, int tag, MPI_Comm comm, MPI_Message *message, MPI_Status *status) {
  void *held = volley_alloc(LONGEST_MESSAGE, 1, "skeleton");
  *message = (MPI_Message)held;
  return MPI_Recv(held, LONGEST_MESSAGE, MPI_BYTE, source, tag, comm, status);
}

int MPI_Mrecv(void *buffer, int count, MPI_Datatype type, MPI_Message *message, MPI_Status *status) {
  int bytes;
  (void)status;
  MPI_Type_size(type, &bytes);
  memcpy(buffer, (void *)*message, (size_t)count * (size_t)bytes);
  free((void *)*message);
  return MPI_SUCCESS;
}

int MPI_Win_sync(MPI_Win window) { return (void)window, MPI_SUCCESS; }

/* What the kinds look at of a network: one population, an equal part on each rank. */
static volley_network *make_network(int rank, int ranks) {
  volley_network *network = volley_alloc(1, sizeof *network, "skeleton");
  volley_experiment *experiment = volley_alloc(1, sizeof *experiment, "skeleton");
  volley_partition *partition = volley_alloc(1, sizeof *partition, "skeleton");
  experiment->n_populations = 1;
  experiment->populations = volley_alloc(1, sizeof *experiment->populations, "skeleton");
  experiment->populations[0].size = experiment->neurons = (uint32_t)ranks * NEURONS;
  *partition = (volley_partition){.experiment = experiment, .rank = rank, .ranks = ranks, .count = NEURONS};
  partition->gids = volley_alloc(1, sizeof *partition->gids, "skeleton");
  partition->gids[0] = volley_alloc(NEURONS, sizeof **partition->gids, "skeleton");
  partition->counts = volley_alloc(1, sizeof *partition->counts, "skeleton");
  partition->counts[0] = NEURONS;
  for (uint32_t i = 0; i < NEURONS; i++) partition->gids[0][i] = (uint32_t)rank * NEURONS + i;
  *network = (volley_network){.experiment = experiment, .partition = partition, .rank = rank, .ranks = ranks};
  return network;
}

/* Ids of a rank in a batch that one batch of 32 exceeds on any rank, and an eighth more: to this size blocks would grow. */
static uint32_t usual(int ranks) {
  const double mean = given.spikes * given.batch;
  double p = exp(-mean), beyond = 1 - p;
  uint32_t n = 0;
  for (; ranks * beyond > 1.0 / 32 && n < 10 * mean + 20; beyond -= p) p *= mean / ++n;
  return n + n / 8 + 1;
}

/* One step; returns how many spikes have become known. */
static uint64_t take_step(const volley_exchange *x, int rank, int step, bool all, uint64_t *state) {
  uint32_t gids[NEURONS];
  uint64_t known = 0;
  int n_lists;
  uint32_t n = poisson(state, given.spikes);
  const double work = given.work + given.sd * normal(state);
  if (work > 0) smpi_execute_benched(work);
  for (; n > 0; n -= n < NEURONS ? n : NEURONS) {
    for (uint32_t i = 0; i < NEURONS; i++) gids[i] = (uint32_t)rank * NEURONS + (uint32_t)(uniform(state) * NEURONS);
    x->kind->add(x->state, gids, n < NEURONS ? n : NEURONS);
  }
  x->kind->post(x->state, 0, all);
  const volley_exchanged got = x->kind->complete(x->state, step, all);
  const volley_step_spikes *lists = volley_exchanged_lists(&got, &n_lists);
  for (int s = 0; s < n_lists; s++) known += lists[s].n;
  return known;
}

static void read_words(char **argv) {
  int *const counts[] = {&given.steps, &given.batch, &given.lag, &given.far_lag, &given.group, &given.partners};
  double *const numbers[] = {&given.told, &given.spikes, &given.work, &given.sd};
  given.kind = argv[1];
  for (int k = 0; k < 6; k++) *counts[k] = atoi(argv[2 + k]);
  for (int k = 0; k < 4; k++) *numbers[k] = atof(argv[8 + k]);
}

int main(int argc, char **argv) {
  int rank, ranks;
  uint64_t known = 0;
  if (argc != 12) return 2;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  read_words(argv);
  volley_exchange x = {.kind = *volley_exchange_kinds()};
  for (const volley_exchange_kind *const *k = volley_exchange_kinds(); *k; k++)
    if (strcmp((*k)->name, given.kind) == 0) x.kind = *k;
  const bool everywhere[] = {false};
  const volley_exchange_setup setup = {.comm = MPI_COMM_WORLD,
                                       .batch = given.batch,
                                       .lag = given.lag,
                                       .far_lag = given.far_lag,
                                       .group = given.group,
                                       .usual = usual(ranks),
                                       .network = make_network(rank, ranks),
                                       .everywhere = everywhere};
  x.state = x.kind->create(&setup);
  uint64_t state = volley_scramble((uint64_t)rank + 1);
  MPI_Barrier(MPI_COMM_WORLD);
  const double before = MPI_Wtime();
  for (int step = 0; step < given.steps; step++) known += take_step(&x, rank, step, step == given.steps - 1, &state);
  const double mine = MPI_Wtime() - before;
  double longest;
  volley_exchange_figures figures = {0};
  MPI_Reduce(&mine, &longest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  x.kind->tell(x.state, &figures);
  if (rank == 0)
    printf("%.9g %.9g %llu %llu %llu %llu\n", longest / given.steps, (double)known / given.steps,
           (unsigned long long)figures.calls, (unsigned long long)figures.group_calls,
           (unsigned long long)figures.messages, (unsigned long long)figures.bytes);
  MPI_Finalize();
  return 0;
}

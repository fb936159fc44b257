/* Ranks that are near each other, those of a node or of a group, exchange their spikes by themselves, as soon as one of them
 * needs it. All ranks do so only as often as spikes from far away must be known, which delays between areas leave time for:
 * one rank of each node, its leader, sends the spikes of all and gets those of the others, sorts them, and puts them into
 * memory that the ranks of the node share.
 *
 * Near spikes of step s are known after s + near_lag - 1. A far batch has so many steps that all of its spikes are known to the leader
 * when it is due, far_lag steps after its first; every rank knows when that is. Requests and the number of spikes are told with
 * it, and so are the spikes of all ranks to observers that need them.
 *
 * Shared memory has two halves, which far batches take in turn: when a leader writes to one, all ranks of the node
 * have been at the barrier of the batch before, so that none reads what it overwrites. */
#include "base/memory.h"
#include "base/signals.h"
#include "base/status.h"
#include "exchange/exchange.h"
#include "network/network.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps after which all ranks take part at the latest: so long may it take until they know what one asks for. */
enum { MOST_FAR = 64 };

extern const volley_exchange_kind volley_exchange_allgather;
static const volley_exchange_kind *const level = &volley_exchange_allgather;
static const char what[] = "the exchange of spikes";

/* How a half of the shared memory begins. Then counts: of all spikes, and of those from far away, of each step; then the gids of
 * all, step by step, if somebody needs them, and of those from far away. */
typedef struct head {
  uint64_t words;    /* that are needed behind it; more than there is room for: nothing is there yet */
  uint64_t requests; /* and the spikes of all ranks */
  uint64_t spikes;
  uint64_t steps;
} head;

typedef struct gid_list {
  volley_gid *gids;
  size_t n, room;
} gid_list;

typedef struct two_level {
  MPI_Comm near_comm, node, leaders; /* leaders: MPI_COMM_NULL on other ranks */
  bool leads, speaks;                /* is a leader; is the one that sends for its group */
  int others, groups;                /* ranks; groups */
  int near_lag, near_batch, far_lag, far_batch;
  bool tells_all; /* observers need spikes of all ranks */
  void *near, *far;
  int64_t known, far_first; /* steps before are known near; the first of the oldest far batch */
  unsigned requests;        /* of this group, not yet sent */
  gid_list kept;            /* of a leader: near spikes of the steps from far_first on */
  uint32_t *kept_counts;    /* [far_lag + near_lag + far_batch] */
  int64_t n_kept;           /* of these steps */
  MPI_Win window;
  head *halves[2];
  size_t room; /* words behind each head */
  int half;
  volley_step_spikes *steps, *parts; /* [far_lag + far_batch], [2 (far_lag + near_lag + far_batch)] */
  volley_exchange_figures figures;
} two_level;

static void find_comms(two_level *x, const volley_exchange_setup *setup) {
  int rank, first, leads;
  MPI_Comm shared;
  VOLLEY_MPI(MPI_Comm_rank(setup->comm, &rank));
  VOLLEY_MPI(MPI_Comm_split_type(setup->comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &shared));
  VOLLEY_MPI(MPI_Allreduce(&rank, &first, 1, MPI_INT, MPI_MIN, shared));
  VOLLEY_MPI(MPI_Comm_free(&shared));
  if (setup->group > 0) first = rank / setup->group;
  VOLLEY_MPI(MPI_Comm_split(setup->comm, first, rank, &x->near_comm));
  VOLLEY_MPI(MPI_Comm_split_type(x->near_comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &x->node));
  VOLLEY_MPI(MPI_Comm_rank(x->node, &leads));
  x->leads = leads == 0;
  VOLLEY_MPI(MPI_Comm_split(setup->comm, x->leads ? 0 : MPI_UNDEFINED, rank, &x->leaders));
  VOLLEY_MPI(MPI_Comm_rank(x->near_comm, &rank));
  x->speaks = rank == 0;
  x->groups = x->speaks;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &x->groups, 1, MPI_INT, MPI_SUM, setup->comm));
}

/* The least number of steps in which a spike of another group is needed anywhere. */
static int find_far_lag(const two_level *x, const volley_exchange_setup *setup) {
  int near_ranks, lag = setup->far_lag, ranks = x->others + 1;
  MPI_Group all, group;
  if (lag <= setup->lag || !setup->network) return setup->lag;
  bool *is_far = volley_alloc((size_t)ranks, sizeof *is_far, what);
  int *places = volley_alloc(2 * (size_t)ranks, sizeof *places, what), *near = places + ranks;
  VOLLEY_MPI(MPI_Comm_size(x->near_comm, &near_ranks));
  for (int r = 0; r < ranks; r++) {
    is_far[r] = true;
    places[r] = r;
  }
  VOLLEY_MPI(MPI_Comm_group(setup->comm, &all));
  VOLLEY_MPI(MPI_Comm_group(x->near_comm, &group));
  VOLLEY_MPI(MPI_Group_translate_ranks(group, near_ranks, places, all, near));
  for (int r = 0; r < near_ranks; r++) is_far[near[r]] = false;
  VOLLEY_MPI(MPI_Group_free(&all));
  VOLLEY_MPI(MPI_Group_free(&group));
  const int due = volley_network_first_due(setup->network, is_far);
  if (due < lag) lag = due;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &lag, 1, MPI_INT, MPI_MIN, setup->comm));
  free(places);
  free(is_far);
  return lag < setup->lag ? setup->lag : lag;
}

static void choose_lags(two_level *x, const volley_exchange_setup *setup) {
  const int lag = find_far_lag(x, setup), most = setup->lag < MOST_FAR ? MOST_FAR : setup->lag;
  x->far_lag = lag < most ? lag : most;
  x->near_lag = setup->lag < x->far_lag / 2 ? setup->lag : x->far_lag / 2;
  if (x->near_lag < 1) x->near_lag = 1;
  x->near_batch = setup->batch > 1 ? x->near_lag : 1;
  x->far_batch = x->near_batch == 1 ? x->far_lag - x->near_lag + 1 : x->far_lag / x->near_lag * x->near_lag;
}

static void allocate(void *exchange) {
  two_level *x = exchange;
  const size_t steps = (size_t)(x->far_lag + x->near_lag + x->far_batch);
  x->kept_counts = volley_alloc(steps, sizeof *x->kept_counts, what);
  x->steps = volley_alloc(steps, sizeof *x->steps, what);
  x->parts = volley_alloc(2 * steps, sizeof *x->parts, what);
}

/* Memory that the ranks of the node share, the leader's; all of them together. False: the node has none. */
static bool share_memory(two_level *x, size_t words) {
  const size_t half = sizeof(head) + words * sizeof(volley_gid);
  const size_t bytes = (half + 63) / 64 * 64;
  MPI_Aint size;
  int unit;
  unsigned char *base;
  const int code =
      MPI_Win_allocate_shared(x->leads ? (MPI_Aint)(2 * bytes) : 0, 1, MPI_INFO_NULL, x->node, &base, &x->window);
  if (code != MPI_SUCCESS) {
    x->window = MPI_WIN_NULL;
    volley_fault(VOLLEY_FAILURE, NULL, "ranks of a node cannot share %zu bytes for %s: is /dev/shm or /tmp full?",
                 2 * bytes, what);
    return false;
  }
  VOLLEY_MPI(MPI_Win_shared_query(x->window, 0, &size, &unit, &base));
  VOLLEY_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, x->window));
  x->halves[0] = (head *)(void *)base;
  x->halves[1] = (head *)(void *)(base + bytes);
  x->room = words;
  return true;
}

static void release_memory(two_level *x) {
  if (x->window == MPI_WIN_NULL) return;
  VOLLEY_MPI(MPI_Win_unlock_all(x->window));
  VOLLEY_MPI(MPI_Win_free(&x->window));
}

static void destroy(void *exchange) {
  two_level *x = exchange;
  release_memory(x);
  if (x->near) level->destroy(x->near);
  if (x->far) level->destroy(x->far);
  VOLLEY_MPI(MPI_Comm_free(&x->near_comm));
  VOLLEY_MPI(MPI_Comm_free(&x->node));
  if (x->leaders != MPI_COMM_NULL) VOLLEY_MPI(MPI_Comm_free(&x->leaders));
  void *const parts[] = {x->kept.gids, x->kept_counts, x->steps, x->parts, x};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) free(parts[i]);
}

/* The exchanges of both levels. */
static bool make_levels(two_level *x, const volley_exchange_setup *setup) {
  int near_ranks; /* of the largest group */
  VOLLEY_MPI(MPI_Comm_size(x->near_comm, &near_ranks));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &near_ranks, 1, MPI_INT, MPI_MAX, setup->comm));
  volley_exchange_setup near = *setup, far = *setup;
  near.comm = x->near_comm;
  near.lag = x->near_lag;
  near.batch = x->near_batch;
  x->near = level->create(&near);
  const double usual = (double)setup->usual * near_ranks * x->far_batch / setup->batch;
  far.comm = x->leaders;
  far.lag = x->far_lag;
  far.batch = x->far_batch;
  far.network = NULL; /* whose spikes those of a leader are */
  far.usual = usual < 65536 ? (uint32_t)usual : 65536;
  if (x->leads) x->far = level->create(&far);
  const double words = 2.0 * x->far_batch + 2 * usual * x->groups;
  return volley_all(x->near && (x->far || !x->leads), setup->comm) &&
         volley_all(share_memory(x, words < 1 << 20 ? (size_t)words : 1 << 20), setup->comm);
}

static void *create(const volley_exchange_setup *setup) {
  two_level *x = volley_alloc(1, sizeof *x, what);
  x->window = MPI_WIN_NULL;
  VOLLEY_MPI(MPI_Comm_size(setup->comm, &x->others));
  x->others--;
  find_comms(x, setup);
  choose_lags(x, setup);
  x->known = x->far_first = setup->first_step;
  x->tells_all = !setup->network || !setup->everywhere;
  for (int p = 0; !x->tells_all && p < setup->network->experiment->n_populations; p++)
    x->tells_all = setup->everywhere[p];
  const bool is_made = volley_all(volley_memory_try(allocate, x) == VOLLEY_OK, setup->comm);
  if (!is_made || !make_levels(x, setup)) return destroy(x), NULL;
  return x;
}

static double expected_bytes(int ranks, double lag, double usual) { return level->expected_bytes(ranks, lag, usual); }

/* Nobody knows beforehand which delays lie between groups: as if they were the least ones. Ranks by themselves are one node. */
static volley_exchange_cost expected_cost(const volley_exchange_load *load) {
  volley_exchange_load near = *load, far = *load;
  const double group = load->group > 0 ? load->group : load->ranks;
  near.ranks = (int)fmin(group, load->ranks);
  far.ranks = (int)ceil(load->ranks / group);
  far.batch = load->lag;
  far.spikes = load->spikes * near.ranks;
  far.neurons = INFINITY; /* no short names */
  const volley_exchange_cost a = level->expected_cost(&near), b = level->expected_cost(&far);
  return (volley_exchange_cost){a.seconds + b.seconds, a.bytes + b.bytes / near.ranks};
}

static void add(void *exchange, const volley_gid *gids, uint32_t n) {
  level->add(((two_level *)exchange)->near, gids, n);
}

static void post(void *exchange, unsigned requests, bool all) {
  level->post(((two_level *)exchange)->near, requests, all);
}

/* What a leader does with near spikes of a step that have become known. */
typedef struct keeping {
  two_level *x;
  const volley_step_spikes *spikes;
} keeping;

static void keep(void *context) {
  const keeping *k = context;
  two_level *x = k->x;
  const size_t n = x->kept.n + k->spikes->n;
  if (n > x->kept.room) {
    x->kept.gids = volley_grow(x->kept.gids, 2 * n, sizeof *x->kept.gids, what);
    x->kept.room = 2 * n;
  }
  if (x->speaks) level->add(x->far, k->spikes->gids, k->spikes->n);
  if (k->spikes->n > 0) memcpy(x->kept.gids + x->kept.n, k->spikes->gids, k->spikes->n * sizeof *x->kept.gids);
  x->kept.n = n;
}

/* Sends near spikes that have become known to the other leaders, maybe with many steps behind. */
static void send_far(two_level *x, const volley_exchanged *near, int64_t step, bool all) {
  for (int s = 0; s < near->n_steps; s++) {
    const size_t before = x->kept.n;
    (void)volley_memory_try(keep, &(keeping){x, &near->steps[s]}); /* else a fault, which travels like a request */
    x->kept_counts[x->n_kept++] = (uint32_t)(x->kept.n - before);
    level->post(x->far, x->requests, all && near->steps[s].step == step);
    x->requests = 0;
  }
}

static volley_gid *words_of(head *h) { return (volley_gid *)(void *)(h + 1); }

/* Writes those of n ascending gids that are not among the kept ones of the step. Returns where they end. */
static volley_gid *write_far(const volley_step_spikes *all, const volley_gid *kept, uint32_t n_kept, volley_gid *out) {
  uint32_t k = 0;
  for (uint32_t i = 0; i < all->n; i++) {
    while (k < n_kept && kept[k] < all->gids[i]) k++;
    if (k < n_kept && kept[k] == all->gids[i])
      k++;
    else
      *out++ = all->gids[i];
  }
  return out;
}

/* Writes a far batch into the half whose turn it is, or how much room it needs. */
static void write_batch(two_level *x, const volley_exchanged *got) {
  head *h = x->halves[x->half];
  const uint32_t steps = (uint32_t)got->n_steps;
  size_t all = 0, kept = 0;
  for (uint32_t s = 0; s < steps; s++) all += got->steps[s].n;
  *h = (head){2 * (uint64_t)steps + 2 * all, got->requests, got->spikes, steps};
  if (h->words > x->room) return;
  volley_gid *counts = words_of(h), *out = counts + 2 * steps;
  for (uint32_t s = 0; s < steps && x->tells_all; s++) {
    if (got->steps[s].n > 0) memcpy(out, got->steps[s].gids, got->steps[s].n * sizeof *out);
    out += got->steps[s].n;
  }
  for (uint32_t s = 0; s < steps; s++) {
    volley_gid *end = write_far(&got->steps[s], x->kept.gids + kept, x->kept_counts[s], out);
    counts[s] = got->steps[s].n;
    counts[steps + s] = (uint32_t)(end - out);
    kept += x->kept_counts[s];
    out = end;
  }
}

/* Forgets the near spikes of steps that are known everywhere. */
static void forget(two_level *x, int64_t steps) {
  size_t n = 0;
  for (int64_t s = 0; s < steps; s++) n += x->kept_counts[s];
  x->kept.n -= n;
  x->n_kept -= steps;
  if (x->kept.n > 0) memmove(x->kept.gids, x->kept.gids + n, x->kept.n * sizeof *x->kept.gids);
  memmove(x->kept_counts, x->kept_counts + steps, (size_t)x->n_kept * sizeof *x->kept_counts);
}

/* When all ranks of the node are here, they see what the leader has written. */
static void meet(const two_level *x) {
  VOLLEY_MPI(MPI_Win_sync(x->window));
  VOLLEY_MPI(MPI_Barrier(x->node));
  VOLLEY_MPI(MPI_Win_sync(x->window));
}

/* Gets a far batch to all ranks of the node; got: of the leader. */
static head *share_batch(two_level *x, const volley_exchanged *got) {
  x->half = !x->half;
  if (x->leads) write_batch(x, got);
  meet(x);
  const uint64_t words = x->halves[x->half]->words;
  if (words <= x->room) return x->halves[x->half];
  release_memory(x);
  if (!share_memory(x, 2 * words)) volley_die("no shared memory for %s", what);
  if (x->leads) write_batch(x, got);
  meet(x);
  return x->halves[x->half];
}

/* Takes a far batch apart: all spikes for observers, those from far away for synapses. */
static void take_batch(two_level *x, head *h, volley_exchanged *out) {
  const uint32_t steps = (uint32_t)h->steps;
  const volley_gid *counts = words_of(h), *gids = counts + 2 * steps;
  for (uint32_t s = 0; s < steps; s++) {
    const uint32_t n = x->tells_all ? (uint32_t)counts[s] : 0;
    x->steps[s] = (volley_step_spikes){.step = x->far_first + s, .gids = gids, .n = n};
    gids += n;
  }
  for (uint32_t s = 0; s < steps; s++) {
    const uint32_t n = (uint32_t)counts[steps + s];
    x->parts[out->n_parts++] = (volley_step_spikes){.step = x->far_first + s, .gids = gids, .n = n};
    gids += n;
  }
  out->n_steps = (int)steps;
  out->requests = (unsigned)h->requests;
  out->spikes = h->spikes;
  x->far_first += steps;
}

static volley_exchanged complete(void *exchange, int64_t step, bool all) {
  two_level *x = exchange;
  const volley_exchanged near = level->complete(x->near, step, all);
  volley_exchanged got = {0}, out = {.steps = x->steps, .parts = x->parts, .waited = near.waited};
  x->requests |= near.requests;
  for (int s = 0; s < near.n_steps; s++) x->parts[out.n_parts++] = near.steps[s];
  x->known += near.n_steps;
  if (x->leads) {
    send_far(x, &near, step, all);
    got = level->complete(x->far, step, all);
    out.waited += got.waited;
  }
  if (all ? x->known == x->far_first : x->far_first + x->far_lag > step + 1) return out;
  const double before = MPI_Wtime();
  take_batch(x, share_batch(x, &got), &out);
  if (x->leads) forget(x, out.n_steps);
  out.waited += MPI_Wtime() - before;
  return out;
}

static void tell(const void *exchange, volley_exchange_figures *figures) {
  const two_level *x = exchange;
  volley_exchange_figures near = {0}, far = {0};
  level->tell(x->near, &near);
  if (x->leads) level->tell(x->far, &far);
  const volley_exchange_figures sum = {.calls = far.calls,
                                       .group_calls = near.calls,
                                       .messages = near.messages + far.messages,
                                       .bytes = near.bytes + far.bytes,
                                       .spikes = near.spikes,
                                       .told = near.spikes * (uint64_t)x->others};
  volley_exchange_figures_add(figures, &sum);
}

const volley_exchange_kind volley_exchange_two_level = {
    .name = "two_level",
    .doc = "ranks of a node or group by themselves as often as one of them needs it, all as often as delays between "
           "groups ask for",
    .has_groups = true,
    .create = create,
    .destroy = destroy,
    .expected_bytes = expected_bytes,
    .expected_cost = expected_cost,
    .add = add,
    .post = post,
    .complete = complete,
    .tell = tell,
};

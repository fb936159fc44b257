#include "engine/exchange.h"

#include "base/memory.h"
#include "base/status.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A rank's block: the number of spikes of each step of the batch, what the rank asks for, then as many of the ids as
 * fit. At most so many exchanges are under way, however long the shortest delay is. */
enum { MAX_UNDER_WAY = 16 };

/* One batch on its way. */
typedef struct parcel {
  int64_t first;  /* step */
  int steps;      /* in this batch: fewer than usual before a checkpoint and at the end of the run */
  uint32_t *send; /* [batch] counts, requests, [n] ids, room for `fixed` at least */
  uint32_t n, capacity;
  uint32_t *receive; /* [ranks][batch + 1 + fixed] */
  MPI_Request request;
} parcel;

struct volley_exchange {
  MPI_Comm comm;
  int ranks, batch;
  int lag;         /* steps from the first of a batch to the one before which it must be known */
  uint32_t fixed;  /* ids in a block */
  int64_t next;    /* step that is being filled */
  parcel *parcels; /* ring of n_parcels; parcel of batch b is b % n_parcels */
  int64_t n_parcels, filling, oldest;
  int *counts, *starts; /* [ranks] of the second round */
  uint32_t *rest;       /* ids of the second round */
  size_t rest_capacity;
  uint32_t *gids; /* the volleys that were handed out last */
  size_t gids_capacity;
  uint32_t *scratch;
  uint32_t *taken; /* [ranks] spikes taken from a parcel so far */
  volley_step_spikes *volleys;
  unsigned requests; /* in the parcels completed last */
  double waited;
};

/* Where ids begin in a block. */
static uint32_t header_length(const volley_exchange *x) { return (uint32_t)x->batch + 1; }
static uint32_t block_length(const volley_exchange *x) { return header_length(x) + x->fixed; }

static void reserve(uint32_t **ids, size_t *capacity, size_t n) {
  if (n <= *capacity) return;
  *capacity = n > 2 * *capacity ? n : 2 * *capacity;
  *ids = volley_grow(*ids, *capacity, sizeof **ids, "the exchange of spikes");
}

volley_exchange *volley_exchange_create(MPI_Comm comm, int batch, int min_delay, int64_t first_step,
                                        uint32_t block_ids) {
  volley_exchange *x = volley_alloc(1, sizeof *x, "the exchange of spikes");
  VOLLEY_MPI(MPI_Comm_dup(comm, &x->comm));
  VOLLEY_MPI(MPI_Comm_size(comm, &x->ranks));
  x->batch = batch;
  x->lag = min_delay < MAX_UNDER_WAY * batch ? min_delay : MAX_UNDER_WAY * batch;
  x->fixed = block_ids;
  x->next = first_step;
  x->n_parcels = x->lag / batch + 1;
  x->parcels = volley_alloc((size_t)x->n_parcels, sizeof *x->parcels, "the exchange of spikes");
  for (int64_t b = 0; b < x->n_parcels; b++) {
    parcel *p = &x->parcels[b];
    p->capacity = block_length(x);
    p->send = volley_grow(NULL, p->capacity, sizeof *p->send, "the exchange of spikes");
    memset(p->send, 0, p->capacity * sizeof *p->send);
    p->receive = volley_alloc((size_t)x->ranks * block_length(x), sizeof *p->receive, "the exchange of spikes");
    p->request = MPI_REQUEST_NULL;
  }
  x->parcels[0].first = first_step;
  x->counts = volley_alloc((size_t)x->ranks, sizeof *x->counts, "the exchange of spikes");
  x->starts = volley_alloc((size_t)x->ranks, sizeof *x->starts, "the exchange of spikes");
  x->taken = volley_alloc((size_t)x->ranks, sizeof *x->taken, "the exchange of spikes");
  x->volleys = volley_alloc((size_t)(x->lag + batch), sizeof *x->volleys, "the exchange of spikes");
  return x;
}

void volley_exchange_destroy(volley_exchange *x) {
  if (!x) return;
  for (int64_t b = 0; b < x->n_parcels; b++) {
    VOLLEY_MPI(
        MPI_Wait(&x->parcels[b].request, MPI_STATUS_IGNORE)); /* a run that broke off: MPI still uses the buffers */
    free(x->parcels[b].send);
    free(x->parcels[b].receive);
  }
  VOLLEY_MPI(MPI_Comm_free(&x->comm));
  free(x->parcels);
  free(x->counts);
  free(x->starts);
  free(x->rest);
  free(x->gids);
  free(x->scratch);
  free(x->taken);
  free(x->volleys);
  free(x);
}

static parcel *filling(volley_exchange *x) { return &x->parcels[x->filling % x->n_parcels]; }

void volley_exchange_add(volley_exchange *x, const uint32_t *gids, uint32_t n) {
  parcel *p = filling(x);
  const size_t used = header_length(x) + (size_t)p->n;
  if (used + n > p->capacity) {
    p->capacity = (uint32_t)(2 * (used + n));
    p->send = volley_grow(p->send, p->capacity, sizeof *p->send, "the exchange of spikes");
  }
  if (n > 0) memcpy(p->send + used, gids, n * sizeof *gids);
  p->n += n;
  p->send[p->steps] += n;
}

void volley_exchange_ask(volley_exchange *x, unsigned requests) { filling(x)->send[x->batch] |= requests; }

void volley_exchange_post(volley_exchange *x, bool all) {
  parcel *p = filling(x);
  p->steps++;
  x->next++;
  if (p->steps < x->batch && !all) return;
  const int length = (int)block_length(x);
  VOLLEY_MPI(MPI_Iallgather(p->send, length, MPI_UINT32_T, p->receive, length, MPI_UINT32_T, x->comm, &p->request));
  x->filling++;
  if (!all) filling(x)->first = x->next; /* else there may be no free parcel before complete() */
}

static uint32_t sum(const uint32_t *counts, int n) {
  uint32_t total = 0;
  for (int i = 0; i < n; i++) total += counts[i];
  return total;
}

/* Fetches the ids that did not fit into the blocks, if any; all ranks know from the counts whether there are. */
static void second_round(volley_exchange *x, const parcel *p) {
  size_t n = 0;
  for (int r = 0; r < x->ranks; r++) {
    const uint32_t total = sum(p->receive + (size_t)r * block_length(x), p->steps);
    x->starts[r] = (int)n;
    x->counts[r] = total > x->fixed ? (int)(total - x->fixed) : 0;
    n += (size_t)x->counts[r];
  }
  if (n == 0) return;
  if (n > INT_MAX) volley_die("%zu spikes in one exchange: more than MPI can count", n);
  reserve(&x->rest, &x->rest_capacity, n);
  const int mine = p->n > x->fixed ? (int)(p->n - x->fixed) : 0;
  VOLLEY_MPI(MPI_Allgatherv(p->send + block_length(x), mine, MPI_UINT32_T, x->rest, x->counts, x->starts, MPI_UINT32_T,
                            x->comm));
}

/* Sorts ids by eight bits at a time, leaving out bits that are the same in all; few ids by insertion. */
static void sort_ids(uint32_t *ids, uint32_t n, uint32_t *scratch) {
  if (n <= 32) {
    for (uint32_t i = 1; i < n; i++) {
      const uint32_t id = ids[i];
      uint32_t j = i;
      for (; j > 0 && ids[j - 1] > id; j--) ids[j] = ids[j - 1];
      ids[j] = id;
    }
    return;
  }
  for (int shift = 0; shift < 32; shift += 8) {
    uint32_t starts[257] = {0};
    for (uint32_t i = 0; i < n; i++) starts[((ids[i] >> shift) & 255) + 1]++;
    if (starts[((ids[0] >> shift) & 255) + 1] == n) continue;
    for (int s = 0; s < 256; s++) starts[s + 1] += starts[s];
    for (uint32_t i = 0; i < n; i++) scratch[starts[(ids[i] >> shift) & 255]++] = ids[i];
    memcpy(ids, scratch, n * sizeof *ids);
  }
}

static uint32_t total_of(const volley_exchange *x, const parcel *p) {
  uint32_t total = 0;
  for (int r = 0; r < x->ranks; r++) total += sum(p->receive + (size_t)r * block_length(x), p->steps);
  return total;
}

/* Copies spike number k of a rank from its block or from the second round. */
static uint32_t spike_of(const volley_exchange *x, const parcel *p, int rank, uint32_t k) {
  if (k < x->fixed) return p->receive[(size_t)rank * block_length(x) + header_length(x) + k];
  return x->rest[(size_t)x->starts[rank] + k - x->fixed];
}

/* Takes a parcel apart into one volley a step, sorted by gid, behind the `used` ids that are there already. */
static size_t unpack(volley_exchange *x, const parcel *p, size_t used, volley_step_spikes *volleys) {
  memset(x->taken, 0, (size_t)x->ranks * sizeof *x->taken);
  for (int s = 0; s < p->steps; s++) {
    uint32_t *ids = x->gids + used;
    uint32_t n = 0;
    for (int r = 0; r < x->ranks; r++) {
      const uint32_t count = p->receive[(size_t)r * block_length(x) + (size_t)s];
      for (uint32_t k = 0; k < count; k++) ids[n++] = spike_of(x, p, r, x->taken[r]++);
    }
    sort_ids(ids, n, x->scratch);
    volleys[s] = (volley_step_spikes){.step = p->first + s, .n = n};
    used += n;
  }
  return used;
}

static void recycle(volley_exchange *x, parcel *p) {
  memset(p->send, 0, header_length(x) * sizeof *p->send);
  p->n = 0;
  p->steps = 0;
}

/* A batch must be known before the first step on which one of its spikes can act. */
static bool is_due(const volley_exchange *x, const parcel *p, int64_t step, bool all) {
  return all || p->first + x->lag <= step + 1;
}

static void complete_parcel(volley_exchange *x, parcel *p) {
  const double before = MPI_Wtime();
  VOLLEY_MPI(MPI_Wait(&p->request, MPI_STATUS_IGNORE));
  second_round(x, p);
  x->waited += MPI_Wtime() - before;
  for (int r = 0; r < x->ranks; r++) x->requests |= p->receive[(size_t)r * block_length(x) + (size_t)x->batch];
}

int volley_exchange_complete(volley_exchange *x, int64_t step, bool all, const volley_step_spikes **volleys) {
  int n = 0;
  size_t used = 0;
  x->requests = 0;
  for (; x->oldest < x->filling; x->oldest++) {
    parcel *p = &x->parcels[x->oldest % x->n_parcels];
    if (!is_due(x, p, step, all)) break;
    complete_parcel(x, p);
    if (used + total_of(x, p) > x->gids_capacity) {
      reserve(&x->gids, &x->gids_capacity, used + total_of(x, p));
      x->scratch = volley_grow(x->scratch, x->gids_capacity, sizeof *x->scratch, "the exchange of spikes");
    }
    used = unpack(x, p, used, x->volleys + n);
    n += p->steps;
    recycle(x, p);
  }
  if (all) filling(x)->first = x->next;
  const uint32_t *ids = x->gids;
  for (int v = 0; v < n; v++) {
    x->volleys[v].gids = ids;
    ids += x->volleys[v].n;
  }
  *volleys = x->volleys;
  return n;
}

unsigned volley_exchange_requests(const volley_exchange *x) { return x->requests; }

double volley_exchange_waited(const volley_exchange *x) { return x->waited; }

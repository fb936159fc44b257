/* One allgather for every batch, posted when the spikes are known and completed when they are due: every rank gets all
 * spikes. Each rank sends a block of fixed size; what does not fit follows in a second round that all ranks know of from
 * the counts in the first. */
#include "exchange/exchange.h"

#include "base/memory.h"
#include "base/signals.h"
#include "base/status.h"
#include "exchange/gids.h"

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

typedef struct allgather {
  MPI_Comm comm;
  int ranks, batch;
  int lag;        /* steps from the first of a batch to the one before which it must be known */
  uint32_t fixed; /* ids in a block */
  bool is_plain;
  int64_t next;    /* step that is being filled */
  parcel *parcels; /* ring of n_parcels; parcel of batch b is b % n_parcels */
  int64_t n_parcels, filling, oldest;
  int *counts, *starts; /* [ranks] of the second round */
  uint32_t *rest;       /* ids of the second round */
  size_t rest_capacity;
  uint32_t *gids; /* the spikes that were handed out last */
  size_t gids_capacity;
  uint32_t *scratch;
  uint32_t *taken;           /* [ranks] spikes taken from a parcel so far */
  volley_step_spikes *steps; /* [lag + batch] */
} allgather;

/* Where ids begin in a block. */
static uint32_t header_length(const allgather *x) { return (uint32_t)x->batch + 1; }
static uint32_t block_length(const allgather *x) { return header_length(x) + x->fixed; }

static const char what[] = "the exchange of spikes";

/* Room for the ids of the second round, or of all that is handed out. */
typedef struct room {
  uint32_t **ids, **scratch; /* scratch: NULL where there is none */
  size_t *capacity, n;
} room;

static void grow(void *context) {
  const room *r = context;
  const size_t capacity = r->n > 2 * *r->capacity ? r->n : 2 * *r->capacity;
  *r->ids = volley_grow(*r->ids, capacity, sizeof **r->ids, what);
  if (r->scratch) *r->scratch = volley_grow(*r->scratch, capacity, sizeof **r->scratch, what);
  *r->capacity = capacity;
}

/* Collective where it grows, which all ranks do together. Returns whether there is memory on all of them. */
static bool reserve(const allgather *x, room r) {
  return r.n <= *r.capacity || volley_all(volley_memory_try(grow, &r) == VOLLEY_OK, x->comm);
}

static void allocate(void *exchange) {
  allgather *x = exchange;
  x->parcels = volley_alloc((size_t)x->n_parcels, sizeof *x->parcels, what);
  for (int64_t b = 0; b < x->n_parcels; b++) x->parcels[b].request = MPI_REQUEST_NULL;
  for (int64_t b = 0; b < x->n_parcels; b++) {
    parcel *p = &x->parcels[b];
    p->capacity = block_length(x);
    p->send = memset(volley_grow(NULL, p->capacity, sizeof *p->send, what), 0, p->capacity * sizeof *p->send);
    p->receive = volley_alloc((size_t)x->ranks * block_length(x), sizeof *p->receive, what);
  }
  x->counts = volley_alloc((size_t)x->ranks, sizeof *x->counts, what);
  x->starts = volley_alloc((size_t)x->ranks, sizeof *x->starts, what);
  x->taken = volley_alloc((size_t)x->ranks, sizeof *x->taken, what);
  x->steps = volley_alloc((size_t)(x->lag + x->batch), sizeof *x->steps, what);
}

static void destroy(void *exchange) {
  allgather *x = exchange;
  for (int64_t b = 0; x->parcels && b < x->n_parcels; b++) {
    /* After a run that broke off MPI still uses the buffers. */
    VOLLEY_MPI(MPI_Wait(&x->parcels[b].request, MPI_STATUS_IGNORE));
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
  free(x->steps);
  free(x);
}

static void *create(const volley_exchange_setup *setup) {
  allgather *x = volley_alloc(1, sizeof *x, what);
  const int batch = setup->batch;
  VOLLEY_MPI(MPI_Comm_dup(setup->comm, &x->comm));
  VOLLEY_MPI(MPI_Comm_size(x->comm, &x->ranks));
  x->batch = batch;
  x->lag = setup->lag < MAX_UNDER_WAY * batch ? setup->lag : MAX_UNDER_WAY * batch;
  x->fixed = setup->usual;
  x->is_plain = setup->is_plain;
  x->next = setup->first_step;
  x->n_parcels = x->lag / batch + 1;
  if (!volley_all(volley_memory_try(allocate, x) == VOLLEY_OK, x->comm)) return destroy(x), NULL;
  x->parcels[0].first = setup->first_step;
  return x;
}

static double expected_bytes(int ranks, double lag, double usual) {
  const double parcels = (lag < MAX_UNDER_WAY ? lag : MAX_UNDER_WAY) + 1;
  return parcels * sizeof(uint32_t) * ranks * usual;
}

static parcel *filling(allgather *x) { return &x->parcels[x->filling % x->n_parcels]; }

static void add(void *exchange, const uint32_t *gids, uint32_t n) {
  allgather *x = exchange;
  parcel *p = filling(x);
  const size_t used = header_length(x) + (size_t)p->n;
  if (used + n > p->capacity) {
    p->send = volley_grow(p->send, 2 * (used + n), sizeof *p->send, what);
    p->capacity = (uint32_t)(2 * (used + n));
  }
  if (n > 0) memcpy(p->send + used, gids, n * sizeof *gids);
  p->n += n;
  p->send[p->steps] += n;
}

static void post(void *exchange, unsigned requests, bool all) {
  allgather *x = exchange;
  parcel *p = filling(x);
  p->send[x->batch] |= requests;
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

/* Fetches the ids that did not fit into the blocks, if any; all ranks know from the counts whether there are. Returns false
 * where a rank has no memory for them. */
static bool second_round(allgather *x, const parcel *p) {
  size_t n = 0;
  for (int r = 0; r < x->ranks; r++) {
    const uint32_t total = sum(p->receive + (size_t)r * block_length(x), p->steps);
    x->starts[r] = (int)n;
    x->counts[r] = total > x->fixed ? (int)(total - x->fixed) : 0;
    n += (size_t)x->counts[r];
  }
  if (n == 0) return true;
  if (n > INT_MAX) volley_die("%zu spikes in one exchange: more than MPI can count", n);
  if (!reserve(x, (room){&x->rest, NULL, &x->rest_capacity, n})) return false;
  const int mine = p->n > x->fixed ? (int)(p->n - x->fixed) : 0;
  VOLLEY_MPI(MPI_Allgatherv(p->send + block_length(x), mine, MPI_UINT32_T, x->rest, x->counts, x->starts, MPI_UINT32_T,
                            x->comm));
  return true;
}

static uint32_t total_of(const allgather *x, const parcel *p) {
  uint32_t total = 0;
  for (int r = 0; r < x->ranks; r++) total += sum(p->receive + (size_t)r * block_length(x), p->steps);
  return total;
}

/* Copies spike number k of a rank from its block or from the second round. */
static uint32_t spike_of(const allgather *x, const parcel *p, int rank, uint32_t k) {
  if (k < x->fixed) return p->receive[(size_t)rank * block_length(x) + header_length(x) + k];
  return x->rest[(size_t)x->starts[rank] + k - x->fixed];
}

/* Takes a parcel apart into the spikes of each step, sorted by gid, behind the `used` ids that are there already. */
static size_t unpack(allgather *x, const parcel *p, size_t used, volley_step_spikes *steps) {
  memset(x->taken, 0, (size_t)x->ranks * sizeof *x->taken);
  for (int s = 0; s < p->steps; s++) {
    uint32_t *ids = x->gids + used;
    uint32_t n = 0;
    for (int r = 0; r < x->ranks; r++) {
      const uint32_t count = p->receive[(size_t)r * block_length(x) + (size_t)s];
      for (uint32_t k = 0; k < count; k++) ids[n++] = spike_of(x, p, r, x->taken[r]++);
    }
    if (!x->is_plain) volley_gids_sort(ids, n, x->scratch);
    steps[s] = (volley_step_spikes){.step = p->first + s, .n = n};
    used += n;
  }
  return used;
}

static void recycle(allgather *x, parcel *p) {
  memset(p->send, 0, header_length(x) * sizeof *p->send);
  p->n = 0;
  p->steps = 0;
}

/* A batch must be known before the first step on which one of its spikes can act. */
static bool is_due(const allgather *x, const parcel *p, int64_t step, bool all) {
  return all || p->first + x->lag <= step + 1;
}

/* Receives a parcel. Returns what any rank asks for in it, to fail where a rank has no memory for it. */
static unsigned receive(allgather *x, parcel *p) {
  VOLLEY_MPI(MPI_Wait(&p->request, MPI_STATUS_IGNORE));
  unsigned requests = second_round(x, p) ? 0 : VOLLEY_REQUEST_FAIL;
  for (int r = 0; r < x->ranks; r++) requests |= p->receive[(size_t)r * block_length(x) + (size_t)x->batch];
  return requests;
}

static volley_exchanged complete(void *exchange, int64_t step, bool all) {
  allgather *x = exchange;
  volley_exchanged out = {.steps = x->steps};
  for (; x->oldest < x->filling; x->oldest++) {
    parcel *p = &x->parcels[x->oldest % x->n_parcels];
    if (!is_due(x, p, step, all)) break;
    const double before = MPI_Wtime();
    out.requests |= receive(x, p);
    out.waited += MPI_Wtime() - before;
    const room r = {&x->gids, &x->scratch, &x->gids_capacity, out.spikes + total_of(x, p)};
    if (!(out.requests & VOLLEY_REQUEST_FAIL) && !reserve(x, r)) out.requests |= VOLLEY_REQUEST_FAIL;
    if (out.requests & VOLLEY_REQUEST_FAIL) break;
    out.spikes = unpack(x, p, out.spikes, x->steps + out.n_steps);
    out.n_steps += p->steps;
    recycle(x, p);
  }
  if (all) filling(x)->first = x->next;
  const uint32_t *gids = x->gids;
  for (int s = 0; s < out.n_steps; s++) {
    x->steps[s].gids = gids;
    gids += x->steps[s].n;
  }
  return out;
}

const volley_exchange_kind volley_exchange_allgather = {
    .name = "allgather",
    .doc = "every rank sends all its spikes to every rank",
    .create = create,
    .destroy = destroy,
    .expected_bytes = expected_bytes,
    .add = add,
    .post = post,
    .complete = complete,
};

/* One allgather for every batch, begun when the spikes are known and completed when they are due: every rank gets all
 * spikes. Each rank sends a block of fixed size; what does not fit follows in a second round that all ranks know of from
 * the counts in the first. The size is what was seldom exceeded of late, by counts that all ranks have, so that all change it
 * at the same batch.
 *
 * Where a batch is due at once nothing can overlap: MPI's own allgather does it, as long as it takes a number of rounds
 * that grows with the logarithm of the ranks. Else the rounds are ours (rounds.h) and go on whenever a step ends. */
#include "exchange/exchange.h"

#include "base/memory.h"
#include "base/signals.h"
#include "base/status.h"
#include "exchange/gids.h"
#include "exchange/parts.h"
#include "exchange/rounds.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  REQUEST_BITS = 4,  /* of a header, below the number of ids */
  LOOKED_AT = 64,    /* batches by which the size of a block is chosen */
  SELDOM = 2,        /* so many of them may exceed it */
  MOST_FIXED = 65536 /* ids of a block */
};

typedef struct buffer {
  unsigned char *bytes;
  size_t room;
} buffer;

/* One batch on its way. A block is a header of 32-bit words, the number of ids above what the rank asks for and, in batches of
 * several steps, the number of each step; then as many of the ids as fit. */
typedef struct parcel {
  int64_t first; /* step */
  int steps;     /* in this batch: fewer than usual before a checkpoint and at the end of the run */
  uint32_t n;    /* ids of this rank */
  buffer send;   /* header, [n] ids, room for a block at least */
  buffer receive;
  uint32_t fixed; /* ids in a block */
  size_t block_bytes;
  bool is_blocking; /* by MPI's own allgather, when it is due */
  volley_rounds rounds;
} parcel;

typedef struct allgather {
  MPI_Comm comm;
  int rank, ranks, batch;
  int lag; /* steps from the first of a batch to the one before which it must be known */
  bool is_plain;
  volley_parts parts;
  size_t id_bytes;
  uint32_t fixed;  /* ids in a block from now on */
  int64_t next;    /* step that is being filled */
  parcel *parcels; /* ring of n_parcels; parcel of batch b is b % n_parcels */
  int64_t n_parcels, filling, oldest;
  uint32_t most[LOOKED_AT]; /* ids of one rank in the batches that are looked at */
  int looked_at;
  int *counts, *starts;      /* [ranks] of the second round */
  buffer rest;               /* ids of the second round */
  buffer gids, scratch;      /* the spikes that were handed out last */
  uint32_t *taken;           /* [ranks] spikes taken from a parcel so far */
  volley_step_spikes *steps; /* [lag + batch] */
  volley_exchange_figures figures;
} allgather;

static const char what[] = "the exchange of spikes";

static size_t header_bytes(const allgather *x) { return sizeof(uint32_t) * (x->batch > 1 ? (size_t)x->batch + 1 : 1); }

static size_t bytes_of_block(const allgather *x, uint32_t fixed) {
  return header_bytes(x) + (fixed * x->id_bytes + 3) / 4 * 4;
}

/* A buffer that is to hold so many bytes. */
typedef struct room {
  buffer *buffer;
  size_t bytes;
} room;

static void grow(void *context) {
  const room *r = context;
  if (r->bytes <= r->buffer->room) return;
  const size_t bytes = r->bytes > 2 * r->buffer->room ? r->bytes : 2 * r->buffer->room;
  r->buffer->bytes = volley_grow(r->buffer->bytes, bytes, 1, what);
  r->buffer->room = bytes;
}

/* Collective where it grows, which all ranks do together. Returns whether there is memory on all of them. */
static bool reserve(const allgather *x, buffer *of, size_t bytes) {
  return bytes <= of->room || volley_all(volley_memory_try(grow, &(room){of, bytes}) == VOLLEY_OK, x->comm);
}

static void allocate(void *exchange) {
  allgather *x = exchange;
  const size_t bytes = bytes_of_block(x, x->fixed);
  x->parcels = volley_alloc((size_t)x->n_parcels, sizeof *x->parcels, what);
  for (int64_t b = 0; b < x->n_parcels; b++) {
    parcel *p = &x->parcels[b];
    grow(&(room){&p->send, bytes});
    memset(p->send.bytes, 0, header_bytes(x));
    grow(&(room){&p->receive, (size_t)x->ranks * bytes});
  }
  x->counts = volley_alloc((size_t)x->ranks, sizeof *x->counts, what);
  x->starts = volley_alloc((size_t)x->ranks, sizeof *x->starts, what);
  x->taken = volley_alloc((size_t)x->ranks, sizeof *x->taken, what);
  x->steps = volley_alloc((size_t)(x->lag + x->batch), sizeof *x->steps, what);
}

static void destroy(void *exchange) {
  allgather *x = exchange;
  for (int64_t b = 0; x->parcels && b < x->n_parcels; b++) {
    (void)volley_rounds_go_on(&x->parcels[b].rounds, true); /* after a run that broke off MPI still uses the buffers */
    free(x->parcels[b].send.bytes);
    free(x->parcels[b].receive.bytes);
  }
  VOLLEY_MPI(MPI_Comm_free(&x->comm));
  volley_parts_release(&x->parts);
  void *const parts[] = {x->parcels, x->counts, x->starts, x->rest.bytes, x->gids.bytes, x->scratch.bytes,
                         x->taken,   x->steps,  x};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) free(parts[i]);
}

static void *create(const volley_exchange_setup *setup) {
  allgather *x = volley_alloc(1, sizeof *x, what);
  const int batch = setup->batch;
  VOLLEY_MPI(MPI_Comm_dup(setup->comm, &x->comm));
  VOLLEY_MPI(MPI_Comm_rank(x->comm, &x->rank));
  VOLLEY_MPI(MPI_Comm_size(x->comm, &x->ranks));
  x->batch = batch;
  x->lag = setup->lag < VOLLEY_MOST_UNDER_WAY * batch ? setup->lag : VOLLEY_MOST_UNDER_WAY * batch;
  x->is_plain = setup->is_plain;
  x->next = setup->first_step;
  x->n_parcels = x->lag / batch + 1;
  if (x->ranks > 1 && setup->network && !setup->is_plain) x->parts = volley_parts_find(setup->network, x->comm);
  x->id_bytes = x->parts.runs ? sizeof(uint16_t) : sizeof(volley_gid);
  x->fixed = setup->usual;
  if (!volley_all(volley_memory_try(allocate, x) == VOLLEY_OK, x->comm)) return destroy(x), NULL;
  x->parcels[0].first = setup->first_step;
  return x;
}

static double expected_bytes(int ranks, double lag, double usual) {
  const double parcels = (lag < VOLLEY_MOST_UNDER_WAY ? lag : VOLLEY_MOST_UNDER_WAY) + 1;
  return parcels * sizeof(volley_gid) * ranks * usual;
}

/* Blocks of what is seldom exceeded, of two bytes an id: no part has more neurons than these can name. */
static volley_exchange_cost expected_cost(const volley_exchange_load *load) {
  const double ids = load->spikes * load->batch, most_named = 65536;
  const double header = sizeof(uint32_t) * (load->batch > 1 ? load->batch + 1 : 1);
  const double block =
      header + (load->neurons > most_named ? sizeof(volley_gid) : sizeof(uint16_t)) * (ids + 2.5 * sqrt(ids) + 1);
  const double calls = load->steps / load->batch;
  return (volley_exchange_cost){calls * volley_exchange_allgather_s(load->ranks, block),
                                calls * (load->ranks - 1) * block};
}

static parcel *filling(allgather *x) { return &x->parcels[x->filling % x->n_parcels]; }

static uint32_t *header_of(unsigned char *block) { return (uint32_t *)(void *)block; }

static void add(void *exchange, const volley_gid *gids, uint32_t n) {
  allgather *x = exchange;
  parcel *p = filling(x);
  const size_t used = header_bytes(x) + p->n * x->id_bytes;
  grow(&(room){&p->send, used + n * x->id_bytes});
  if (x->parts.runs)
    volley_parts_shorten(&x->parts, x->rank, gids, n, (uint16_t *)(void *)(p->send.bytes + used));
  else if (n > 0)
    memcpy(p->send.bytes + used, gids, n * sizeof *gids);
  p->n += n;
  if (x->batch > 1) header_of(p->send.bytes)[1 + p->steps] += n;
}

/* Blocks of a new size may need room. Where a rank has none they stay as they were. */
static void size_block(allgather *x, parcel *p) {
  const size_t had = p->receive.room / (size_t)x->ranks / 4 * 4;
  const bool fits = reserve(x, &p->receive, (size_t)x->ranks * bytes_of_block(x, x->fixed));
  p->fixed = fits ? x->fixed : (uint32_t)((had - header_bytes(x)) / x->id_bytes);
  p->block_bytes = bytes_of_block(x, p->fixed);
  grow(&(room){&p->send, p->block_bytes});
}

/* Bytes from which on Open MPI's allgather takes rounds that grow with the number of ranks. */
static size_t bytes_of_many_rounds(int ranks) { return ranks >= 1024 ? 4096 : ranks >= 512 ? 2048 : SIZE_MAX; }

static void post(void *exchange, unsigned requests, bool all) {
  allgather *x = exchange;
  parcel *p = filling(x);
  header_of(p->send.bytes)[0] |= requests;
  p->steps++;
  x->next++;
  if (p->steps < x->batch && !all) return;
  if (p->n >> (32 - REQUEST_BITS)) volley_die("%u spikes of one rank in one exchange: more than it can count", p->n);
  header_of(p->send.bytes)[0] |= p->n << REQUEST_BITS;
  size_block(x, p);
  p->is_blocking = x->lag <= x->batch && p->block_bytes < bytes_of_many_rounds(x->ranks);
  if (!p->is_blocking) {
    const int tag = VOLLEY_MOST_ROUNDS * (int)(x->filling % x->n_parcels);
    memcpy(p->receive.bytes, p->send.bytes, p->block_bytes);
    p->rounds = volley_rounds_begin(x->comm, p->receive.bytes, p->block_bytes, tag);
  }
  x->filling++;
  if (!all) filling(x)->first = x->next; /* else there may be no free parcel before complete() */
}

static unsigned char *block_of(const allgather *x, const parcel *p, int rank) {
  const int place = p->is_blocking ? rank : (rank - x->rank + x->ranks) % x->ranks;
  return p->receive.bytes + (size_t)place * p->block_bytes;
}

static uint32_t ids_of(const allgather *x, const parcel *p, int rank) {
  return *header_of(block_of(x, p, rank)) >> REQUEST_BITS;
}

/* Gets the blocks of all ranks. */
static void gather(allgather *x, parcel *p) {
  const int bytes = (int)p->block_bytes;
  if (p->block_bytes > INT_MAX)
    volley_die("%zu bytes in one message of spikes: more than MPI can count", p->block_bytes);
  if (p->is_blocking)
    VOLLEY_MPI(MPI_Allgather(p->send.bytes, bytes, MPI_BYTE, p->receive.bytes, bytes, MPI_BYTE, x->comm));
  else
    (void)volley_rounds_go_on(&p->rounds, true);
  x->figures.spikes += x->is_plain ? 0 : p->n;
  if (x->ranks == 1) return;
  x->figures.calls++;
  x->figures.bytes += (uint64_t)(x->ranks - 1) * p->block_bytes;
  x->figures.told += x->is_plain ? 0 : (uint64_t)(x->ranks - 1) * p->n;
  if (!p->is_blocking) x->figures.messages += (uint64_t)volley_rounds_of(x->ranks);
}

/* Fetches the ids that did not fit into the blocks, if any; all ranks know from the counts whether there are. Returns false
 * where a rank has no memory for them. */
static bool second_round(allgather *x, const parcel *p) {
  const MPI_Datatype type = x->parts.runs ? MPI_UINT16_T : VOLLEY_MPI_GID;
  size_t n = 0;
  for (int r = 0; r < x->ranks; r++) {
    const uint32_t total = ids_of(x, p, r);
    x->starts[r] = (int)n;
    x->counts[r] = total > p->fixed ? (int)(total - p->fixed) : 0;
    n += (size_t)x->counts[r];
  }
  if (n == 0) return true;
  if (n > INT_MAX) volley_die("%zu spikes in one exchange: more than MPI can count", n);
  if (!reserve(x, &x->rest, n * x->id_bytes)) return false;
  VOLLEY_MPI(MPI_Allgatherv(p->send.bytes + header_bytes(x) + p->fixed * x->id_bytes, x->counts[x->rank], type,
                            x->rest.bytes, x->counts, x->starts, type, x->comm));
  x->figures.calls += x->ranks > 1;
  x->figures.bytes += (n - (size_t)x->counts[x->rank]) * x->id_bytes;
  return true;
}

static uint64_t total_of(const allgather *x, const parcel *p) {
  uint64_t total = 0;
  for (int r = 0; r < x->ranks; r++) total += ids_of(x, p, r);
  return total;
}

static void read_ids(const allgather *x, int rank, const unsigned char *from, uint32_t n, volley_gid *gids) {
  if (x->parts.runs)
    volley_parts_lengthen(&x->parts, rank, (const uint16_t *)(const void *)from, n, gids);
  else if (n > 0)
    memcpy(gids, from, n * sizeof *gids);
}

/* Copies the next `count` spikes of a rank, from its block or from the second round. */
static void take_ids(allgather *x, const parcel *p, int rank, uint32_t count, volley_gid *gids) {
  const uint32_t from = x->taken[rank], left = from < p->fixed ? p->fixed - from : 0;
  const uint32_t n = count < left ? count : left, behind = from + n - p->fixed;
  read_ids(x, rank, block_of(x, p, rank) + header_bytes(x) + from * x->id_bytes, n, gids);
  if (n < count)
    read_ids(x, rank, x->rest.bytes + ((size_t)x->starts[rank] + behind) * x->id_bytes, count - n, gids + n);
  x->taken[rank] += count;
}

static volley_gid *gids_of(const allgather *x) { return (volley_gid *)(void *)x->gids.bytes; }

/* Takes a parcel apart into the spikes of each step, sorted by gid, behind the `used` ids that are there already. */
static size_t unpack(allgather *x, const parcel *p, size_t used, volley_step_spikes *steps) {
  memset(x->taken, 0, (size_t)x->ranks * sizeof *x->taken);
  for (int s = 0; s < p->steps; s++) {
    volley_gid *ids = gids_of(x) + used;
    uint32_t n = 0;
    for (int r = 0; r < x->ranks; r++) {
      const uint32_t *header = header_of(block_of(x, p, r));
      const uint32_t count = x->batch > 1 ? header[1 + s] : header[0] >> REQUEST_BITS;
      if (count > 0) take_ids(x, p, r, count, ids + n);
      n += count;
    }
    if (!x->is_plain) volley_gids_sort(ids, n, (volley_gid *)(void *)x->scratch.bytes);
    steps[s] = (volley_step_spikes){.step = p->first + s, .n = n};
    used += n;
  }
  return used;
}

static int compare(const void *a, const void *b) {
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Notes how many ids the busiest rank had in a batch, and chooses the size of blocks by the last ones. It shrinks by a quarter
 * or not at all, so that it does not change all the time. */
static void look_at(allgather *x, const parcel *p) {
  uint32_t most = 0;
  for (int r = 0; r < x->ranks; r++)
    if (ids_of(x, p, r) > most) most = ids_of(x, p, r);
  x->most[x->looked_at++] = most;
  if (x->looked_at < LOOKED_AT) return;
  qsort(x->most, LOOKED_AT, sizeof *x->most, compare);
  x->looked_at = 0;
  const uint32_t seldom = x->most[LOOKED_AT - SELDOM - 1], wanted = seldom + seldom / 8 + 1;
  if (wanted > x->fixed || wanted < x->fixed - x->fixed / 4) x->fixed = wanted < MOST_FIXED ? wanted : MOST_FIXED;
}

static void recycle(allgather *x, parcel *p) {
  if (p->steps == x->batch) look_at(x, p);
  memset(p->send.bytes, 0, header_bytes(x));
  p->n = 0;
  p->steps = 0;
}

/* A batch must be known before the first step on which one of its spikes can act. */
static bool is_due(const allgather *x, const parcel *p, int64_t step, bool all) {
  return all || p->first + x->lag <= step + 1;
}

/* What any rank asks for in a parcel. */
static unsigned requests_in(const allgather *x, const parcel *p) {
  unsigned requests = 0;
  for (int r = 0; r < x->ranks; r++) requests |= *header_of(block_of(x, p, r)) & ((1u << REQUEST_BITS) - 1);
  return requests;
}

/* Receives a parcel, and sees that there is room for it behind `used` ids. Returns false where a rank has no memory for it. */
static bool receive(allgather *x, parcel *p, size_t used) {
  gather(x, p);
  const size_t ids = used + total_of(x, p);
  return second_round(x, p) && reserve(x, &x->gids, ids * sizeof(volley_gid)) &&
         reserve(x, &x->scratch, ids * sizeof(volley_gid));
}

/* A parcel for which a rank has no memory: steps without spikes. */
static void skip(const parcel *p, volley_step_spikes *steps) {
  for (int s = 0; s < p->steps; s++) steps[s] = (volley_step_spikes){.step = p->first + s};
}

/* Batches that are not due yet go on with their rounds. */
static void go_on(allgather *x) {
  for (int64_t b = x->oldest; b < x->filling; b++)
    (void)volley_rounds_go_on(&x->parcels[b % x->n_parcels].rounds, false);
}

static volley_exchanged complete(void *exchange, int64_t step, bool all) {
  allgather *x = exchange;
  volley_exchanged out = {.steps = x->steps};
  for (; x->oldest < x->filling; x->oldest++) {
    parcel *p = &x->parcels[x->oldest % x->n_parcels];
    if (!is_due(x, p, step, all)) break;
    const double before = MPI_Wtime();
    const bool fits = receive(x, p, out.spikes);
    out.waited += MPI_Wtime() - before;
    out.requests |= requests_in(x, p) | (fits ? 0 : VOLLEY_REQUEST_FAIL);
    if (fits)
      out.spikes = unpack(x, p, out.spikes, x->steps + out.n_steps);
    else
      skip(p, x->steps + out.n_steps);
    out.n_steps += p->steps;
    recycle(x, p);
  }
  go_on(x);
  if (all) filling(x)->first = x->next;
  const volley_gid *gids = gids_of(x);
  for (int s = 0; s < out.n_steps; s++) {
    x->steps[s].gids = gids;
    gids += x->steps[s].n;
  }
  return out;
}

static void tell(const void *exchange, volley_exchange_figures *figures) {
  volley_exchange_figures_add(figures, &((const allgather *)exchange)->figures);
}

const volley_exchange_kind volley_exchange_allgather = {
    .name = "allgather",
    .doc = "every rank sends all its spikes to every rank",
    .takes_numbers = true,
    .create = create,
    .destroy = destroy,
    .expected_bytes = expected_bytes,
    .expected_cost = expected_cost,
    .add = add,
    .post = post,
    .complete = complete,
    .tell = tell,
};

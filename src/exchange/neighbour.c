/* A rank sends a spike to those ranks only that have targets of it (partners.h): one message to each of them a batch, also
 * without spikes, so that a rank waits for those only that it hears of. What all ranks must know goes by an allgather: the
 * spikes that are needed everywhere, and, where there are none, now and then what ranks ask for and how many spikes there
 * were. It also keeps a rank from running far ahead of those that it only sends to. */
#include "base/memory.h"
#include "base/signals.h"
#include "base/status.h"
#include "exchange/exchange.h"
#include "exchange/gids.h"
#include "exchange/partners.h"
#include "network/network.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps after which all ranks share what they ask for, where nothing else goes to all. */
enum { SHARED_STEPS = 16 };

extern const volley_exchange_kind volley_exchange_allgather;
static const volley_exchange_kind *const all_kind = &volley_exchange_allgather;
static const char what[] = "the exchange of spikes";

/* Growing lists of numbers. */
typedef struct list {
  volley_gid *words;
  size_t n, room;
} list;

/* One batch on its way. A message is the number of spikes of each step of the batch, and then their gids, step by step. */
typedef struct parcel {
  int64_t first; /* step */
  int steps;
  uint32_t *counts; /* [batch] this rank's spikes of each step */
  list own;         /* all of them, step by step; without those that go to all */
  list send;        /* messages to all partners */
  MPI_Request *sent;
} parcel;

typedef struct neighbour {
  MPI_Comm comm;
  int others; /* ranks */
  int batch, lag;
  volley_partners partners;
  const volley_experiment *experiment; /* NULL: all spikes are needed everywhere */
  bool *everywhere;                    /* [n_populations] */
  bool shares;                         /* some are, and go to all in each batch */
  void *all;                           /* the allgather: how many spikes, how many gids; these gids */
  int all_batch, all_steps;            /* steps that go to all together; of these that are over */
  int64_t all_posts; /* so often something has gone to all; where nothing is shared, steps of the allgather */
  unsigned requests; /* that have not */
  list shared;       /* gids of the present step for all */
  uint32_t unshared; /* spikes that no rank has heard of by number */
  int64_t next;
  parcel *parcels; /* ring of n_parcels; parcel of batch b is b % n_parcels */
  int64_t n_parcels, filling, oldest;
  size_t *lengths, *starts; /* [n_to] of the messages that were made last, in words */
  list received;            /* messages of one parcel */
  size_t *places, *nexts;   /* [n_from] where they begin; where their spikes that come next do */
  list gids, scratch;
  volley_step_spikes *steps; /* [lag + batch] */
  volley_exchange_figures figures;
} neighbour;

static void reserve(list *l, size_t n) {
  if (n <= l->room) return;
  l->words = volley_grow(l->words, 2 * n, sizeof *l->words, what);
  l->room = 2 * n;
}

static void put(list *l, const volley_gid *words, size_t n) {
  reserve(l, l->n + n);
  if (n > 0) memcpy(l->words + l->n, words, n * sizeof *words);
  l->n += n;
}

static void allocate(void *exchange) {
  neighbour *x = exchange;
  const size_t to = (size_t)x->partners.n_to;
  x->parcels = volley_alloc((size_t)x->n_parcels, sizeof *x->parcels, what);
  for (int64_t b = 0; b < x->n_parcels; b++) {
    parcel *p = &x->parcels[b];
    p->counts = volley_alloc((size_t)x->batch, sizeof *p->counts, what);
    p->sent = volley_alloc(to, sizeof(MPI_Request), what);
    for (size_t k = 0; k < to; k++) p->sent[k] = MPI_REQUEST_NULL;
    reserve(&p->send, to * (size_t)x->batch);
  }
  x->lengths = volley_alloc(to, sizeof *x->lengths, what);
  x->starts = volley_alloc(to, sizeof *x->starts, what);
  x->nexts = volley_alloc((size_t)x->partners.n_from, sizeof *x->nexts, what);
  x->places = volley_alloc((size_t)x->partners.n_from, sizeof *x->places, what);
  x->steps = volley_alloc((size_t)(x->lag + x->batch), sizeof *x->steps, what);
}

/* Gets the messages of a batch from all partners, in the order in which they are numbered. */
static void receive(neighbour *x) {
  x->received.n = 0;
  for (int k = 0; k < x->partners.n_from; k++) {
    int n;
    MPI_Message message;
    MPI_Status status;
    VOLLEY_MPI(MPI_Mprobe(x->partners.from[k].rank, 0, x->comm, &message, &status));
    VOLLEY_MPI(MPI_Get_count(&status, VOLLEY_MPI_GID, &n));
    reserve(&x->received, x->received.n + (size_t)n);
    x->places[k] = x->received.n;
    VOLLEY_MPI(MPI_Mrecv(x->received.words + x->received.n, n, VOLLEY_MPI_GID, &message, MPI_STATUS_IGNORE));
    x->received.n += (size_t)n;
    x->figures.bytes += (size_t)n * sizeof(volley_gid);
  }
}

static void destroy(void *exchange) {
  neighbour *x = exchange;
  for (; x->oldest < x->filling; x->oldest++) { /* of a run that broke off */
    receive(x);
    VOLLEY_MPI(MPI_Waitall(x->partners.n_to, x->parcels[x->oldest % x->n_parcels].sent, MPI_STATUSES_IGNORE));
  }
  for (int64_t b = 0; x->parcels && b < x->n_parcels; b++) {
    free(x->parcels[b].counts);
    free(x->parcels[b].own.words);
    free(x->parcels[b].send.words);
    free(x->parcels[b].sent);
  }
  if (x->all) all_kind->destroy(x->all);
  VOLLEY_MPI(MPI_Comm_free(&x->comm));
  volley_partners_release(&x->partners);
  void *const parts[] = {x->everywhere, x->shared.words, x->parcels,    x->lengths,       x->received.words, x->places,
                         x->starts,     x->nexts,        x->gids.words, x->scratch.words, x->steps,          x};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) free(parts[i]);
}

/* The allgather: of every batch where some spikes go to all, else of many steps, which are one step for it. */
static void *create_all(neighbour *x, const volley_exchange_setup *setup) {
  volley_exchange_setup all = *setup;
  all.network = NULL;
  all.is_plain = true;
  all.usual = x->shares ? setup->usual + 2 * (uint32_t)setup->batch : 2;
  x->all_batch = x->shares || all.batch > SHARED_STEPS ? all.batch : SHARED_STEPS;
  if (!x->shares) {
    all.batch = 1;
    all.lag = 2;
    all.first_step = 0;
  }
  return all_kind->create(&all);
}

static bool find_partners(neighbour *x, const volley_exchange_setup *setup) {
  const size_t n = setup->network ? (size_t)setup->network->experiment->n_populations : 0;
  x->shares = n == 0;
  if (n == 0) return true;
  x->experiment = setup->network->experiment;
  x->everywhere = volley_alloc(n, sizeof *x->everywhere, what);
  for (size_t p = 0; p < n; p++) {
    x->everywhere[p] = !setup->everywhere || setup->everywhere[p];
    x->shares = x->shares || x->everywhere[p];
  }
  return volley_partners_find(setup->network, x->everywhere, x->comm, &x->partners);
}

static void *create(const volley_exchange_setup *setup) {
  neighbour *x = volley_alloc(1, sizeof *x, what);
  VOLLEY_MPI(MPI_Comm_dup(setup->comm, &x->comm));
  VOLLEY_MPI(MPI_Comm_size(x->comm, &x->others));
  x->others--;
  x->batch = setup->batch;
  x->lag = setup->lag < VOLLEY_MOST_UNDER_WAY * x->batch ? setup->lag : VOLLEY_MOST_UNDER_WAY * x->batch;
  x->next = setup->first_step;
  x->n_parcels = x->lag / x->batch + 1;
  bool is_made = find_partners(x, setup);
  is_made = is_made && volley_all(volley_memory_try(allocate, x) == VOLLEY_OK, x->comm);
  if (is_made) x->all = create_all(x, setup);
  if (!x->all) return destroy(x), NULL;
  x->parcels[0].first = setup->first_step;
  return x;
}

static double expected_bytes(int ranks, double lag, double usual) {
  return all_kind->expected_bytes(ranks, lag, usual); /* if all are partners */
}

/* Sources that fill so many other ranks belong to no more than twice as many, if they lie together at all; a rank is told of
 * that part of the spikes. One message to each and from each. */
static volley_exchange_cost expected_cost(const volley_exchange_load *load) {
  const double others = load->ranks - 1, partners = fmin(others, ceil(2 * load->sources / fmax(1, load->neurons)));
  const double calls = load->steps / load->batch;
  const double bytes = sizeof(volley_gid) *
                       (partners * load->batch + load->spikes * load->batch * load->sources / fmax(1, load->neurons));
  return (volley_exchange_cost){
      calls * (2 * volley_exchange_message_s(0) * partners + volley_exchange_message_s(bytes)) +
          load->steps / SHARED_STEPS * volley_exchange_allgather_s(load->ranks, 8),
      calls * bytes};
}

static parcel *filling(neighbour *x) { return &x->parcels[x->filling % x->n_parcels]; }

static void add(void *exchange, const volley_gid *gids, uint32_t n) {
  neighbour *x = exchange;
  parcel *p = filling(x);
  int population = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (x->experiment && gids[i] < x->experiment->populations[population].first_gid) population = 0;
    if (x->experiment) population = volley_population_of(x->experiment, gids[i], population);
    const bool is_shared = !x->experiment || x->everywhere[population];
    put(is_shared ? &x->shared : &p->own, &gids[i], 1);
    p->counts[p->steps] += !is_shared;
    x->unshared++;
  }
}

/* What goes to all ranks. */
static void share(neighbour *x, unsigned requests, bool all) {
  const bool ends = all || ++x->all_steps == x->all_batch;
  if (ends) x->all_steps = 0;
  x->requests |= requests;
  if (!x->shares && !ends) return;
  all_kind->add(x->all, (volley_gid[]){x->unshared, (uint32_t)x->shared.n}, 2);
  all_kind->add(x->all, x->shared.words, (uint32_t)x->shared.n);
  x->figures.spikes += x->unshared;
  x->figures.told += x->shared.n * (uint64_t)x->others;
  x->shared.n = x->unshared = 0;
  all_kind->post(x->all, x->requests, all);
  x->requests = 0;
  x->all_posts++;
}

/* Writes the messages of a batch: first their lengths are counted. */
static void pack(void *exchange) {
  neighbour *x = exchange;
  parcel *p = filling(x);
  const volley_partners *partners = &x->partners;
  size_t n = 0;
  for (int k = 0; k < partners->n_to; k++) x->lengths[k] = (size_t)x->batch;
  for (size_t i = 0; i < p->own.n; i++) {
    const uint32_t place = volley_partners_place(partners, p->own.words[i]);
    for (size_t t = partners->firsts[place]; t < partners->firsts[place + 1]; t++) x->lengths[partners->told[t]]++;
  }
  for (int k = 0; k < partners->n_to; k++) {
    x->starts[k] = n;
    n += x->lengths[k];
  }
  reserve(&p->send, n);
  for (int k = 0; k < partners->n_to; k++) {
    x->lengths[k] = (size_t)x->batch;
    memset(p->send.words + x->starts[k], 0, (size_t)x->batch * sizeof *p->send.words);
  }
  const volley_gid *gid = p->own.words;
  for (int s = 0; s < p->steps; s++) {
    for (uint32_t i = 0; i < p->counts[s]; i++, gid++) {
      const uint32_t place = volley_partners_place(partners, *gid);
      for (size_t t = partners->firsts[place]; t < partners->firsts[place + 1]; t++) {
        volley_gid *message = p->send.words + x->starts[partners->told[t]];
        message[s]++;
        message[x->lengths[partners->told[t]]++] = *gid;
      }
    }
  }
}

/* A rank without memory for its messages sends empty ones; its fault follows. */
static void send(neighbour *x, parcel *p) {
  if (volley_memory_try(pack, x) != VOLLEY_OK) {
    memset(p->counts, 0, (size_t)x->batch * sizeof *p->counts);
    p->own.n = 0;
    pack(x);
  }
  for (int k = 0; k < x->partners.n_to; k++) {
    if (x->lengths[k] > INT_MAX) volley_die("%zu spikes in one message: more than MPI can count", x->lengths[k]);
    VOLLEY_MPI(MPI_Isend(p->send.words + x->starts[k], (int)x->lengths[k], VOLLEY_MPI_GID, x->partners.to[k].rank, 0,
                         x->comm, &p->sent[k]));
    x->figures.told += x->lengths[k] - (size_t)x->batch;
  }
  x->figures.messages += (uint64_t)x->partners.n_to;
}

static void post(void *exchange, unsigned requests, bool all) {
  neighbour *x = exchange;
  parcel *p = filling(x);
  share(x, requests, all);
  p->steps++;
  x->next++;
  if (p->steps < x->batch && !all) return;
  send(x, p);
  x->filling++;
  if (!all) filling(x)->first = x->next; /* else there may be no free parcel before complete() */
}

/* Sees that there is room for all that a parcel and the allgather have brought. */
typedef struct fitting {
  neighbour *x;
  size_t n;
} fitting;

static void fit(void *context) {
  const fitting *f = context;
  reserve(&f->x->gids, f->n);
  reserve(&f->x->scratch, f->n);
}

/* Adds the spikes that went to all in a step, if they are wanted; returns how many spikes there were on all ranks. */
static uint64_t take_shared(neighbour *x, const volley_step_spikes *shared, bool wanted) {
  uint64_t spikes = 0;
  for (size_t i = 0; i < shared->n; i += 2 + shared->gids[i + 1]) {
    spikes += shared->gids[i];
    if (wanted) put(&x->gids, &shared->gids[i + 2], shared->gids[i + 1]);
  }
  return spikes;
}

/* Takes a parcel apart into the spikes of each step, sorted. shared: [p->steps] what went to all, or NULL. */
static void unpack(neighbour *x, const parcel *p, const volley_step_spikes *shared, volley_step_spikes *steps) {
  const volley_gid *own = p->own.words;
  for (int k = 0; k < x->partners.n_from; k++) x->nexts[k] = x->places[k] + (size_t)x->batch;
  for (int s = 0; s < p->steps; s++) {
    const size_t begin = x->gids.n;
    put(&x->gids, own, p->counts[s]);
    own += p->counts[s];
    for (int k = 0; k < x->partners.n_from; k++) {
      const size_t n = x->received.words[x->places[k] + (size_t)s];
      put(&x->gids, x->received.words + x->nexts[k], n);
      x->nexts[k] += n;
    }
    if (shared) (void)take_shared(x, &shared[s], true);
    steps[s].n = (uint32_t)(x->gids.n - begin);
    if (steps[s].n > 0) volley_gids_sort(x->gids.words + begin, steps[s].n, x->scratch.words);
  }
}

/* Receives a parcel. shared: as above. Without memory for it there are no spikes in it; the fault follows. */
static void take(neighbour *x, parcel *p, const volley_step_spikes *shared, volley_step_spikes *steps) {
  receive(x);
  VOLLEY_MPI(MPI_Waitall(x->partners.n_to, p->sent, MPI_STATUSES_IGNORE));
  size_t n = x->gids.n + x->received.n + p->own.n;
  for (int s = 0; s < p->steps; s++) {
    n += shared ? shared[s].n : 0;
    steps[s] = (volley_step_spikes){.step = p->first + s};
  }
  if (volley_memory_try(fit, &(fitting){x, n}) == VOLLEY_OK) unpack(x, p, shared, steps);
  memset(p->counts, 0, (size_t)x->batch * sizeof *p->counts);
  p->own.n = 0;
}

static volley_exchanged complete(void *exchange, int64_t step, bool all) {
  neighbour *x = exchange;
  const volley_exchanged shared = all_kind->complete(x->all, x->shares ? step : x->all_posts - 1, all);
  volley_exchanged out = {.steps = x->steps, .requests = shared.requests, .waited = shared.waited};
  if (out.requests & VOLLEY_REQUEST_FAIL) return out;
  for (int s = 0; s < shared.n_steps; s++) out.spikes += take_shared(x, &shared.steps[s], false);
  const double before = MPI_Wtime();
  for (x->gids.n = 0; x->oldest < x->filling; x->oldest++) {
    parcel *p = &x->parcels[x->oldest % x->n_parcels];
    if (!all && p->first + x->lag > step + 1) break;
    take(x, p, x->shares ? shared.steps + out.n_steps : NULL, x->steps + out.n_steps);
    out.n_steps += p->steps;
    p->steps = 0;
  }
  out.waited += MPI_Wtime() - before;
  if (all) filling(x)->first = x->next;
  const volley_gid *gids = x->gids.words;
  for (int s = 0; s < out.n_steps; s++) {
    x->steps[s].gids = gids;
    gids += x->steps[s].n;
  }
  return out;
}

static void tell(const void *exchange, volley_exchange_figures *figures) {
  const neighbour *x = exchange;
  all_kind->tell(x->all, figures);
  volley_exchange_figures_add(figures, &x->figures);
}

const volley_exchange_kind volley_exchange_neighbour = {
    .name = "neighbour",
    .doc = "a rank sends a spike to those ranks only that have targets of it",
    .create = create,
    .destroy = destroy,
    .expected_bytes = expected_bytes,
    .expected_cost = expected_cost,
    .add = add,
    .post = post,
    .complete = complete,
    .tell = tell,
};

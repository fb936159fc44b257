/* A toy exchange: every rank sends all its spikes to every rank at the end of each step, and waits for those of the others. */
#include "exchange/exchange.h"

#include "base/memory.h"
#include "base/status.h"
#include "exchange/gids.h"

#include <stdlib.h>
#include <string.h>

typedef struct waiting {
  MPI_Comm comm;
  int ranks, *counts, *starts; /* [ranks] */
  volley_gid *own, *all, *scratch;
  uint32_t n, capacity, room; /* of own ones; room of the others */
  volley_step_spikes step;
  unsigned requests;
} waiting;

static void *create(const volley_exchange_setup *setup) {
  waiting *x = volley_alloc(1, sizeof *x, "an exchange");
  VOLLEY_MPI(MPI_Comm_dup(setup->comm, &x->comm));
  VOLLEY_MPI(MPI_Comm_size(x->comm, &x->ranks));
  x->counts = volley_alloc((size_t)x->ranks, sizeof *x->counts, "an exchange");
  x->starts = volley_alloc((size_t)x->ranks, sizeof *x->starts, "an exchange");
  x->step.step = setup->first_step - 1;
  return x;
}

static void destroy(void *exchange) {
  waiting *x = exchange;
  VOLLEY_MPI(MPI_Comm_free(&x->comm));
  void *const parts[] = {x->counts, x->starts, x->own, x->all, x->scratch, x};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) free(parts[i]);
}

static void add(void *exchange, const volley_gid *gids, uint32_t n) {
  waiting *x = exchange;
  if (x->n + n > x->capacity) {
    x->capacity = 2 * (x->n + n);
    x->own = volley_grow(x->own, x->capacity, sizeof *x->own, "an exchange");
  }
  if (n > 0) memcpy(x->own + x->n, gids, n * sizeof *gids);
  x->n += n;
}

static void post(void *exchange, unsigned requests, bool all) {
  (void)all;
  waiting *x = exchange;
  const int mine = (int)x->n;
  int total = 0;
  VOLLEY_MPI(MPI_Allgather(&mine, 1, MPI_INT, x->counts, 1, MPI_INT, x->comm));
  VOLLEY_MPI(MPI_Allreduce(&requests, &x->requests, 1, MPI_UNSIGNED, MPI_BOR, x->comm));
  for (int r = 0; r < x->ranks; total += x->counts[r++]) x->starts[r] = total;
  if ((uint32_t)total > x->room) {
    x->room = 2 * (uint32_t)total;
    x->all = volley_grow(x->all, x->room, sizeof *x->all, "an exchange");
    x->scratch = volley_grow(x->scratch, x->room, sizeof *x->scratch, "an exchange");
  }
  VOLLEY_MPI(MPI_Allgatherv(x->own, mine, VOLLEY_MPI_GID, x->all, x->counts, x->starts, VOLLEY_MPI_GID, x->comm));
  volley_gids_sort(x->all, (uint32_t)total, x->scratch);
  x->step = (volley_step_spikes){x->step.step + 1, x->all, (uint32_t)total};
  x->n = 0;
}

static volley_exchanged complete(void *exchange, int64_t step, bool all) {
  (void)step, (void)all;
  const waiting *x = exchange;
  return (volley_exchanged){.steps = &x->step, .n_steps = 1, .spikes = x->step.n, .requests = x->requests};
}

const volley_exchange_kind volley_exchange_waiting = {
    .name = "waiting",
    .doc = "every rank waits for the spikes of all at the end of each step",
    .create = create,
    .destroy = destroy,
    .add = add,
    .post = post,
    .complete = complete,
};

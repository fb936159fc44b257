/* Tries the other kinds one after the other for the first steps, and goes on with the one that took least time, on average over ranks.
 * Which one that is depends on the machine and on chance; results do not. Between two kinds all spikes are made known. */
#include "base/memory.h"
#include "base/status.h"
#include "exchange/exchange.h"
#include "network/network.h"

#include <stdlib.h>
#include <string.h>

enum {
  TRIED_STEPS = 200, /* in all */
  BATCHES = 4,       /* of each kind at least */
  WARM_UP = 4        /* one part in so many of the steps of a kind is not measured */
};

#define TRIED(X) X(allgather) X(neighbour) X(two_level)
#define DECLARED(name) extern const volley_exchange_kind volley_exchange_##name;
#define LISTED(name) &volley_exchange_##name,
TRIED(DECLARED)

static const volley_exchange_kind *const tried[] = {TRIED(LISTED)};
enum { N_TRIED = sizeof tried / sizeof *tried };

typedef struct automatic {
  volley_exchange_setup setup;
  bool *everywhere;        /* [n_populations] or NULL */
  volley_exchange present; /* the one that is used */
  int trial, n_trials;     /* trial: of the present one; n_trials: it is chosen */
  int64_t next;            /* step that is being filled */
  int64_t steps, of_trial; /* of the present trial so far, and in all */
  double seconds[N_TRIED]; /* a step, of the ranks on average once all have been tried */
  bool ends;               /* the present trial, before the next step */
  volley_gid *gids;        /* [n] that are to be added once the next one is made */
  uint32_t n, room;
  volley_exchange_figures before; /* of those that are over */
} automatic;

static const char what[] = "the exchange of spikes";

/* Begins with another kind. Without memory for it the present one stays, and the fault ends the run. */
static void change(automatic *x, const volley_exchange_kind *kind) {
  x->setup.first_step = x->next;
  const volley_exchange other = {kind, kind->create(&x->setup)};
  if (!other.state) return;
  if (x->present.state) {
    x->present.kind->tell(x->present.state, &x->before);
    x->present.kind->destroy(x->present.state);
  }
  x->present = other;
}

static void destroy(void *exchange) {
  automatic *x = exchange;
  if (x->present.state) x->present.kind->destroy(x->present.state);
  free(x->everywhere);
  free(x->gids);
  free(x);
}

static void *create(const volley_exchange_setup *setup) {
  automatic *x = volley_alloc(1, sizeof *x, what);
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(setup->comm, &ranks));
  x->setup = *setup;
  if (setup->everywhere) {
    const size_t n = (size_t)setup->network->experiment->n_populations;
    x->setup.everywhere = x->everywhere = volley_alloc(n, sizeof *x->everywhere, what);
    memcpy(x->everywhere, setup->everywhere, n * sizeof *x->everywhere);
  }
  x->n_trials = ranks > 1 && !setup->is_plain ? N_TRIED : 0;
  x->of_trial = TRIED_STEPS / N_TRIED;
  if (x->of_trial < BATCHES * setup->batch) x->of_trial = BATCHES * setup->batch;
  x->next = setup->first_step;
  change(x, tried[0]);
  return x->present.state ? x : (destroy(x), NULL);
}

static double expected_bytes(int ranks, double lag, double usual) {
  return tried[0]->expected_bytes(ranks, lag, usual);
}

/* The best of them. */
static volley_exchange_cost expected_cost(const volley_exchange_load *load) {
  volley_exchange_cost best = tried[0]->expected_cost(load);
  for (int k = 1; k < N_TRIED; k++) {
    const volley_exchange_cost cost = tried[k]->expected_cost(load);
    if (cost.seconds < best.seconds) best = cost;
  }
  return best;
}

static void add(void *exchange, const volley_gid *gids, uint32_t n) {
  automatic *x = exchange;
  if (!x->ends) {
    x->present.kind->add(x->present.state, gids, n);
    return;
  }
  if (x->n + n > x->room) {
    x->gids = volley_grow(x->gids, 2 * (x->n + n), sizeof *x->gids, what);
    x->room = 2 * (x->n + n);
  }
  if (n > 0) memcpy(x->gids + x->n, gids, n * sizeof *gids);
  x->n += n;
}

/* The next kind, or the fastest. */
static void try_next(automatic *x) {
  x->seconds[x->trial] /= (double)(x->of_trial - x->of_trial / WARM_UP);
  int best = ++x->trial;
  if (x->trial == x->n_trials) {
    int ranks;
    VOLLEY_MPI(MPI_Comm_size(x->setup.comm, &ranks));
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, x->seconds, x->n_trials, MPI_DOUBLE, MPI_SUM, x->setup.comm));
    best = 0;
    for (int k = 0; k < x->n_trials; k++) {
      x->seconds[k] /= ranks;
      if (x->seconds[k] < x->seconds[best]) best = k;
    }
  }
  if (tried[best] != x->present.kind) change(x, tried[best]);
  x->steps = 0;
}

static void post(void *exchange, unsigned requests, bool all) {
  automatic *x = exchange;
  if (x->ends) {
    x->ends = false;
    try_next(x);
    x->present.kind->add(x->present.state, x->gids, x->n);
    x->n = 0;
  }
  x->next++;
  x->ends = x->trial < x->n_trials && ++x->steps == x->of_trial;
  const double before = MPI_Wtime();
  x->present.kind->post(x->present.state, requests, all || x->ends);
  if (x->trial < x->n_trials && x->steps > x->of_trial / WARM_UP) x->seconds[x->trial] += MPI_Wtime() - before;
}

static volley_exchanged complete(void *exchange, int64_t step, bool all) {
  automatic *x = exchange;
  const double before = MPI_Wtime();
  const volley_exchanged out = x->present.kind->complete(x->present.state, step, all || x->ends);
  if (x->trial < x->n_trials && x->steps > x->of_trial / WARM_UP) x->seconds[x->trial] += MPI_Wtime() - before;
  return out;
}

static void tell(const void *exchange, volley_exchange_figures *figures) {
  const automatic *x = exchange;
  volley_exchange_figures_add(figures, &x->before);
  x->present.kind->tell(x->present.state, figures);
}

static volley_exchange_choice chosen(const void *exchange) {
  const automatic *x = exchange;
  volley_exchange_choice choice = {.name = x->trial == x->n_trials ? x->present.kind->name : NULL};
  for (; x->trial == x->n_trials && choice.n < x->n_trials; choice.n++) {
    choice.names[choice.n] = tried[choice.n]->name;
    choice.seconds[choice.n] = x->seconds[choice.n];
  }
  return choice;
}

const volley_exchange_kind volley_exchange_auto = {
    .name = "auto",
    .doc = "each of the others for some steps, then the fastest",
    .takes_numbers = true,
    .has_groups = true,
    .create = create,
    .destroy = destroy,
    .expected_bytes = expected_bytes,
    .expected_cost = expected_cost,
    .add = add,
    .post = post,
    .complete = complete,
    .tell = tell,
    .chosen = chosen,
};

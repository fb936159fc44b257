/* The exchange of spikes between ranks. A kind is one file with a table of functions, and a line in registry.c.
 *
 * Spikes of consecutive steps travel together in a batch, which is posted when its last step is over and completed when a
 * spike of its first step may act. What a rank asks for (base/signals.h) travels with them, so that all ranks learn of it
 * between the same two steps. Results depend on no kind: spikes that a rank has no synapses for only cost time. */
#ifndef VOLLEY_EXCHANGE_EXCHANGE_H
#define VOLLEY_EXCHANGE_EXCHANGE_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

struct volley_network; /* network/network.h */

/* The spikes of one step that a rank has got. */
typedef struct volley_step_spikes {
  int64_t step;
  const uint32_t *gids; /* [n] ascending; an id repeats if its neuron spiked more than once */
  uint32_t n;
} volley_step_spikes;

/* What an exchange is made for; the same on all ranks. Nothing is owned; `everywhere` only lasts while it is made. */
typedef struct volley_exchange_setup {
  MPI_Comm comm; /* is duplicated */
  int batch;     /* steps of one exchange, 1 .. lag */
  int lag;       /* steps from a spike to the first update that needs it: the least delay */
  int64_t first_step;
  bool
      is_plain; /* what travels are any numbers in place of gids: those of a rank keep their order, ranks come one after the
                    other, and every rank needs all */
  uint32_t usual;                       /* ids of a rank in a batch that are seldom exceeded */
  const struct volley_network *network; /* its synapses say who needs what; NULL: every rank needs all spikes */
  const bool
      *everywhere; /* [n_populations] every rank needs all spikes of this one whatever its synapses; NULL as above */
} volley_exchange_setup;

/* What a call of complete() has completed; valid until the next. */
typedef struct volley_exchanged {
  const volley_step_spikes *steps; /* [n_steps] consecutive, in order; every step comes once */
  int n_steps;
  uint64_t spikes;   /* in these steps on all ranks, whoever got them; the same on every rank */
  unsigned requests; /* what any rank asked for in these steps; the same on every rank */
  double waited;     /* s, for other ranks, in this call */
} volley_exchanged;

typedef struct volley_exchange_kind {
  const char *name, *doc;
  /* Owned by the caller: destroy(). Both are collective; a run that broke off may leave batches on their way. NULL on all ranks
   * where one has no memory for it: a fault that is left on its list. */
  void *(*create)(const volley_exchange_setup *setup);
  void (*destroy)(void *exchange);
  /* Bytes that a rank takes with batches of one step, of `usual` ids; NULL: few. */
  double (*expected_bytes)(int ranks, double lag, double usual);
  /* Adds spikes that this rank's neurons fired in the present step: n gids in any order. Not collective. */
  void (*add)(void *exchange, const uint32_t *gids, uint32_t n);
  /* Ends the present step, in which this rank asks for `requests`; sends the batch if it is full, or if all is to be known
   * now: before a checkpoint, at the end. Collective: `all` is the same on every rank. */
  void (*post)(void *exchange, unsigned requests, bool all);
  /* Completes what must be known before the update of `step` + 1, or all that was posted. Collective, after each post(). Where
   * a rank has no memory for that, its fault is left on its list and all ranks are asked to fail. */
  volley_exchanged (*complete)(void *exchange, int64_t step, bool all);
} volley_exchange_kind;

/* An exchange and the kind it is of. */
typedef struct volley_exchange {
  const volley_exchange_kind *kind;
  void *state;
} volley_exchange;

/* All kinds, ended by NULL. The first is the default. */
const volley_exchange_kind *const *volley_exchange_kinds(void);

#endif

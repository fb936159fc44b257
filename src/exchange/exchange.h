/* The exchange of spikes between ranks. A kind is one file with a table of functions, and a line in registry.c.
 *
 * Spikes of consecutive steps travel together in a batch, which is posted when its last step is over and completed when a
 * spike of its first step may act. What a rank asks for (base/signals.h) travels with them, so that all ranks learn of it
 * between the same two steps. Results depend on no kind: spikes that a rank has no synapses for only cost time. */
#ifndef VOLLEY_EXCHANGE_EXCHANGE_H
#define VOLLEY_EXCHANGE_EXCHANGE_H

#include "base/gid.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

struct volley_network; /* network/network.h */

/* The spikes of one step that a rank has got. */
typedef struct volley_step_spikes {
  int64_t step;
  const volley_gid *gids; /* [n] ascending; an id repeats if its neuron spiked more than once */
  uint32_t n;
} volley_step_spikes;

/* What an exchange is made for; the same on all ranks. Nothing is owned; `everywhere` only lasts while it is made. */
typedef struct volley_exchange_setup {
  MPI_Comm comm; /* is duplicated */
  int batch;     /* steps of one exchange, 1 .. lag */
  int lag;       /* steps from a spike to the first update that needs it: the least delay */
  int far_lag; /* the same where all these updates are of neurons far away: a kind may look up delays and take longer, up to this */
  int group; /* ranks that are near each other, one after the other; 0: those of a node */
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
  const volley_step_spikes
      *parts; /* [n_parts] all spikes that synapses need, each once, maybe before those of other ranks in its step,
                                      which has several parts then; NULL: they are those of `steps` */
  int n_parts;
  uint64_t
      spikes; /* of all ranks, whoever got them, that have not been told of before: of steps up to one that is the same
                        on every rank; where all is to be known, up to the last */
  unsigned requests; /* what any rank asked for in these steps; the same on every rank */
  double waited;     /* s, for other ranks, in this call */
} volley_exchanged;

/* The lists that synapses need. */
static inline const volley_step_spikes *volley_exchanged_lists(const volley_exchanged *got, int *n) {
  *n = got->parts ? got->n_parts : got->n_steps;
  return got->parts ? got->parts : got->steps;
}

/* What was counted on one rank. */
typedef struct volley_exchange_figures {
  uint64_t calls;       /* in which all ranks took part */
  uint64_t group_calls; /* in which only those near each other did */
  uint64_t messages;    /* sent to single ranks */
  uint64_t bytes;       /* received */
  uint64_t spikes;      /* of this rank's neurons; 0 where what travels are numbers */
  uint64_t told;        /* other ranks that these were sent to, summed over the spikes */
} volley_exchange_figures;

/* What a kind that uses others has chosen. */
typedef struct volley_exchange_choice {
  const char *name; /* NULL: nothing yet */
  int n;            /* kinds that were measured */
  const char *names[8];
  double seconds[8]; /* a step */
} volley_exchange_choice;

/* What an exchange would have to do, as far as it can be told before a run. */
typedef struct volley_exchange_load {
  int ranks, group;        /* group: as in the setup */
  double steps;            /* of the run */
  double batch, lag;       /* steps */
  double spikes;           /* of a rank in a step */
  double neurons, sources; /* of a rank; of other ranks whose spikes it needs */
} volley_exchange_load;

/* Seconds and bytes received, of one rank for the whole run. */
typedef struct volley_exchange_cost {
  double seconds, bytes;
} volley_exchange_cost;

/* Seconds of one allgather of blocks of so many bytes, and of one message: published latencies, docs/scaling.md. */
double volley_exchange_allgather_s(int ranks, double bytes);
double volley_exchange_message_s(double bytes);

void volley_exchange_figures_add(volley_exchange_figures *sum, const volley_exchange_figures *figures);

typedef struct volley_exchange_kind {
  const char *name, *doc;
  bool takes_numbers; /* also is_plain */
  bool has_groups;    /* looks at `group` */
  /* Owned by the caller: destroy(). Both are collective; a run that broke off may leave batches on their way. NULL on all ranks
   * where one has no memory for it: a fault that is left on its list. */
  void *(*create)(const volley_exchange_setup *setup);
  void (*destroy)(void *exchange);
  /* Bytes that a rank takes with batches of one step, of `usual` ids; NULL: few. */
  double (*expected_bytes)(int ranks, double lag, double usual);
  /* What a run would take; NULL: not known. */
  volley_exchange_cost (*expected_cost)(const volley_exchange_load *load);
  /* Adds spikes that this rank's neurons fired in the present step: n gids in any order. Not collective. */
  void (*add)(void *exchange, const volley_gid *gids, uint32_t n);
  /* Ends the present step, in which this rank asks for `requests`; sends the batch if it is full, or if all is to be known
   * now: before a checkpoint, at the end. Collective: `all` is the same on every rank. */
  void (*post)(void *exchange, unsigned requests, bool all);
  /* Completes what must be known before the update of `step` + 1, or all that was posted. Collective, after each post(). Where
   * a rank has no memory for that, its fault is left on its list and all ranks are asked to fail. */
  volley_exchanged (*complete)(void *exchange, int64_t step, bool all);
  /* Adds to figures what was counted. NULL: nothing is. Not collective. */
  void (*tell)(const void *exchange, volley_exchange_figures *figures);
  volley_exchange_choice (*chosen)(const void *exchange); /* NULL: nothing is. Not collective, the same on every rank */
} volley_exchange_kind;

/* Batches under way at most, however long the shortest delay is. */
enum { VOLLEY_MOST_UNDER_WAY = 16 };

/* An exchange and the kind it is of. */
typedef struct volley_exchange {
  const volley_exchange_kind *kind;
  void *state;
} volley_exchange;

/* All kinds, ended by NULL. The first is the default. */
const volley_exchange_kind *const *volley_exchange_kinds(void);

#endif

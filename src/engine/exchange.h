/* The exchange of spikes: one allgather for every step, or for every batch of steps, posted when the spikes are known and
 * completed when they are due. Each rank sends a block of fixed size; what does not fit follows in a second round that
 * all ranks know of from the counts in the first. */
#ifndef VOLLEY_ENGINE_EXCHANGE_H
#define VOLLEY_ENGINE_EXCHANGE_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct volley_exchange volley_exchange;

/* The spikes of one step, of all ranks. */
typedef struct volley_step_spikes {
  int64_t step;
  const uint32_t *gids; /* [n] ascending; an id repeats if its neuron spiked more than once */
  uint32_t n;
} volley_step_spikes;

/* batch: steps of one exchange, 1 .. min_delay. first_step: the first step that is exchanged. block_ids: ids that a rank's
 * block of fixed size holds, the same on all ranks. comm is duplicated. Collective. Owned by the caller. */
volley_exchange *volley_exchange_create(MPI_Comm comm, int batch, int min_delay, int64_t first_step,
                                        uint32_t block_ids);

/* Frees the exchange. Collective. */
void volley_exchange_destroy(volley_exchange *exchange);

/* Adds this rank's spikes of the present step: n gids in any order. */
void volley_exchange_add(volley_exchange *exchange, const uint32_t *gids, uint32_t n);

/* Sends requests (base/signals.h) along with the spikes of the present step. */
void volley_exchange_ask(volley_exchange *exchange, unsigned requests);

/* Ends the present step; posts the allgather if its batch is full or if all spikes are to be known. Collective. */
void volley_exchange_post(volley_exchange *exchange, bool all);

/* Completes what must be known after `step`, or all of it: so at the end and at checkpoints. Collective. Returns the number
 * of volleys, which stay valid until the next call: consecutive steps, in order. */
int volley_exchange_complete(volley_exchange *exchange, int64_t step, bool all, const volley_step_spikes **volleys);

/* What any rank has asked for in the batches that the last call completed. The same on every rank. */
unsigned volley_exchange_requests(const volley_exchange *exchange);

/* Seconds spent waiting for other ranks so far. */
double volley_exchange_waited(const volley_exchange *exchange);

#endif

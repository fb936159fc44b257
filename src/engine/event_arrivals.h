/* Spikes on their way to the neurons of a block, in its calendar: sent to the synapses of a source, laid out by neuron when they
 * arrive. */
#ifndef VOLLEY_ENGINE_EVENT_ARRIVALS_H
#define VOLLEY_ENGINE_EVENT_ARRIVALS_H

#include "engine/event_block.h"

/* Lays what arrives in a bucket up to the limit, which ends the bucket or not, out by neuron, in block->sorted, where
 * block->touched says for each neuron where its own end; takes it from the bucket. Returns how many neurons these are. */
size_t volley_event_block_lay_out(volley_event_block *block, volley_bucket *bucket, double limit, bool ends);

/* Adds a neuron to the *n that are touched; head: where its arrivals end. */
void volley_event_block_touch(volley_event_block *block, uint32_t id, uint32_t head, size_t *n);

/* Sorts arrivals of one neuron by time and source; of one source at one time they stay as they are. scratch: room for half of
 * them. */
void volley_arrivals_sort(volley_arrival *arrivals, size_t n, volley_arrival *scratch);

#endif

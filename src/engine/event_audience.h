/* The observers of a continuous run: who is told of spikes, and who looks at neurons and synapses at which stops. */
#ifndef VOLLEY_ENGINE_EVENT_AUDIENCE_H
#define VOLLEY_ENGINE_EVENT_AUDIENCE_H

#include "engine/event_block.h"
#include "engine/observer.h"

typedef struct volley_audience {
  const volley_network *network;
  const volley_observer *observers; /* [n] */
  int n;
} volley_audience;

/* The next step from `from` on at which observers look at neurons of a population (-1: of any). */
int64_t volley_audience_next(const volley_audience *audience, int population, int64_t from);

/* Tells of the spikes up to the time `taken`, ms: those of this rank and of all. Collective. Returns the first status that is not
 * VOLLEY_OK, which is agreed. */
volley_status volley_audience_tell(const volley_audience *audience, const volley_timed_list *own,
                                   const volley_timed_list *all, double taken);

/* Shows block number b at a step, slice by slice, to those that look then. Not collective. */
void volley_audience_show(const volley_audience *audience, const volley_event_block *block, int b, int64_t step);

/* What follows when all blocks have been shown at a step. Status as of tell(). Collective. */
volley_status volley_audience_advance(const volley_audience *audience, int64_t step);

#endif

/* Currents that a host program sets, as an input beside the stimuli. */
#ifndef VOLLEY_RUN_INJECTION_H
#define VOLLEY_RUN_INJECTION_H

#include "network/network.h"

typedef struct volley_injection volley_injection;

/* None at first. The network must outlive it and not be simulated any more when it is destroyed. */
volley_injection *volley_injection_create(volley_network *network);
void volley_injection_destroy(volley_injection *injection); /* NULL is allowed */

/* Sets those of population p: [size of the population]. Collective: none where a rank has no memory for them, which is a fault
 * left on its list. */
void volley_injection_set(volley_injection *injection, int p, const double *values);

#endif

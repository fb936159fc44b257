/* What ends a run before its duration is over (docs/experiment.md, `stop_when`). */
#ifndef VOLLEY_RUN_STOPS_H
#define VOLLEY_RUN_STOPS_H

#include "engine/engine.h"

/* Before a run that begins at experiment->begins, and before its checkpoint is read. Not collective. */
void volley_stops_begin(const volley_experiment *experiment);

/* The next step at which volley_stops_look() has something to see; INT64_MAX: none. The same on every rank. */
int64_t volley_stops_next(const volley_experiment *experiment);

/* Looks whether a condition is met at the present step of an engine of this experiment: if so, the experiment ends there,
 * experiment->ended_early says why, and the run is saved if it is at its end. What was looked at stays seen. Collective,
 * agreed status. */
volley_status volley_stops_look(volley_engine *engine, const volley_network *network, volley_experiment *experiment);

#endif

/* Ablation: neurons that fire no spikes for some time. */
#ifndef VOLLEY_ENGINE_ABLATION_H
#define VOLLEY_ENGINE_ABLATION_H

#include "network/network.h"

/* The silenced neurons of one block. */
typedef struct volley_ablated {
  const volley_experiment *experiment;
  const volley_block *block;
  bool *silent;    /* [stride] by id; NULL: nobody is */
  int64_t changes; /* the next step at which that changes */
} volley_ablated;

volley_ablated volley_ablated_create(const volley_experiment *experiment, const volley_block *block);
void volley_ablated_free(volley_ablated *silence);

/* Takes the spikes of silenced neurons off the list of a step. Steps must ascend. */
void volley_ablated_filter(volley_ablated *silence, int64_t step, volley_spike_list *spikes);

#endif

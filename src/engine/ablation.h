/* Ablation: neurons that fire no spikes for some time. */
#ifndef VOLLEY_ENGINE_ABLATION_H
#define VOLLEY_ENGINE_ABLATION_H

#include "build/network.h"

/* The silenced neurons of one block. */
typedef struct volley_silence {
  const volley_experiment *experiment;
  const volley_block *block;
  bool *silent;    /* [stride] by id; NULL: nobody is */
  int64_t changes; /* the next step at which that changes */
} volley_silence;

volley_silence volley_silence_create(const volley_experiment *experiment, const volley_block *block);
void volley_silence_free(volley_silence *silence);

/* Takes the spikes of silenced neurons off the list of a step. Steps must ascend. */
void volley_silence_filter(volley_silence *silence, int64_t step, volley_spike_list *spikes);

#endif

/* Numbers of stimuli that each neuron has its own of: what stands under a key as a distribution, or as the numbers of a file or
 * list, instead of one number for all. */
#ifndef VOLLEY_STIMULUS_OWN_H
#define VOLLEY_STIMULUS_OWN_H

#include "model/experiment.h"
#include "neuron/neuron.h"

struct volley_selected;

/* What a key is for the neurons of a generator. */
typedef struct volley_each {
  double all;  /* the same for each, or their mean */
  double *own; /* [selected.count] NULL: all have the same */
} volley_each;

static inline double volley_each_at(const volley_each *each, uint32_t i) {
  return each->own ? each->own[i] : each->all;
}

/* What a key of stimulus number `number` is for the selected neurons of a slice; all: the member that the key fills. A function
 * of the experiment and gids. Owned by the caller: free(each.own). */
volley_each volley_each_of(const volley_experiment *experiment, int number, const char *key, double all,
                           const volley_slice *slice, const struct volley_selected *selected);

/* The numbers of a key that differ; NULL: they do not. */
const volley_own *volley_own_find(const volley_stimulus *stimulus, const char *key);

/* Whether a number of the stimulus, which is `all` where all neurons have the same, is greater than `most` or may be drawn so. */
bool volley_own_exceeds(const volley_stimulus *stimulus, const char *key, double all, double most);

#endif

/* The neurons of a population as one neuron sees them, whose probability to be connected to it depends on their distance.
 *
 * Seen from a leaf of its own space, the boxes of the others have bounds of the probability. Near boxes are leaves; far
 * ones, in which it hardly changes or is next to nothing, are as large as that allows. What is drawn by the bounds is then
 * kept with the probability that it really has: the work grows with the synapses. The list of boxes is the same for all
 * neurons of a leaf, and depends on the experiment alone. */
#ifndef VOLLEY_RULE_NEAR_H
#define VOLLEY_RULE_NEAR_H

#include "rule/rule.h"
#include "space/space.h"

typedef struct volley_near volley_near;

/* Neurons of `of` as those of `from` see them, by the profile of the projection. pairs: to be drawn by
 * volley_near_draw(), or counted; else by volley_near_choose(). Owned by the caller. */
volley_near *volley_near_create(const volley_experiment *experiment, const volley_projection *projection, int from,
                                int of, bool pairs);
void volley_near_destroy(volley_near *near); /* NULL is allowed */

/* Draws each neuron with its probability, from the stream (key, id), as the drawing's sources; `own` sees them. */
void volley_near_draw(volley_near *near, volley_drawing *drawing, uint32_t own, volley_key key, volley_gid id);

/* Draws k neurons, one by one, by the ratios of their probabilities; each once only if the projection has no multapses.
 * Fewer and a fault where there are not as many. */
void volley_near_choose(volley_near *near, volley_drawing *drawing, uint32_t own, uint64_t k, volley_key key,
                        volley_gid id);

/* No fault is told of it any more where there are too few neurons to choose from. */
void volley_near_hush(volley_near *near);

/* Expected number of neurons that volley_near_draw() draws, to some per cent. */
double volley_near_expected(volley_near *near, uint32_t own);

/* The same for all synapses of a projection between all its neurons, by some of the targets. */
double volley_near_expected_synapses(const volley_experiment *experiment, const volley_projection *projection);

/* n weights and delays of projection p, about, where these depend on distances. *out is empty before. */
void volley_near_sample(const volley_experiment *experiment, int p, size_t n, volley_edge_sample *out);

#endif

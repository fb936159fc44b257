/* What stimuli add to neurons, step by step. */
#ifndef VOLLEY_TESTS_STIMULI_H
#define VOLLEY_TESTS_STIMULI_H

#include "model/experiment.h"

/* What stimulus `number` adds to neurons first .. first + count - 1 of its target, as input or current, in each of the steps
 * from .. to - 1, by one slice: [to - from][count], owned by the caller. */
double *stimuli_generate(const volley_experiment *experiment, int number, uint32_t first, uint32_t count, int64_t from,
                         int64_t to);

/* Fails the present cmocka test unless slices of 1, 7, 32, 33 neurons ... get the same bits as one slice of all neurons of
 * the target. */
void stimuli_expect_any_cut(const volley_experiment *experiment, int number, int64_t from, int64_t to);

#endif

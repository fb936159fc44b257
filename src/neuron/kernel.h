/* What update loops share. A loop is written once, as an inline function of two strides, and volley_with_strides()
 * calls it with constants: with stride 0 the compiler keeps a coefficient in a register, with stride 1 it loads one a
 * neuron. The loops are plain additions and multiplications and compiled without contraction, so that a vector and
 * a scalar iteration give the same bits. */
#ifndef VOLLEY_NEURON_KERNEL_H
#define VOLLEY_NEURON_KERNEL_H

#include "neuron/neuron.h"

/* Neurons looked at together: the few chunks in which a neuron crossed the threshold are gone through once more. */
enum { VOLLEY_CHUNK = 128 };

#define VOLLEY_INLINE static inline __attribute__((always_inline))

/* Column c of the coefficients. */
VOLLEY_INLINE const double *volley_coefficient(const volley_slice *slice, int c) {
  return slice->coefficients + (size_t)c * (slice->coefficient_stride ? slice->count : 1);
}

/* The coefficients as an update loop sees them: columns of one value a neuron, or one value for all. */
typedef struct volley_column {
  const double *values;
  double fixed;
} volley_column;

VOLLEY_INLINE volley_column volley_column_of(const volley_slice *slice, int c) {
  const double *values = volley_coefficient(slice, c);
  return (volley_column){values, values[0]};
}

/* The coefficient of neuron i; stride is a constant of the loop. */
VOLLEY_INLINE double volley_at(volley_column column, uint32_t stride, uint32_t i) {
  return stride ? column.values[i] : column.fixed;
}

/* Which states and coefficients make an integrate-and-fire neuron fire. */
typedef struct volley_firing {
  int potential, refractory;              /* states */
  int threshold, reset, refractory_steps; /* coefficients */
} volley_firing;

/* Resets and lists the neurons first .. end - 1 whose potential has reached the threshold. */
static inline void volley_fire(volley_slice *slice, volley_spike_list *spikes, const volley_firing *firing,
                               uint32_t first, uint32_t end) {
  const uint32_t stride = (uint32_t)slice->coefficient_stride;
  const double *threshold = volley_coefficient(slice, firing->threshold);
  double *potential = slice->states[firing->potential];
  for (uint32_t i = first; i < end; i++) {
    if (potential[i] < threshold[i * stride]) continue;
    potential[i] = volley_coefficient(slice, firing->reset)[i * stride];
    slice->states[firing->refractory][i] = volley_coefficient(slice, firing->refractory_steps)[i * stride];
    volley_spike_push(spikes, slice->offset + i);
  }
}

/* Notes that the equations of neuron i of the slice have no solution in this step. */
static inline void volley_give_up(volley_slice *slice, uint32_t i) {
  if (slice->given_up == 0) slice->given_up = i + 1;
}

#define volley_with_strides(loop, slice, spikes)                                                                       \
  do {                                                                                                                 \
    if ((slice)->coefficient_stride == 0) {                                                                            \
      if ((slice)->current_stride == 0)                                                                                \
        loop((slice), (spikes), 0, 0);                                                                                 \
      else                                                                                                             \
        loop((slice), (spikes), 0, 1);                                                                                 \
    } else {                                                                                                           \
      if ((slice)->current_stride == 0)                                                                                \
        loop((slice), (spikes), 1, 0);                                                                                 \
      else                                                                                                             \
        loop((slice), (spikes), 1, 1);                                                                                 \
    }                                                                                                                  \
  } while (0)

#endif

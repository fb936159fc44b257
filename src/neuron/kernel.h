/* What update loops share. A loop is written once, as inline functions of a chunk of neurons, and volley_update() calls it
 * with constant strides: with stride 0 the compiler keeps a coefficient in a register, with stride 1 it loads one a neuron.
 * The loops are plain additions and multiplications and compiled without contraction, so that a vector and a scalar
 * iteration give the same bits. */
#ifndef VOLLEY_NEURON_KERNEL_H
#define VOLLEY_NEURON_KERNEL_H

#include "neuron/neuron.h"

/* Neurons looked at together: the few chunks in which a neuron crossed the threshold are gone through once more. */
enum { VOLLEY_CHUNK = 256 };

#define VOLLEY_INLINE static inline __attribute__((always_inline))

/* Stands before an update whose arithmetic (arithmetic.h) takes several times as long without FMA. What is compiled for any x86-64
 * has such an update twice, and takes the one that suits the processor; the bits are the same. */
#if defined __x86_64__ && !defined __FMA__ && !defined __clang__ && __GNUC__ >= 12 && !defined __SANITIZE_ADDRESS__ && \
    !defined __SANITIZE_THREAD__
#define VOLLEY_FOR_PROCESSORS __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define VOLLEY_FOR_PROCESSORS
#endif

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

/* Neurons first .. end - 1 of a slice, which take a step together. The strides are constants of the loop. */
typedef struct volley_chunk {
  volley_slice *slice;
  volley_spike_list *spikes;
  const volley_column *c; /* the coefficients */
  const double *current;  /* injected, pA: [is ? end - first : 1] */
  uint32_t first, end;
  uint32_t cs,
      is; /* of coefficients and injected currents: 1 where they differ from neuron to neuron, 0: one for all */
} volley_chunk;

/* The current injected into neuron i. */
VOLLEY_INLINE double volley_injected(const volley_chunk *k, uint32_t i) {
  return k->current[k->is ? (size_t)i - k->first : 0];
}

VOLLEY_INLINE void volley_take_chunks(volley_slice *slice, volley_spike_list *spikes,
                                      void (*take)(const volley_chunk *k), int n_coefficients, const uint32_t cs,
                                      const uint32_t is) {
  volley_column c[VOLLEY_MAX_COEFFICIENTS];
  double shared[VOLLEY_CHUNK]; /* the current that they have together, once for each */
  for (int n = 0; n < n_coefficients; n++) c[n] = volley_column_of(slice, n);
  const bool is_shared = is && slice->current_stride == 0;
  for (uint32_t i = 0; is_shared && i < VOLLEY_CHUNK && i < slice->count; i++) shared[i] = slice->current[0];
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    const double *current = is_shared ? shared : slice->current + (size_t)is * first;
    take(&(volley_chunk){slice, spikes, c, current, first, end, cs, is});
  }
}

/* update() of a model: take(), an inline function, takes each chunk through the step and lists its spikes. */
VOLLEY_INLINE void volley_update(volley_slice *slice, volley_spike_list *spikes, void (*take)(const volley_chunk *k),
                                 int n_coefficients) {
  if (slice->coefficient_stride == 0 && slice->current_stride == 0)
    volley_take_chunks(slice, spikes, take, n_coefficients, 0, 0);
  else if (slice->coefficient_stride == 0)
    volley_take_chunks(slice, spikes, take, n_coefficients, 0, 1);
  else if (slice->current_stride == 0)
    volley_take_chunks(slice, spikes, take, n_coefficients, 1, 0);
  else
    volley_take_chunks(slice, spikes, take, n_coefficients, 1, 1);
}

/* The same of models whose loops take long to compile: two of them, for which a current that neurons share is written out. */
VOLLEY_INLINE void volley_update_long(volley_slice *slice, volley_spike_list *spikes,
                                      void (*take)(const volley_chunk *k), int n_coefficients) {
  if (slice->coefficient_stride == 0)
    volley_take_chunks(slice, spikes, take, n_coefficients, 0, 1);
  else
    volley_take_chunks(slice, spikes, take, n_coefficients, 1, 1);
}

/* Takes the neurons of a chunk through the step, in vectors. advance() does so with neuron i, into which `current` is
 * injected, and returns whether it has reached its threshold. Returns whether any has. */
VOLLEY_INLINE int volley_advance(const volley_chunk *k,
                                 int (*advance)(const volley_chunk *k, uint32_t i, double current)) {
  volley_slice slice = *k->slice; /* a copy that no store to a state can change: its pointers stay in registers */
  const volley_chunk own = {&slice, k->spikes, k->c, k->current, k->first, k->end, k->cs, k->is};
  int any = 0;
#pragma omp simd reduction(| : any)
  for (uint32_t i = k->first; i < k->end; i++) any |= advance(&own, i, volley_injected(k, i));
  return any;
}

/* The same of models whose neurons advance() resets itself: it returns whether neuron i spikes. Lists the spikes. */
VOLLEY_INLINE void volley_advance_and_list(const volley_chunk *k,
                                           int (*advance)(const volley_chunk *k, uint32_t i, double current)) {
  volley_slice slice = *k->slice;
  const volley_chunk own = {&slice, k->spikes, k->c, k->current, k->first, k->end, k->cs, k->is};
  double fired[VOLLEY_CHUNK];
  int any = 0;
#pragma omp simd reduction(| : any)
  for (uint32_t i = k->first; i < k->end; i++) {
    const int is_spike = advance(&own, i, volley_injected(k, i));
    fired[i - k->first] = is_spike;
    any |= is_spike;
  }
  for (uint32_t i = k->first; any && i < k->end; i++)
    if (fired[i - k->first] != 0) volley_spike_push(k->spikes, slice.offset + i);
}

/* Which states and coefficients make an integrate-and-fire neuron fire. */
typedef struct volley_firing {
  int potential, refractory;              /* states */
  int threshold, reset, refractory_steps; /* coefficients */
} volley_firing;

/* Resets and lists the neurons of a chunk whose potential has reached the threshold. */
VOLLEY_INLINE void volley_fire(const volley_chunk *k, const volley_firing *of) {
  double *v = k->slice->states[of->potential], *refractory = k->slice->states[of->refractory];
  for (uint32_t i = k->first; i < k->end; i++) {
    if (v[i] < volley_at(k->c[of->threshold], k->cs, i)) continue;
    v[i] = volley_at(k->c[of->reset], k->cs, i);
    refractory[i] = volley_at(k->c[of->refractory_steps], k->cs, i);
    volley_spike_push(k->spikes, k->slice->offset + i);
  }
}

/* Notes that the equations of neuron i of the slice have no solution in this step. */
static inline void volley_give_up(volley_slice *slice, uint32_t i) {
  if (slice->given_up == 0) slice->given_up = i + 1;
}

#endif

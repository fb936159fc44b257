/* What a signal is: some values as a pure function of time, described in the experiment (model/experiment.h). Readouts
 * are taught by signals, stimuli play them as input. One file a kind, a line in registry.c.
 *
 * Time warp: speed k holds from time k on (ms, before the first: 1), so that a replay can be faster (2),
 * slower (0.5), halted (0) or reversed (-1). Signal time is the integral of the speed, and what the kinds are asked
 * for. Noise is drawn for the step that asks, whatever the signal time. */
#ifndef VOLLEY_SIGNAL_SIGNAL_H
#define VOLLEY_SIGNAL_SIGNAL_H

#include "model/experiment.h"
#include "model/reader.h"

#include <stddef.h>

/* A signal while it is played. */
typedef struct volley_player volley_player;

typedef struct volley_signal_kind {
  const char *name, *doc;
  const volley_key_info *keys; /* of its own, in `size` bytes: signal->parameters */
  int n_keys;
  size_t size;
  bool has_series; /* they begin with a volley_series: rows that are given, read, or calculated */
  bool
      is_chaotic; /* who follows it cannot stay with it: no error against it, however shifted, says whether it was learned */
  /* Sets `dimension`, unless it is known from a file only. NULL if the values fit together, else what is wrong. Called
   * again when the file was read. */
  const char *(*check)(volley_signal *signal);
  /* Calculates the n_rows rows of the series, one for each ms of signal time from 0 on; NULL where there is nothing to
   * calculate beforehand. The first rows are the same however many there are. Returns NULL, or what went wrong. */
  const char *(*make_rows)(const volley_signal *signal);
  /* Signal time in ms that it lasts from 0 on; 0: it has neither a beginning nor an end. NULL: 0 */
  double (*length)(const volley_signal *signal);
  /* The values at signal time t (ms; below 0 too if time runs backwards), without scale and noise. values:
   * [dimension] */
  void (*values)(const volley_signal *signal, double t, double *values);
} volley_signal_kind;

/* All kinds, ended by NULL, and one by name (NULL if unknown). */
const volley_signal_kind *const *volley_signal_kinds(void);
const volley_signal_kind *volley_signal_kind_find(const char *name);

/* Keys that every signal has: scale, noise, noise_distribution, speed_times, speeds. */
extern const volley_keys volley_signal_common_keys;

/* Sets all that the keys fill to their defaults; parameters are the arena's. */
void volley_signal_set_defaults(volley_signal *signal, volley_arena *arena);

/* Checks what all signals have in common and then what the kind checks, which sets `dimension`. NULL if the values fit
 * together, else what is wrong. */
const char *volley_signal_check(volley_signal *signal);

/* Signal time at time t, both in ms: the integral of the speed. */
double volley_signal_time(const volley_signal *signal, double t);

/* Reads the files that the experiment's signals and their gains name, integrates those that are equations, and checks
 * what could not be checked before: dimensions, lengths, NaN. Collective over the ranks of the reader (which may be
 * NULL where no file is named), agreed status. To be called once before signals are played; PETSc must be initialised
 * where signals are equations. */
volley_status volley_signals_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

/* Where the streams of players begin, of stimulus or readout number 0. */
enum { VOLLEY_STREAM_STIMULI = 0, VOLLEY_STREAM_READOUTS = 1 << 23 };

/* Starts to play. stream: what makes its noise different from that of other signals, below 2^24:
 * VOLLEY_STREAM_STIMULI or VOLLEY_STREAM_READOUTS plus the number. experiment and signal must outlive the player. Not
 * collective. */
volley_player *volley_player_create(const volley_experiment *experiment, const volley_signal *signal, uint32_t stream);
void volley_player_destroy(volley_player *player); /* NULL is allowed */

/* The values at the time step * dt: scale * values + noise. The same whatever was asked before. One thread at a
 * time. */
void volley_player_at(volley_player *player, int64_t step, double *values);

#endif

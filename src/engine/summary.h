/* What a run did, as figures: for --summary, for the /volley group of the output, for benchmarks. */
#ifndef VOLLEY_ENGINE_SUMMARY_H
#define VOLLEY_ENGINE_SUMMARY_H

#include "exchange/exchange.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum volley_phase {
  VOLLEY_PHASE_UPDATE,   /* neurons */
  VOLLEY_PHASE_STIMULI,  /* generators */
  VOLLEY_PHASE_DELIVER,  /* synapses: rows to lists, lists to inputs */
  VOLLEY_PHASE_EXCHANGE, /* gathering, posting, sorting spikes */
  VOLLEY_PHASE_WAIT,     /* for other ranks and threads */
  VOLLEY_PHASE_RECORD,   /* recorders and output */
  VOLLEY_PHASE_LEARN,    /* readouts: learning steps */
  VOLLEY_PHASE_SAVE,     /* checkpoints */
  VOLLEY_PHASES
} volley_phase;

extern const char *const volley_phase_names[VOLLEY_PHASES];

/* Eigenvalues of the effective weight matrix of a readout, with the decoders of the beginning and with those of the end. */
typedef struct volley_spectrum {
  const char *readout; /* not owned */
  uint32_t wanted, n_before, n_after;
  double *before, *after; /* [n][2] real and imaginary part */
} volley_spectrum;

/* Where a rank ran. */
typedef struct volley_rank_place {
  char host[64], cores[96]; /* cores: as Linux numbers and writes them, 0-3,8 */
  char binding[16];         /* each of its threads to one core: "cores"; the rank to some: "sets"; else "none" */
} volley_rank_place;

/* What one rank did. */
enum { VOLLEY_LONGEST_STEPS = 3 };
typedef struct volley_rank_figures {
  double phase_s[VOLLEY_PHASES];           /* mean over its threads */
  double longest_s[VOLLEY_LONGEST_STEPS];  /* work by itself in the steps that took longest, descending; 0: not known */
  double longest_ms[VOLLEY_LONGEST_STEPS]; /* model time at the end of these */
  double speed;                            /* work done in a second, where the mean over ranks does 1 */
  uint64_t neurons, synapses;
  uint64_t spikes, received; /* of its neurons; that it got, its own included; 0: not known */
} volley_rank_figures;

/* A member of these under its name in files. */
typedef struct volley_rank_column {
  const char *name;
  size_t offset;
  bool is_count; /* uint64_t, else double */
} volley_rank_column;

/* All of them but the phases, ended by a name that is NULL. */
extern const volley_rank_column volley_rank_columns[];

/* Seconds that a rank has worked, not waited. */
double volley_rank_work(const double phase_s[VOLLEY_PHASES]);

/* Blocks by the way in which their static synapses are delivered (network/table.h), on all ranks. */
enum { VOLLEY_WAY_LISTED, VOLLEY_WAY_DIRECT, VOLLEY_WAYS };
typedef struct volley_way_figures {
  uint64_t blocks;
  uint64_t events; /* of this process */
  double seconds;  /* of all threads together */
} volley_way_figures;

extern const char *const volley_way_names[VOLLEY_WAYS];

typedef struct volley_summary {
  uint64_t neurons, synapses;
  int ranks, threads; /* threads of each rank */
  double build_s, simulate_s;
  double model_ms;         /* from the beginning, also of a run that was resumed */
  const char *ended_early; /* why, in words of the experiment's; NULL: it came to its duration */
  double from_ms;          /* model time at which this process took over; 0 if nothing was resumed */
  double real_time_factor; /* simulate_s / model time of this process */
  uint64_t spikes;         /* from the beginning, like the synaptic events, rates and digest */
  uint64_t synaptic_events;
  double synaptic_events_per_s;  /* of this process */
  double phase_s[VOLLEY_PHASES]; /* mean over ranks and threads */
  volley_way_figures ways[VOLLEY_WAYS];
  const char *exchange;                   /* its kind; NULL: not known */
  volley_exchange_choice exchange_chosen; /* by `auto`: an empty name where none has been */
  volley_exchange_figures exchanged;      /* of all ranks; both calls: of the one with most */
  uint8_t *ways_of_rank;                  /* [ranks] bits of the ways that a rank's blocks take; NULL: not known */
  uint64_t delivered_bytes;               /* of synapse tables read */
  uint64_t table_bytes;                   /* of synapse tables, all ranks */
  uint64_t *peak_rss_bytes;               /* [ranks] */
  volley_rank_place *places;              /* [ranks]; NULL: not known */
  volley_rank_figures *of_rank;           /* [ranks]; NULL: not known */
  double *update_ns;                      /* [n_populations] what a step of a neuron took, as far as can be told */
  double event_ns;                        /* what an event of a synapse took a thread */
  int n_populations;
  const char **population_names; /* [n_populations]; the names are the experiment's */
  double *rate_hz;               /* [n_populations] over the whole run */
  int n_spectra;
  volley_spectrum *spectra; /* [n_spectra] */
  uint64_t digest[2];       /* of all spikes: independent of ranks, threads, partition and order */
} volley_summary;

/* What an engine knows of a run on one rank, for the summary. Nothing is owned. */
typedef struct volley_run_figures {
  const struct volley_network *network;
  int64_t first_step, step;               /* this process took the steps from the first to the one before `step` */
  const uint64_t *sums;                   /* of all ranks, by engine/tally.h */
  uint64_t events_before;                 /* of sums: synaptic events before first_step */
  const volley_exchange *exchange;        /* NULL: the engine has none */
  const volley_way_figures *ways;         /* [VOLLEY_WAYS] of this rank; NULL: the engine has none */
  const struct volley_stopwatch *watches; /* [threads] */
  const struct volley_timespan *time;     /* of all steps */
  const struct volley_rank_watch *watch;  /* NULL: the engine has none */
} volley_run_figures;

/* Fills in the figures of a run, but for what others know: build_s, places, spectra. Allocates what it fills in
 * by rank and by population. Collective over the network's communicator; the same on every rank. */
void volley_summary_fill(volley_summary *summary, const volley_run_figures *figures);

/* Frees what hangs on the summary. */
void volley_summary_release(volley_summary *summary);

#endif

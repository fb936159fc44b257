/* The neurons and synapses of one block in a continuous run. A neuron is touched when something happens to it: its state is
 * kept with its time, and taken on to that of the next event. What happens to a neuron depends on the order of its own events
 * alone: by time; at one time its own threshold, then spikes by source and number, then stimuli in their order, and their sum
 * decides whether it fires. So neurons of a
 * bucket are gone through one after the other, in any order of the neurons.
 *
 * No other thread than that of the block writes to it. */
#ifndef VOLLEY_ENGINE_EVENT_BLOCK_H
#define VOLLEY_ENGINE_EVENT_BLOCK_H

#include "engine/calendar.h"
#include "engine/timed.h"
#include "network/network.h"
#include "network/plastic_events.h"
#include "neuron/events.h"

/* A spike that arrives at a neuron, by a static synapse or a plastic one. */
typedef struct volley_arrival {
  double time; /* ms */
  union {
    double weight;
    struct {
      uint32_t visit, synapse; /* among block->visits, and of the visit's group */
    };
  };
  volley_gid source;
  uint16_t receptor;
  bool is_plastic;
} volley_arrival;

/* What a neuron is between two events. */
typedef struct volley_cell {
  double time;    /* ms, of the states */
  double until;   /* end of its refractory period; -1: it is not refractory */
  double wake;    /* nothing happens before, by itself or a stimulus; INFINITY: never */
  double current; /* injected from `time` on */
  int64_t bucket; /* where the calendar will wake it, or VOLLEY_NO_BUCKET */
  double y[];     /* states */
} volley_cell;

/* How many states of a model cells keep: all but the refractory period where it is the last; and the bytes of a cell with so many. */
static inline size_t volley_cell_states(const volley_neuron_model *model) {
  const int n = model->n_states;
  return (size_t)(model->events && n > 0 && model->events->refractory == n - 1 ? n - 1 : n);
}
static inline size_t volley_cell_bytes(size_t states) {
  return (sizeof(volley_cell) + states * sizeof(double) + 63) / 64 * 64;
}

/* A neuron to which something happens, and where its arrivals end among those that are sorted. */
typedef struct volley_touched {
  uint32_t id, end;
} volley_touched;

/* What the neurons of a slice share. */
typedef struct volley_event_slice {
  volley_slice *slice; /* not owned */
  const volley_neuron_events *model;
  size_t n_states; /* kept in the cells: without the refractory period where it is the last */
  double background;
  const volley_input *inputs; /* [n_inputs] stimuli of the slice */
  int n_inputs;
  uint32_t *firsts;       /* [count + 1] their first cursors; NULL: no stimulus reaches the slice */
  volley_cursor *cursors; /* by neuron, then in the order of the stimuli */
} volley_event_slice;

typedef struct volley_event_block {
  _Alignas(64) volley_block *block; /* not owned */
  volley_calendar calendar;
  unsigned char *cells; /* [ids] of cell_bytes */
  size_t cell_bytes;
  volley_event_slice *slices; /* [block->n_slices] */
  uint32_t *slice_of;         /* [ids / 8] */
  uint32_t *targets;          /* ids by the numbers of the table */
  volley_timed_list fired;    /* since they were last taken away, neuron by neuron */
  uint64_t begun;             /* synapses that spikes have reached or will reach */
  uint64_t sent, taken;       /* arrivals into the calendar, and out of it */
  uint64_t backwards;         /* how often a neuron was to go back in time: never */
  /* While a bucket is taken. */
  uint32_t *
      heads; /* [ids] while arrivals are laid out, where the next of a neuron goes; VOLLEY_IDLE: nothing happens to it */
  volley_touched *touched; /* neurons to which something happens */
  volley_arrival
      *sorted; /* [n_sorted] arrivals by neuron, as these are in `touched`; room for as many behind sorted_capacity */
  uint32_t n_sorted;
  volley_plastic_visit *visits; /* [n_visits] spikes of a bucket that come to plastic synapses */
  size_t n_visits, visits_capacity;
  size_t sorted_capacity, touched_capacity;
} volley_event_block;

enum { VOLLEY_NEIGHBOURS = 8 /* ids that belong to one slice */ };
#define VOLLEY_IDLE UINT32_MAX /* of heads: nothing happens to the neuron */

static inline volley_cell *volley_cell_of(const volley_event_block *block, uint32_t id) {
  return (volley_cell *)(void *)(block->cells + id * block->cell_bytes);
}

static inline const double *volley_cell_coefficients(const volley_event_slice *slice, uint32_t i) {
  const size_t n = slice->slice->coefficient_stride ? (size_t)slice->model->n_coefficients : 0;
  return slice->slice->coefficients + i * n;
}

/* The block before its first event, or as it was left at time `from` (NAN: at the beginning). Not collective; width: of the
 * buckets. To be freed. */
volley_event_block volley_event_block_create(const volley_network *network, int b, double width, double from);
void volley_event_block_free(volley_event_block *block);

/* Bytes that blocks of a rank take beside their neurons' states and synapses; traffic: spikes and synaptic events of all ranks in a
 * ms, the shortest and the longest delay in ms. */
typedef struct volley_event_traffic {
  double spikes, events, shortest, longest;
} volley_event_traffic;
double volley_event_blocks_expected_bytes(const volley_experiment *experiment, int ranks, int blocks,
                                          const volley_event_traffic *traffic);

/* Takes all events of a bucket up to the time `limit`, the last of the bucket or an earlier one. */
void volley_event_block_take(volley_event_block *block, int64_t bucket, double limit);

/* Lets the calendar wake the neuron in time, in bucket `least` or later. */
void volley_event_block_alarm(volley_event_block *block, uint32_t id, int64_t least);

/* Sends n spikes, by time and gid, to their targets; arrivals up to the time `after` are left out. */
void volley_event_block_send(volley_event_block *block, const volley_timed_spike *spikes, size_t n, double after);

/* Shows the states of a slice as they are at `time`, up to which all is taken: in slice->states. The refractory period is that
 * which is left. */
void volley_event_block_show(const volley_event_block *block, int s, double time);

/* Leaves the states, and their times, as create() finds them, and synapses as they are at `time`, up to which all is taken. */
void volley_event_block_leave(const volley_event_block *block, double time);

/* Restores the sums of weights that are kept, if it is time at a step, that of `time`, up to which all is taken. And the first such
 * step from `from` on of the whole network; INT64_MAX: there is none. */
void volley_event_block_normalize(const volley_event_block *block, int64_t step, double time);
int64_t volley_event_next_normalize(const volley_experiment *experiment, int64_t from);

/* After states were shown: those that have been changed since, where a neuron is at `time`, are set. */
void volley_event_block_adopt(volley_event_block *block, double time, int population);

/* Tells on stderr whether all arrivals that were sent to blocks have been taken or are still to come, and no neuron has gone
 * back in time; a fault if not. Collective, agreed status. */
volley_status volley_event_blocks_balance(const volley_event_block *blocks, const volley_network *network);

#endif

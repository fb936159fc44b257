/* The queue of one block in a continuous run. Time is cut into buckets that are no longer than the shortest delay, so that all
 * that will ever be in a bucket is there before its time comes; within a bucket events are sorted neuron by neuron, when it is
 * taken (engine/event_block.c). A ring holds the buckets to come, what lies beyond it waits in a list. docs/event-engine.md has
 * the figures of other queues. */
#ifndef VOLLEY_ENGINE_CALENDAR_H
#define VOLLEY_ENGINE_CALENDAR_H

#include "neuron/neuron.h"

#include <stddef.h>
#include <stdint.h>

/* A spike on its way to some synapses of its source, at all of which it arrives in the same bucket. */
typedef struct volley_sending {
  double time;    /* ms, of the spike */
  uint64_t first; /* synapses first .. first + count - 1 of a table */
  uint32_t count;
  volley_gid source;
} volley_sending;

/* What arrives in a bucket, in the order in which it was sent, and neurons that may have something to do in it. */
typedef struct volley_bucket {
  volley_sending *sendings; /* [n_sendings] */
  uint32_t *wakes;          /* [n_wakes] ids within the block */
  size_t n_sendings, n_wakes, sendings_capacity, wakes_capacity;
} volley_bucket;

typedef struct volley_far_sending {
  int64_t bucket;
  volley_sending sending;
} volley_far_sending;

typedef struct volley_far_wake {
  int64_t bucket;
  uint32_t id;
} volley_far_wake;

typedef struct volley_calendar {
  double width;             /* of a bucket, ms: of few binary digits, so that its multiples are exact */
  int64_t first, end, size; /* the ring holds the buckets first .. end - 1, at most `size` */
  volley_bucket *ring;      /* [size] bucket b is at b % size */
  uint64_t *occupied;       /* [size / 64] bits of the ring */
  volley_bucket *spare;     /* [n_spare] arrays of buckets that were emptied */
  int n_spare, spare_capacity;
  volley_far_sending *far_sendings; /* beyond the ring, in the order in which they were added */
  volley_far_wake *far_wakes;
  size_t n_far_sendings, n_far_wakes, far_sendings_capacity, far_wakes_capacity;
  int64_t far_first; /* bucket of the first of them; INT64_MAX: there are none */
} volley_calendar;

#define VOLLEY_NO_BUCKET INT64_MAX

/* The width of buckets that suits a shortest delay, and other times in ms that they had better not exceed. */
double volley_calendar_width(double longest);

/* Of buckets of this width, with a ring for delays up to the longest. To be freed. */
volley_calendar volley_calendar_create(double width, double longest);
void volley_calendar_free(volley_calendar *calendar);

/* The bucket of a time; the first time that belongs to a bucket, and the last. */
int64_t volley_calendar_bucket(const volley_calendar *calendar, double time);
static inline double volley_calendar_begin(const volley_calendar *calendar, int64_t bucket) {
  return (double)bucket * calendar->width;
}
double volley_calendar_end(const volley_calendar *calendar, int64_t bucket);

/* Adds what belongs to a bucket that has not been removed. */
void volley_calendar_add(volley_calendar *calendar, int64_t bucket, const volley_sending *sending);
void volley_calendar_wake(volley_calendar *calendar, int64_t bucket, uint32_t id);

/* The first bucket from `from` on that holds anything, and VOLLEY_NO_BUCKET. */
int64_t volley_calendar_next(const volley_calendar *calendar, int64_t from);

/* The bucket, to be taken; all before it are empty. Valid until something is added. */
volley_bucket *volley_calendar_open(volley_calendar *calendar, int64_t bucket);

/* What is left of the bucket that is open has been moved to the front of its arrays. */
void volley_calendar_shut(volley_calendar *calendar, int64_t bucket);

/* How many arrivals it holds. */
uint64_t volley_calendar_arrivals(const volley_calendar *calendar);

#endif

#include "engine/calendar.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { WORD = 64, SHORTEST_RING = 4 * WORD, LONGEST_RING = 64 * WORD, DIGITS = 20 };
static const double longest_width = 1e3; /* ms, where there are no delays */
static const char what[] = "the queue of events";

double volley_calendar_width(double longest) {
  int exponent;
  const double digits = frexp(fmin(longest, longest_width), &exponent);
  return ldexp(floor(ldexp(digits, DIGITS)), exponent - DIGITS);
}

volley_calendar volley_calendar_create(double width, double longest) {
  volley_calendar calendar = {.width = width, .size = SHORTEST_RING, .far_first = VOLLEY_NO_BUCKET};
  while (calendar.size < LONGEST_RING && (double)calendar.size * width < longest + 2 * width) calendar.size *= 2;
  calendar.ring = volley_alloc((size_t)calendar.size, sizeof *calendar.ring, what);
  calendar.occupied = volley_alloc((size_t)calendar.size / WORD, sizeof *calendar.occupied, what);
  calendar.end = calendar.size;
  return calendar;
}

static void free_bucket(const volley_bucket *bucket) {
  free(bucket->sendings);
  free(bucket->wakes);
}

void volley_calendar_free(volley_calendar *calendar) {
  for (int64_t b = 0; b < calendar->size; b++) free_bucket(&calendar->ring[b]);
  for (int s = 0; s < calendar->n_spare; s++) free_bucket(&calendar->spare[s]);
  free(calendar->ring);
  free(calendar->occupied);
  free(calendar->spare);
  free(calendar->far_sendings);
  free(calendar->far_wakes);
}

int64_t volley_calendar_bucket(const volley_calendar *calendar, double time) {
  if (!(time < 0x1p62 * calendar->width)) return VOLLEY_NO_BUCKET;
  int64_t bucket = (int64_t)(time / calendar->width); /* may be rounded up */
  if (volley_calendar_begin(calendar, bucket) > time) bucket--;
  return bucket;
}

double volley_calendar_end(const volley_calendar *calendar, int64_t bucket) {
  return nextafter(volley_calendar_begin(calendar, bucket + 1), 0);
}

/* Room for one item more in an array that doubles. */
static void *make_room(void *items, size_t n, size_t *capacity, size_t size) {
  if (n < *capacity) return items;
  const size_t more = *capacity ? 2 * *capacity : 64;
  items = volley_grow(items, more, size, what);
  *capacity = more;
  return items;
}

static volley_bucket *bucket_at(volley_calendar *calendar, int64_t b) {
  const int64_t slot = b & (calendar->size - 1);
  volley_bucket *bucket = &calendar->ring[slot];
  if (bucket->n_sendings + bucket->n_wakes == 0 && bucket->sendings_capacity + bucket->wakes_capacity == 0 &&
      calendar->n_spare > 0)
    *bucket = calendar->spare[--calendar->n_spare];
  calendar->occupied[slot / WORD] |= UINT64_C(1) << slot % WORD;
  return bucket;
}

static void add_near(volley_calendar *calendar, int64_t b, const volley_sending *sending) {
  volley_bucket *bucket = bucket_at(calendar, b);
  bucket->sendings =
      make_room(bucket->sendings, bucket->n_sendings, &bucket->sendings_capacity, sizeof *bucket->sendings);
  bucket->sendings[bucket->n_sendings++] = *sending;
}

static void wake_near(volley_calendar *calendar, int64_t b, uint32_t id) {
  volley_bucket *bucket = bucket_at(calendar, b);
  bucket->wakes = make_room(bucket->wakes, bucket->n_wakes, &bucket->wakes_capacity, sizeof *bucket->wakes);
  bucket->wakes[bucket->n_wakes++] = id;
}

void volley_calendar_add(volley_calendar *calendar, int64_t bucket, const volley_sending *sending) {
  if (bucket < calendar->end) {
    add_near(calendar, bucket, sending);
    return;
  }
  calendar->far_sendings = make_room(calendar->far_sendings, calendar->n_far_sendings, &calendar->far_sendings_capacity,
                                     sizeof *calendar->far_sendings);
  calendar->far_sendings[calendar->n_far_sendings++] = (volley_far_sending){bucket, *sending};
  if (bucket < calendar->far_first) calendar->far_first = bucket;
}

void volley_calendar_wake(volley_calendar *calendar, int64_t bucket, uint32_t id) {
  if (bucket < calendar->end) {
    wake_near(calendar, bucket, id);
    return;
  }
  calendar->far_wakes =
      make_room(calendar->far_wakes, calendar->n_far_wakes, &calendar->far_wakes_capacity, sizeof *calendar->far_wakes);
  calendar->far_wakes[calendar->n_far_wakes++] = (volley_far_wake){bucket, id};
  if (bucket < calendar->far_first) calendar->far_first = bucket;
}

int64_t volley_calendar_next(const volley_calendar *calendar, int64_t from) {
  const int64_t end = calendar->end;
  for (int64_t b = from < calendar->first ? calendar->first : from; b < end;) {
    const int64_t slot = b & (calendar->size - 1);
    const uint64_t word = calendar->occupied[slot / WORD] >> slot % WORD;
    if (word) {
      const int64_t found = b + __builtin_ctzll(word);
      return found < end ? found : calendar->far_first;
    }
    b += WORD - slot % WORD;
  }
  return calendar->far_first;
}

/* Lets the ring hold as much as it can: moves what has come within it from the lists. */
static void bring_near(volley_calendar *calendar) {
  const int64_t end = calendar->end = calendar->first + calendar->size;
  size_t kept = 0;
  calendar->far_first = VOLLEY_NO_BUCKET;
  for (size_t i = 0; i < calendar->n_far_sendings; i++) {
    const volley_far_sending far = calendar->far_sendings[i];
    if (far.bucket < end) {
      add_near(calendar, far.bucket, &far.sending);
      continue;
    }
    calendar->far_sendings[kept++] = far;
    if (far.bucket < calendar->far_first) calendar->far_first = far.bucket;
  }
  calendar->n_far_sendings = kept;
  kept = 0;
  for (size_t i = 0; i < calendar->n_far_wakes; i++) {
    const volley_far_wake wake = calendar->far_wakes[i];
    if (wake.bucket < end) {
      wake_near(calendar, wake.bucket, wake.id);
      continue;
    }
    calendar->far_wakes[kept++] = wake;
    if (wake.bucket < calendar->far_first) calendar->far_first = wake.bucket;
  }
  calendar->n_far_wakes = kept;
}

volley_bucket *volley_calendar_open(volley_calendar *calendar, int64_t bucket) {
  calendar->first = bucket;
  if (calendar->end < bucket + calendar->size / 2) bring_near(calendar);
  return &calendar->ring[bucket & (calendar->size - 1)];
}

void volley_calendar_shut(volley_calendar *calendar, int64_t b) {
  const int64_t slot = b & (calendar->size - 1);
  volley_bucket *bucket = &calendar->ring[slot];
  if (bucket->n_sendings + bucket->n_wakes > 0) return;
  calendar->occupied[slot / WORD] &= ~(UINT64_C(1) << slot % WORD);
  if (bucket->sendings_capacity + bucket->wakes_capacity == 0) return;
  if (calendar->n_spare == calendar->spare_capacity) {
    const __typeof__(calendar->spare_capacity) more = calendar->spare_capacity ? 2 * calendar->spare_capacity : 8;
    calendar->spare = volley_grow(calendar->spare, (size_t)more, sizeof *calendar->spare, what);
    calendar->spare_capacity = more;
  }
  calendar->spare[calendar->n_spare++] = *bucket;
  *bucket = (volley_bucket){0};
}

static uint64_t count_of(const volley_bucket *bucket) {
  uint64_t n = 0;
  for (size_t s = 0; s < bucket->n_sendings; s++) n += bucket->sendings[s].count;
  return n;
}

uint64_t volley_calendar_arrivals(const volley_calendar *calendar) {
  uint64_t n = 0;
  for (size_t f = 0; f < calendar->n_far_sendings; f++) n += calendar->far_sendings[f].sending.count;
  for (int64_t b = 0; b < calendar->size; b++) n += count_of(&calendar->ring[b]);
  return n;
}

#include "engine/event_arrivals.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { FEW = 12, AHEAD = 4, LINES = 4, CACHE_LINE = 64 };
static const char what[] = "the neurons of a block";

/* Sends a spike along the synapses of a row that it reaches after a time: a part of them for each bucket. */
static void send_row(volley_event_block *b, const volley_timed_spike *spike, uint32_t row, double after) {
  const volley_event_table *table = &b->block->events;
  const uint64_t end = table->firsts[row + 1];
  uint64_t s = table->firsts[row], next;
  if (after >= 0) s = volley_event_table_reach(table, s, end, spike->time, nextafter(after, INFINITY));
  for (; s < end; s = next) {
    const int64_t bucket = volley_calendar_bucket(&b->calendar, spike->time + volley_event_synapse_at(table, s).delay);
    const double later = volley_calendar_begin(&b->calendar, bucket + 1);
    next = volley_event_table_reach(table, s, end, spike->time, later);
    volley_calendar_add(&b->calendar, bucket, &(volley_sending){spike->time, s, (uint32_t)(next - s), spike->gid});
    b->sent += next - s;
  }
}

void volley_event_block_send(volley_event_block *b, const volley_timed_spike *spikes, size_t n, double after) {
  const volley_event_table *table = &b->block->events;
  for (size_t k = 0; k < n; k++) {
    const uint32_t row = volley_source_row(&table->sources, spikes[k].gid);
    if (row == VOLLEY_NO_ROW) continue;
    send_row(b, &spikes[k], row, after);
    b->begun += table->firsts[row + 1] - table->firsts[row];
  }
}

/* Whether an arrival comes after another; of one source at one time those that were added later do. */
static bool comes_after(const volley_arrival *a, const volley_arrival *b) {
  return a->time > b->time || (a->time == b->time && a->source > b->source);
}

/* Few by insertion, many by merging. */
void volley_arrivals_sort(volley_arrival *arrivals, size_t n, volley_arrival *scratch) {
  if (n <= FEW) {
    for (size_t i = 1; i < n; i++) {
      const volley_arrival moved = arrivals[i];
      size_t j = i;
      for (; j > 0 && comes_after(&arrivals[j - 1], &moved); j--) arrivals[j] = arrivals[j - 1];
      arrivals[j] = moved;
    }
    return;
  }
  const size_t half = n / 2;
  volley_arrivals_sort(arrivals, half, scratch);
  volley_arrivals_sort(arrivals + half, n - half, scratch);
  if (!comes_after(&arrivals[half - 1], &arrivals[half])) return;
  memcpy(scratch, arrivals, half * sizeof *scratch);
  for (size_t i = 0, j = half, k = 0; i < half; k++)
    arrivals[k] = j < n && comes_after(&scratch[i], &arrivals[j]) ? arrivals[j++] : scratch[i++];
}

void volley_event_block_touch(volley_event_block *b, uint32_t id, uint32_t head, size_t *n) {
  if (*n == b->touched_capacity) {
    b->touched_capacity = 2 * *n + 64;
    b->touched = volley_grow(b->touched, b->touched_capacity, sizeof *b->touched, what);
  }
  b->touched[(*n)++] = id;
  b->heads[id] = head;
}

/* How many arrivals of a sending come up to the limit. */
static uint32_t count_part(const volley_event_block *b, const volley_sending *sending, double limit, bool ends) {
  if (ends) return sending->count;
  const uint64_t end = sending->first + sending->count;
  const double bound = nextafter(limit, INFINITY);
  return (uint32_t)(volley_event_table_reach(&b->block->events, sending->first, end, sending->time, bound) -
                    sending->first);
}

/* Asks for the first synapses of a sending that will soon be looked at. */
static void ask_for(const volley_event_block *b, const volley_bucket *bucket, size_t s) {
  if (s >= bucket->n_sendings) return;
  const volley_event_table *table = &b->block->events;
  const unsigned char *first = table->pool + bucket->sendings[s].first * table->size;
  const size_t bytes = bucket->sendings[s].count * table->size;
  for (size_t at = 0; at < bytes && at < LINES * CACHE_LINE; at += CACHE_LINE) __builtin_prefetch(first + at);
}

static void make_room(volley_event_block *b, const volley_bucket *bucket) {
  size_t n = 0;
  for (size_t s = 0; s < bucket->n_sendings; s++) n += bucket->sendings[s].count;
  if (n <= b->sorted_capacity) return;
  b->sorted_capacity = 2 * n;
  b->sorted = volley_grow(b->sorted, 2 * b->sorted_capacity, sizeof *b->sorted, what);
}

/* Counts the arrivals of each neuron, in heads. Returns the number of neurons. */
static size_t count_arrivals(volley_event_block *b, const volley_bucket *bucket, double limit, bool ends) {
  const volley_event_table *table = &b->block->events;
  size_t n = 0;
  for (size_t s = 0; s < bucket->n_sendings; s++) {
    const volley_sending *sending = &bucket->sendings[s];
    const uint64_t end = sending->first + count_part(b, sending, limit, ends);
    ask_for(b, bucket, s + AHEAD);
    for (uint64_t k = sending->first; k < end; k++) {
      const uint32_t id = b->targets[volley_event_synapse_target(table, k)];
      if (b->heads[id] == VOLLEY_IDLE) volley_event_block_touch(b, id, 0, &n);
      b->heads[id]++;
    }
  }
  return n;
}

static void place_arrivals(volley_event_block *b, const volley_sending *sending, uint32_t count) {
  const volley_event_table *table = &b->block->events;
  for (uint64_t k = sending->first; k < sending->first + count; k++) {
    const volley_event_synapse synapse = volley_event_synapse_at(table, k);
    b->sorted[b->heads[b->targets[synapse.target]]++] = (volley_arrival){.time = sending->time + synapse.delay,
                                                                         .weight = synapse.weight,
                                                                         .source = sending->source,
                                                                         .receptor = synapse.receptor};
  }
}

size_t volley_event_block_lay_out(volley_event_block *b, volley_bucket *bucket, double limit, bool ends) {
  uint32_t end = 0;
  size_t kept = 0;
  make_room(b, bucket);
  const size_t n = count_arrivals(b, bucket, limit, ends);
  for (size_t t = 0; t < n; t++) {
    const uint32_t count = b->heads[b->touched[t]];
    b->heads[b->touched[t]] = end;
    end += count;
  }
  for (size_t s = 0; s < bucket->n_sendings; s++) {
    volley_sending *sending = &bucket->sendings[s];
    const uint32_t count = count_part(b, sending, limit, ends);
    place_arrivals(b, sending, count);
    sending->first += count;
    sending->count -= count;
    if (sending->count > 0) bucket->sendings[kept++] = *sending;
  }
  bucket->n_sendings = kept;
  b->n_sorted = end;
  return n;
}

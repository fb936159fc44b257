#include "engine/event_arrivals.h"

#include "base/memory.h"
#include "neuron/kernel.h"

#include <math.h>
#include <string.h>

/* A sending to a group of plastic table k has k + 1 above its number. */
enum { TABLE = 48, FEW = 12, AHEAD = 4, LINES = 4, CACHE_LINE = 64 };
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

/* The same for the groups of plastic table k. */
static void send_groups(volley_event_block *b, const volley_timed_spike *spike, int k, double after) {
  const volley_plastic_table *plastic = &b->block->plastic[k];
  const uint32_t row = volley_source_row(&plastic->sources, spike->gid);
  for (uint32_t g = row == VOLLEY_NO_ROW ? 0 : plastic->firsts[row];
       row != VOLLEY_NO_ROW && g < plastic->firsts[row + 1]; g++) {
    const uint32_t count = plastic->groups[g].count;
    const double time = spike->time + plastic->delays[g];
    b->begun += count;
    if (!(time > after)) continue;
    b->sent += count;
    volley_calendar_add(&b->calendar, volley_calendar_bucket(&b->calendar, time),
                        &(volley_sending){spike->time, (uint64_t)(k + 1) << TABLE | g, count, spike->gid});
  }
}

void volley_event_block_send(volley_event_block *b, const volley_timed_spike *spikes, size_t n, double after) {
  const volley_event_table *table = &b->block->events;
  for (size_t s = 0; s < n; s++) {
    const uint32_t row = volley_source_row(&table->sources, spikes[s].gid);
    if (row != VOLLEY_NO_ROW) {
      send_row(b, &spikes[s], row, after);
      b->begun += table->firsts[row + 1] - table->firsts[row];
    }
    for (int k = 0; k < b->block->n_plastic; k++) send_groups(b, &spikes[s], k, after);
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
    b->touched = volley_grow(b->touched, 2 * *n + 64, sizeof *b->touched, what);
    b->touched_capacity = 2 * *n + 64;
  }
  b->touched[(*n)++] = (volley_touched){id, head};
  b->heads[id] = head;
}

/* The plastic table of a sending; NULL: it goes to static synapses. */
static volley_plastic_table *plastic_of(const volley_event_block *b, const volley_sending *sending) {
  return sending->first >> TABLE ? &b->block->plastic[(sending->first >> TABLE) - 1] : NULL;
}

/* How many arrivals of a sending come up to the limit. */
static uint32_t count_part(const volley_event_block *b, const volley_sending *sending, double limit, bool ends) {
  const volley_plastic_table *plastic = plastic_of(b, sending);
  if (ends) return sending->count;
  if (plastic) return sending->time + plastic->delays[(uint32_t)sending->first] <= limit ? sending->count : 0;
  const uint64_t end = sending->first + sending->count;
  const double bound = nextafter(limit, INFINITY);
  return (uint32_t)(volley_event_table_reach(&b->block->events, sending->first, end, sending->time, bound) -
                    sending->first);
}

/* Asks for the first synapses of a sending that will soon be looked at; inlined as in event_block.c. */
VOLLEY_INLINE void ask_for(const volley_event_block *b, const volley_bucket *bucket, size_t s) {
  if (s >= bucket->n_sendings || plastic_of(b, &bucket->sendings[s])) return;
  const volley_event_table *table = &b->block->events;
  const unsigned char *first = table->pool + bucket->sendings[s].first * table->size;
  const size_t bytes = bucket->sendings[s].count * table->size;
  for (size_t at = 0; at < bytes && at < LINES * CACHE_LINE; at += CACHE_LINE) __builtin_prefetch(first + at);
}

static void make_room(volley_event_block *b, const volley_bucket *bucket) {
  size_t n = 0;
  for (size_t s = 0; s < bucket->n_sendings; s++) n += bucket->sendings[s].count;
  if (n <= b->sorted_capacity) return;
  b->sorted = volley_grow(b->sorted, 4 * n, sizeof *b->sorted, what);
  b->sorted_capacity = 2 * n;
}

static void count_arrival(volley_event_block *b, uint32_t id, size_t *n) {
  if (b->heads[id] == VOLLEY_IDLE) volley_event_block_touch(b, id, 0, n);
  b->heads[id]++;
}

/* Counts the arrivals of each neuron, in heads. Returns the number of neurons. */
static size_t count_arrivals(volley_event_block *b, const volley_bucket *bucket, double limit, bool ends) {
  const volley_event_table *table = &b->block->events;
  size_t n = 0;
  for (size_t s = 0; s < bucket->n_sendings; s++) {
    const volley_sending *sending = &bucket->sendings[s];
    const volley_plastic_table *plastic = plastic_of(b, sending);
    const uint32_t count = count_part(b, sending, limit, ends);
    ask_for(b, bucket, s + AHEAD);
    if (plastic) {
      const uint16_t *ids = plastic->ids + plastic->groups[(uint32_t)sending->first].first;
      for (uint32_t k = 0; k < count; k++) count_arrival(b, plastic->first_id + ids[k], &n);
    } else {
      for (uint64_t k = sending->first; k < sending->first + count; k++)
        count_arrival(b, b->targets[volley_event_synapse_target(table, k)], &n);
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

static void place_visit(volley_event_block *b, volley_plastic_table *plastic, const volley_sending *sending) {
  const uint32_t g = (uint32_t)sending->first;
  const volley_plastic_group *group = &plastic->groups[g];
  if (b->n_visits == b->visits_capacity) {
    b->visits = volley_grow(b->visits, 2 * b->n_visits + 64, sizeof *b->visits, what);
    b->visits_capacity = 2 * b->n_visits + 64;
  }
  b->visits[b->n_visits] = volley_plastic_visit_begin(plastic, g, sending->time);
  for (uint32_t k = 0; k < group->count; k++)
    b->sorted[b->heads[plastic->first_id + plastic->ids[group->first + k]]++] =
        (volley_arrival){.time = sending->time + plastic->delays[g],
                         .visit = (uint32_t)b->n_visits,
                         .synapse = k,
                         .source = sending->source,
                         .receptor = group->receptor,
                         .is_plastic = true};
  b->n_visits++;
}

size_t volley_event_block_lay_out(volley_event_block *b, volley_bucket *bucket, double limit, bool ends) {
  uint32_t end = 0;
  size_t kept = 0;
  b->n_visits = 0;
  make_room(b, bucket);
  const size_t n = count_arrivals(b, bucket, limit, ends);
  for (size_t t = 0; t < n; t++) {
    const uint32_t id = b->touched[t].id, count = b->heads[id];
    b->heads[id] = end;
    b->touched[t].end = end += count;
  }
  for (size_t s = 0; s < bucket->n_sendings; s++) {
    volley_sending *sending = &bucket->sendings[s];
    const uint32_t count = count_part(b, sending, limit, ends);
    volley_plastic_table *plastic = plastic_of(b, sending);
    if (!plastic) {
      place_arrivals(b, sending, count);
      sending->first += count;
    } else if (count > 0) {
      place_visit(b, plastic, sending);
    }
    sending->count -= count;
    if (sending->count > 0) bucket->sendings[kept++] = *sending;
  }
  bucket->n_sendings = kept;
  b->n_sorted = end;
  return n;
}

#include "engine/event_block.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 24 };
#define IDLE VOLLEY_IDLE        /* of heads: not touched */
#define ALONE (VOLLEY_IDLE - 1) /* touched without an arrival; ends links */
static const char what[] = "the neurons of a block";

/* A neuron that is being looked at. */
typedef struct neuron {
  volley_event_block *block;
  const volley_event_slice *slice;
  uint32_t i; /* within the slice */
  volley_cell *cell;
  const double *c;
} neuron;

static neuron look_at(volley_event_block *b, uint32_t id) {
  const volley_event_slice *slice = &b->slices[b->slice_of[id / VOLLEY_NEIGHBOURS]];
  const uint32_t i = id - slice->slice->offset;
  return (neuron){b, slice, i, volley_cell_of(b, id), volley_cell_coefficients(slice, i)};
}

/* The neuron's cursor that comes next, the first of several at one time; NULL: there is none. */
static volley_cursor *next_cursor(const neuron *n) {
  volley_cursor *found = NULL;
  if (!n->slice->firsts) return NULL;
  for (uint32_t k = n->slice->firsts[n->i]; k < n->slice->firsts[n->i + 1]; k++) {
    volley_cursor *cursor = &n->slice->cursors[k];
    if (cursor->time < (found ? found->time : INFINITY)) found = cursor;
  }
  return found;
}

static void fire(const neuron *n) {
  volley_timed_list *fired = &n->block->fired;
  const double period = n->slice->model->fire(n->c, n->cell->y);
  n->cell->until = period > 0 ? n->cell->time + period : -1;
  volley_timed_list_reserve(fired, fired->n + 1);
  fired->spikes[fired->n++] = (volley_timed_spike){n->cell->time, n->slice->slice->gids[n->i]};
}

static void move_to(const neuron *n, double time) {
  volley_cell *cell = n->cell;
  if (time > cell->time) n->slice->model->advance(n->c, cell->y, time - cell->time, cell->current, cell->until >= 0);
  cell->time = time;
}

/* What the neuron does by itself up to `bound`: ends its refractory period if that is over before, fires where it reaches its
 * threshold. Notes when that will next be. */
static void settle(const neuron *n, double bound) {
  const volley_neuron_events *model = n->slice->model;
  volley_cell *cell = n->cell;
  for (;;) {
    cell->wake = cell->until;
    if (cell->until >= bound) return;
    if (cell->until >= 0) {
      move_to(n, cell->until);
      cell->until = -1;
      if (model->release) model->release(n->c, cell->y);
    }
    cell->wake = model->next ? cell->time + model->next(n->c, cell->y, cell->current, bound - cell->time) : INFINITY;
    if (!(cell->wake <= bound)) return;
    move_to(n, cell->wake);
    fire(n);
  }
}

static void arrive(const neuron *n, int receptor, double weight) {
  volley_cell *cell = n->cell;
  const double left = cell->until >= 0 ? cell->until - cell->time : -1;
  if (n->slice->model->arrive(n->c, cell->y, receptor, weight, left)) fire(n);
}

static double sum_currents(const neuron *n) {
  double sum = n->slice->background;
  for (uint32_t k = n->slice->firsts[n->i]; k < n->slice->firsts[n->i + 1]; k++) {
    const volley_cursor *cursor = &n->slice->cursors[k];
    if (n->slice->inputs[cursor->number].kind->is_current) sum += cursor->now;
  }
  return sum;
}

static void take_stimulus(const neuron *n, volley_cursor *cursor) {
  const volley_input *input = &n->slice->inputs[cursor->number];
  const double value = cursor->value;
  if (input->kind->is_current) {
    cursor->now = value;
    n->cell->current = sum_currents(n);
  } else {
    arrive(n, input->receptor, value);
  }
  input->kind->events->next(input->generator, n->slice->slice->gids[n->i], cursor);
}

void volley_event_block_alarm(volley_event_block *b, uint32_t id, int64_t least) {
  volley_cell *cell = volley_cell_of(b, id);
  if (cell->wake == INFINITY) return;
  int64_t bucket = volley_calendar_bucket(&b->calendar, cell->wake);
  if (bucket < least) bucket = least;
  if (cell->bucket <= bucket) return;
  cell->bucket = bucket;
  volley_calendar_wake(&b->calendar, bucket, id);
}

/* Takes a neuron through its arrivals, [count] by time, and all else up to the limit. What comes at one time is added up
 * before the threshold is looked at. */
static void visit(volley_event_block *b, uint32_t id, const volley_arrival *arrivals, const uint32_t *order,
                  size_t count, double limit) {
  const neuron n = look_at(b, id);
  volley_cursor *cursor = next_cursor(&n);
  for (size_t k = 0;;) {
    const double arrival = k < count ? arrivals[order[k]].time : INFINITY, stimulus = cursor ? cursor->time : INFINITY;
    const double time = arrival <= stimulus ? arrival : stimulus;
    settle(&n, time < limit ? time : limit);
    if (time > limit) break;
    move_to(&n, time);
    for (; k < count && arrivals[order[k]].time == time; k++)
      arrive(&n, (int)(arrivals[order[k]].place % VOLLEY_MAX_RECEPTORS), arrivals[order[k]].weight);
    for (; cursor && cursor->time == time; cursor = next_cursor(&n)) take_stimulus(&n, cursor);
  }
  if (cursor && cursor->time < n.cell->wake) n.cell->wake = cursor->time;
  b->events += count;
}

/* Whether an arrival comes after another; of one source at one time those that were added later do. */
static int comes_after(const volley_arrival *a, const volley_arrival *b) {
  if (a->time != b->time) return a->time > b->time;
  return a->source > b->source;
}

/* Sorts n numbers of arrivals, stably: few by insertion, many by merging. */
static void sort(const volley_arrival *arrivals, uint32_t *order, size_t n, uint32_t *scratch) {
  if (n <= FEW) {
    for (size_t i = 1; i < n; i++) {
      const uint32_t moved = order[i];
      size_t j = i;
      for (; j > 0 && comes_after(&arrivals[order[j - 1]], &arrivals[moved]); j--) order[j] = order[j - 1];
      order[j] = moved;
    }
    return;
  }
  const size_t half = n / 2;
  sort(arrivals, order, half, scratch);
  sort(arrivals, order + half, n - half, scratch);
  memcpy(scratch, order, half * sizeof *order);
  for (size_t i = 0, j = half, k = 0; i < half; k++)
    order[k] = j < n && comes_after(&arrivals[scratch[i]], &arrivals[order[j]]) ? order[j++] : scratch[i++];
}

static void reserve(uint32_t **items, size_t *capacity, size_t n) {
  if (n <= *capacity) return;
  *capacity = 2 * n;
  *items = volley_grow(*items, *capacity, sizeof **items, what);
}

static void touch(volley_event_block *b, uint32_t id, uint32_t head, size_t *n) {
  if (b->heads[id] == IDLE) {
    reserve(&b->touched, &b->touched_capacity, *n + 1);
    b->touched[(*n)++] = id;
  }
  b->heads[id] = head;
}

/* Links the arrivals of each neuron, the first first. Returns how many neurons are touched. */
static size_t link_arrivals(volley_event_block *b, const volley_bucket *bucket, double limit) {
  size_t n = 0;
  reserve(&b->links, &b->links_capacity, bucket->n_arrivals);
  for (size_t a = bucket->n_arrivals; a-- > 0;) {
    const volley_arrival *arrival = &bucket->arrivals[a];
    if (arrival->time > limit) continue;
    const uint32_t id = arrival->place >> VOLLEY_RECEPTOR_BITS, head = b->heads[id];
    b->links[a] = head == IDLE ? ALONE : head;
    touch(b, id, (uint32_t)a, &n);
  }
  return n;
}

/* Touches the neurons that wake now. */
static size_t wake(volley_event_block *b, volley_bucket *bucket, int64_t number, double limit, size_t n) {
  size_t kept = 0;
  const size_t count = bucket->n_wakes;
  for (size_t w = 0; w < count; w++) {
    const uint32_t id = bucket->wakes[w];
    const volley_cell *cell = volley_cell_of(b, id);
    if (cell->bucket != number) continue; /* an alarm was set for an earlier one since */
    if (cell->wake > limit && volley_calendar_bucket(&b->calendar, cell->wake) == number)
      bucket->wakes[kept++] = id;
    else if (b->heads[id] == IDLE)
      touch(b, id, ALONE, &n);
  }
  bucket->n_wakes = kept;
  return n;
}

void volley_event_block_take(volley_event_block *b, int64_t number, double limit) {
  volley_bucket *bucket = volley_calendar_open(&b->calendar, number);
  const bool ends = limit >= volley_calendar_end(&b->calendar, number);
  size_t n = link_arrivals(b, bucket, limit), kept = 0;
  n = wake(b, bucket, number, limit, n);
  for (size_t t = 0; t < n; t++) {
    const uint32_t id = b->touched[t];
    volley_cell *cell = volley_cell_of(b, id);
    size_t count = 0;
    for (uint32_t a = b->heads[id]; a != ALONE; a = b->links[a]) {
      if (count + 1 > b->order_capacity / 2) reserve(&b->order, &b->order_capacity, 2 * (count + 1));
      b->order[count++] = a;
    }
    b->heads[id] = IDLE;
    sort(bucket->arrivals, b->order, count, b->order + count);
    visit(b, id, bucket->arrivals, b->order, count, limit);
    if (cell->bucket == number) cell->bucket = VOLLEY_NO_BUCKET;
    volley_event_block_alarm(b, id, ends ? number + 1 : number);
  }
  for (size_t a = 0; a < bucket->n_arrivals; a++)
    if (bucket->arrivals[a].time > limit) bucket->arrivals[kept++] = bucket->arrivals[a];
  bucket->n_arrivals = kept;
  volley_calendar_shut(&b->calendar, number);
}

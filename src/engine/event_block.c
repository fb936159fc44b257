#include "engine/event_arrivals.h"

#include "base/status.h"
#include "neuron/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

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
  const uint32_t id = n->slice->slice->offset + n->i;
  for (int k = 0; k < n->block->block->n_plastic; k++) {
    volley_plastic_table *plastic = &n->block->block->plastic[k];
    if (plastic->model->keeps_past && id - plastic->first_id < plastic->n_targets)
      volley_plastic_note_time(plastic, id - plastic->first_id, n->cell->time);
  }
}

static void move_to(const neuron *n, double time) {
  volley_cell *cell = n->cell;
  n->block->backwards += time < cell->time;
  if (time > cell->time) n->slice->model->advance(n->c, cell->y, time - cell->time, cell->current, cell->until >= 0);
  cell->time = time;
}

/* What the neuron does by itself up to `bound`: ends its refractory period if that is over before, fires where it reaches its
 * threshold. Notes when that will next be. */
static void settle(const neuron *n, double bound) {
  enum { MOST_SPIKES = 1000000 };
  const volley_neuron_events *model = n->slice->model;
  volley_cell *cell = n->cell;
  for (int spikes = 1;; spikes++) {
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
    if (spikes < MOST_SPIKES) continue;
    volley_fault(VOLLEY_FAILURE, NULL,
                 "neuron %llu fires a million times by itself up to %.17g ms: its current is too strong",
                 (unsigned long long)n->slice->slice->gids[n->i], cell->time);
    cell->wake = INFINITY;
    return;
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
  int64_t bucket = volley_calendar_bucket(&b->calendar, cell->wake);
  if (bucket == VOLLEY_NO_BUCKET) return;
  if (bucket < least) bucket = least;
  if (cell->bucket <= bucket) return;
  volley_calendar_wake(&b->calendar, bucket, id);
  cell->bucket = bucket;
}

static double weight_of(const volley_event_block *b, const volley_arrival *arrival) {
  return arrival->is_plastic ? volley_plastic_visit_take(&b->visits[arrival->visit], arrival->synapse)
                             : arrival->weight;
}

/* Takes a neuron through its arrivals, [count] by time, and all else up to the limit. What comes at one time is added up
 * before the threshold is looked at. Its cursors lie elsewhere: they are looked at when the cell says that they may be due. */
static void visit(volley_event_block *b, uint32_t id, const volley_arrival *arrivals, size_t count, double limit) {
  const neuron n = look_at(b, id);
  const volley_arrival *next = arrivals, *end = arrivals + count;
  volley_cursor *cursor = NULL;
  bool looks = false;
  double stimulus = n.cell->wake; /* no stimulus comes before */
  for (;;) {
    const double arrival = next < end ? next->time : INFINITY;
    if (!looks && stimulus <= arrival && stimulus <= limit) {
      looks = true;
      cursor = next_cursor(&n);
    }
    if (looks) stimulus = cursor ? cursor->time : INFINITY;
    const double time = arrival <= stimulus ? arrival : stimulus;
    if (!(time < n.cell->wake)) settle(&n, time < limit ? time : limit);
    if (time > limit) break;
    move_to(&n, time);
    n.cell->wake = time; /* what arrives may make it fire at once */
    for (; next < end && next->time == time; next++) arrive(&n, next->receptor, weight_of(b, next));
    for (; cursor && cursor->time == time; cursor = next_cursor(&n)) take_stimulus(&n, cursor);
  }
  if (stimulus < n.cell->wake) n.cell->wake = stimulus;
  b->taken += count;
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
    else if (b->heads[id] == VOLLEY_IDLE)
      volley_event_block_touch(b, id, b->n_sorted, &n);
  }
  bucket->n_wakes = kept;
  return n;
}

/* Asks for the cell of a neuron that will soon be looked at. Inlined: gcc drops calls of what does nothing but ask. */
VOLLEY_INLINE void ask_for(const volley_event_block *b, size_t t, size_t n) {
  if (t >= n) return;
  const unsigned char *cell = b->cells + b->touched[t].id * b->cell_bytes;
  for (size_t line = 0; line < b->cell_bytes; line += CACHE_LINE) __builtin_prefetch(cell + line, 1);
}

void volley_event_block_take(volley_event_block *b, int64_t number, double limit) {
  enum { AHEAD = 16 };
  volley_bucket *bucket = volley_calendar_open(&b->calendar, number);
  const bool ends = limit >= volley_calendar_end(&b->calendar, number);
  uint32_t begin = 0;
  size_t n = volley_event_block_lay_out(b, bucket, limit, ends);
  n = wake(b, bucket, number, limit, n);
  for (size_t t = 0; t < AHEAD; t++) ask_for(b, t, n);
  for (size_t t = 0; t < n; t++) {
    const uint32_t id = b->touched[t].id, end = b->touched[t].end;
    volley_cell *cell = volley_cell_of(b, id);
    ask_for(b, t + AHEAD, n);
    b->heads[id] = VOLLEY_IDLE;
    volley_arrivals_sort(b->sorted + begin, end - begin, b->sorted + b->sorted_capacity);
    visit(b, id, b->sorted + begin, end - begin, limit);
    if (cell->bucket == number) cell->bucket = VOLLEY_NO_BUCKET;
    volley_event_block_alarm(b, id, ends ? number + 1 : number);
    begin = end;
  }
  volley_calendar_shut(&b->calendar, number);
  for (int k = 0; k < b->block->n_plastic; k++) volley_plastic_sweep_sometimes(&b->block->plastic[k], limit);
}

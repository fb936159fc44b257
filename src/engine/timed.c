#include "engine/timed.h"

#include "base/memory.h"
#include "base/signals.h"
#include "engine/choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A spike as it travels: its time and gid. Without one: a bucket in place of the time. */
enum { WORDS = sizeof(double) / sizeof(volley_gid) + 1 };

void volley_timed_list_reserve(volley_timed_list *list, size_t n) {
  if (n <= list->capacity) return;
  list->spikes = volley_grow(list->spikes, 2 * n, sizeof *list->spikes, "the spikes of a window");
  list->capacity = 2 * n; /* only now: where memory lacks the list is used once more */
}

void volley_timed_list_add(volley_timed_list *list, const volley_timed_spike *spikes, size_t n) {
  volley_timed_list_reserve(list, list->n + n);
  if (n > 0) memcpy(list->spikes + list->n, spikes, n * sizeof *spikes);
  list->n += n;
}

void volley_timed_list_forget(volley_timed_list *list, double taken, double longest) {
  size_t kept = 0;
  for (size_t k = 0; k < list->n; k++)
    if (list->spikes[k].time + longest >= taken) list->spikes[kept++] = list->spikes[k];
  list->n = kept;
}

/* Spikes that become part of a state. */
typedef struct writing {
  const volley_timed_list *list;
  volley_run_state *state;
} writing;

static void write_state(void *context) {
  const writing *w = context;
  volley_run_state *state = w->state;
  volley_run_state_allocate(state);
  for (uint64_t k = 0; k < state->n_gids; k++) {
    state->times[k] = w->list->spikes[k].time;
    state->gids[k] = w->list->spikes[k].gid;
  }
  if (state->n_recent > 0) state->recent_counts[0] = state->n_gids;
}

void volley_timed_list_write(const volley_timed_list *recent, volley_run_state *state) {
  state->n_recent = state->step > 0;
  state->n_times = state->n_gids = state->step > 0 ? recent->n : 0;
  if (volley_memory_try(write_state, &(writing){recent, state}) == VOLLEY_OK) return;
  free(state->counts), free(state->recent_counts), free(state->times), free(state->gids);
  state->n_recent = 0, state->n_times = state->n_gids = 0;
  volley_run_state_allocate(state);
}

volley_exchange volley_timed_exchange_choose(const volley_engine_setup *setup, double usual) {
  return volley_exchange_choose_plain(setup, WORDS * (usual + 1));
}

static void send(const volley_exchange *exchange, const void *value, volley_gid gid) {
  volley_gid words[WORDS];
  memcpy(words, value, sizeof(double));
  words[WORDS - 1] = gid;
  exchange->kind->add(exchange->state, words, WORDS);
}

/* Spikes that go. */
typedef struct sending {
  const volley_exchange *exchange;
  const volley_timed_list *own;
} sending;

static void send_all(void *context) {
  const sending *s = context;
  for (size_t k = 0; k < s->own->n; k++) send(s->exchange, &s->own->spikes[k].time, s->own->spikes[k].gid);
}

static int compare(const void *a, const void *b) {
  const volley_timed_spike *x = a, *y = b;
  if (x->time != y->time) return x->time < y->time ? -1 : 1;
  return (x->gid > y->gid) - (x->gid < y->gid);
}

static void sort(volley_timed_list *list) {
  if (list->n > 1) qsort(list->spikes, list->n, sizeof *list->spikes, compare);
}

static volley_timed_spike spike_at(const volley_gid *words) {
  volley_timed_spike spike = {.gid = words[WORDS - 1]};
  memcpy(&spike.time, words, sizeof spike.time);
  return spike;
}

/* What came with the spikes, and when the first of these was. Returns how many they are. */
static size_t read_messages(const volley_exchanged *got, volley_timed_message *message) {
  size_t n = 0;
  message->first = INFINITY;
  for (int s = 0; s < got->n_steps; s++) {
    for (size_t w = 0; w < got->steps[s].n; w += WORDS) {
      const volley_timed_spike spike = spike_at(got->steps[s].gids + w);
      int64_t bucket;
      memcpy(&bucket, &spike.time, sizeof bucket);
      n += spike.gid != VOLLEY_NO_GID;
      if (spike.gid != VOLLEY_NO_GID)
        message->first = fmin(message->first, spike.time);
      else if (bucket < message->next)
        message->next = bucket;
    }
  }
  return n;
}

/* Spikes that came. */
typedef struct receiving {
  const volley_exchanged *got;
  volley_timed_list *known;
  size_t n;
} receiving;

static void receive(void *context) {
  const receiving *r = context;
  volley_timed_list *known = r->known;
  known->n = 0;
  volley_timed_list_reserve(known, r->n);
  for (int s = 0; s < r->got->n_steps; s++)
    for (size_t w = 0; w < r->got->steps[s].n; w += WORDS) {
      const volley_timed_spike spike = spike_at(r->got->steps[s].gids + w);
      if (spike.gid != VOLLEY_NO_GID) known->spikes[known->n++] = spike;
    }
  sort(known);
}

double volley_timed_exchange(const volley_exchange *exchange, volley_timed_list *own, volley_timed_message *message,
                             volley_timed_list *known) {
  send(exchange, &message->next, VOLLEY_NO_GID); /* for which there is room */
  if (volley_memory_try(send_all, &(sending){exchange, own}) != VOLLEY_OK) message->requests |= VOLLEY_REQUEST_FAIL;
  exchange->kind->post(exchange->state, message->requests, true);
  const volley_exchanged got = exchange->kind->complete(exchange->state, 0, true);
  message->requests = got.requests;
  const size_t n = read_messages(&got, message);
  if (volley_memory_try(receive, &(receiving){&got, known, n}) != VOLLEY_OK) known->n = 0;
  sort(own);
  return got.waited;
}

#include "engine/event_audience.h"

int64_t volley_audience_next(const volley_audience *a, int population, int64_t from) {
  int64_t step = INT64_MAX;
  for (int o = 0; o < a->n; o++) {
    const volley_observer *observer = &a->observers[o];
    const int64_t next = observer->next ? observer->next(observer->context, population, from) : INT64_MAX;
    if (next < step) step = next;
  }
  return step;
}

volley_status volley_audience_tell(const volley_audience *a, const volley_timed_list *own, const volley_timed_list *all,
                                   double taken) {
  for (int o = 0; o < a->n; o++) {
    const volley_observer *observer = &a->observers[o];
    const volley_timed_list *told = observer->own ? own : all;
    if (observer->timed) VOLLEY_TRY(observer->timed(observer->context, told->spikes, told->n, taken));
    if (observer->advance && !observer->next)
      VOLLEY_TRY(observer->advance(observer->context, (int64_t)(taken * VOLLEY_STEPS_OF_MS)));
  }
  return VOLLEY_OK;
}

void volley_audience_show(const volley_audience *a, const volley_event_block *block, int b, int64_t step) {
  bool looks = false;
  for (int s = 0; s < block->block->n_slices; s++) {
    if (volley_audience_next(a, block->block->slices[s].population, step) != step) continue;
    volley_event_block_show(block, s, volley_time_of(a->network->experiment, step));
    looks = true;
  }
  for (int o = 0; o < a->n && looks; o++)
    if (a->observers[o].next && a->observers[o].before) a->observers[o].before(a->observers[o].context, b, step);
  for (int s = 0; s < block->block->n_slices && looks; s++) {
    const int population = block->block->slices[s].population;
    for (int o = 0; o < a->n; o++) {
      const volley_observer *observer = &a->observers[o];
      if (observer->sample && observer->next && observer->next(observer->context, population, step) == step)
        observer->sample(observer->context, b, s, step);
    }
  }
}

volley_status volley_audience_advance(const volley_audience *a, int64_t step) {
  if (volley_audience_next(a, -1, step) != step) return VOLLEY_OK;
  for (int o = 0; o < a->n; o++)
    if (a->observers[o].next && a->observers[o].advance)
      VOLLEY_TRY(a->observers[o].advance(a->observers[o].context, step));
  return VOLLEY_OK;
}

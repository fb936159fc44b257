/* What a rank does and gets, step by step, for the summary: where one rank is late all others wait, and only its own clock shows
 * which one it was. */
#ifndef VOLLEY_ENGINE_RANK_WATCH_H
#define VOLLEY_ENGINE_RANK_WATCH_H

#include "engine/summary.h"
#include "exchange/exchange.h"

typedef struct volley_rank_watch {
  uint64_t sent, received;              /* spikes of its neurons; spikes that it got, its own included */
  uint64_t since;                       /* tick from which it has worked by itself; 0: it has not */
  uint64_t ticks[VOLLEY_LONGEST_STEPS]; /* of work by itself in the steps that took longest, descending */
  int64_t steps[VOLLEY_LONGEST_STEPS];
} volley_rank_watch;

/* The rank has done what it can in a step without others. */
static inline void volley_rank_watch_stop(volley_rank_watch *watch, int64_t step, uint64_t now) {
  uint64_t ticks = watch->since > 0 ? now - watch->since : 0;
  for (int k = 0; k < VOLLEY_LONGEST_STEPS && ticks > watch->ticks[VOLLEY_LONGEST_STEPS - 1]; k++) {
    if (ticks <= watch->ticks[k]) continue;
    const uint64_t shorter = watch->ticks[k];
    const int64_t earlier = watch->steps[k];
    watch->ticks[k] = ticks;
    watch->steps[k] = step;
    ticks = shorter;
    step = earlier;
  }
}

/* It goes on with what it got from the others. */
static inline void volley_rank_watch_start(volley_rank_watch *watch, const volley_exchanged *exchanged, uint64_t now) {
  int n;
  const volley_step_spikes *lists = volley_exchanged_lists(exchanged, &n);
  for (int s = 0; s < n; s++) watch->received += lists[s].n;
  watch->since = now;
}

#endif

/* Windows of model time. */
#ifndef VOLLEY_MODEL_WINDOW_H
#define VOLLEY_MODEL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Model time from start to stop in steps: start < t <= stop. */
typedef struct volley_window_of_time {
  int64_t start, stop;
} volley_window_of_time;

/* Whether the step that ends at time t * dt lies in one of the windows; without any, `otherwise`. */
static inline bool volley_is_within(const volley_window_of_time *windows, int n, int64_t t, bool otherwise) {
  for (int w = 0; w < n; w++) {
    if (windows[w].start < t && t <= windows[w].stop) return true;
  }
  return n == 0 && otherwise;
}

#endif

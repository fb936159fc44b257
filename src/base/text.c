#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 63 };

static int least(int a, int b) { return a < b ? a : b; }

static int lower(const char *word, int i) { return tolower((unsigned char)word[i]); }

/* Optimal string alignment distance (Damerau-Levenshtein, no letter moved twice), row by row. */
static int distance(const char *a, const char *b) {
  int rows[3][LONGEST + 2];
  const int n_a = (int)strlen(a), n_b = (int)strlen(b);
  for (int j = 0; j <= n_b; j++) rows[0][j] = j;
  for (int i = 1; i <= n_a; i++) {
    int *now = rows[i % 3];
    const int *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= n_b; j++) {
      const int differ = lower(a, i - 1) != lower(b, j - 1);
      now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + differ);
      const int swapped = i > 1 && j > 1 && lower(a, i - 1) == lower(b, j - 2) && lower(a, i - 2) == lower(b, j - 1);
      if (swapped) now[j] = least(now[j], before[j - 2] + 1);
    }
  }
  return rows[n_a % 3][n_b];
}

const char *volley_nearest(const char *word, const char *const *known, int n) {
  const size_t length = strlen(word);
  if (length > LONGEST) return NULL;
  const char *nearest = NULL;
  int best = least(3, ((int)length + 2) / 3) + 1;
  for (int i = 0; i < n; i++) {
    if (strlen(known[i]) > LONGEST) continue;
    const int changes = distance(word, known[i]);
    if (changes < best) {
      best = changes;
      nearest = known[i];
    }
  }
  return nearest;
}

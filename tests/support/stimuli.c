#include "support/stimuli.h"

#include "stimulus/selected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

double *stimuli_generate(const volley_experiment *experiment, int number, uint32_t first, uint32_t count, int64_t from,
                         int64_t to) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_stimulus_kind *kind = stimulus->kind;
  const volley_population *target = &experiment->populations[stimulus->target];
  volley_slice slice = {.population = stimulus->target, .count = count, .current_stride = 1};
  double *added = volley_alloc(count, sizeof *added, "test");
  double *out = volley_alloc((size_t)(to - from) * count, sizeof *out, "test");
  slice.gids = volley_alloc(count, sizeof *slice.gids, "test");
  for (uint32_t i = 0; i < count; i++) slice.gids[i] = target->first_gid + first + i;
  if (kind->is_current)
    slice.current = added;
  else
    slice.inputs[volley_stimulus_receptor(experiment, stimulus)] = added;
  volley_generator *generator = volley_generator_create(experiment, number, &slice);
  for (int64_t step = from; step < to; step++) {
    memset(added, 0, count * sizeof *added);
    if (generator) kind->apply(generator, &slice, step);
    memcpy(out + (size_t)(step - from) * count, added, count * sizeof *added);
  }
  if (generator) volley_generator_destroy(kind, generator);
  free(slice.gids);
  free(added);
  return out;
}

void stimuli_expect_any_cut(const volley_experiment *experiment, int number, int64_t from, int64_t to) {
  static const uint32_t pieces[] = {1, 7, 31, 32, 33, 128, 129, 500};
  const uint32_t size = experiment->populations[experiment->stimuli[number].target].size;
  double *whole = stimuli_generate(experiment, number, 0, size, from, to);
  for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
    for (uint32_t first = 0; first < size; first += pieces[p]) {
      const uint32_t n = size - first < pieces[p] ? size - first : pieces[p];
      double *part = stimuli_generate(experiment, number, first, n, from, to);
      for (uint32_t s = 0; s < to - from; s++)
        assert_memory_equal(part + (size_t)s * n, whole + (size_t)s * size + first, n * sizeof *part);
      free(part);
    }
  }
  free(whole);
}

/* one_to_one and all_to_all: no chance in who is connected. */
#include "rule/rule.h"

#include "base/text.h"

#include <stdio.h>

static const volley_population *source_of(const volley_experiment *experiment, const volley_projection *projection) {
  return &experiment->populations[projection->source];
}

static const volley_population *target_of(const volley_experiment *experiment, const volley_projection *projection) {
  return &experiment->populations[projection->target];
}

static const char *check_one_to_one(const volley_experiment *experiment, const volley_projection *projection,
                                    char *buffer, size_t size) {
  const volley_population *source = source_of(experiment, projection), *target = target_of(experiment, projection);
  if (source->size == target->size) return NULL;
  snprintf(buffer, size, "one_to_one needs populations of equal size, but %s has %s and %s has %u", source->name,
           volley_count(source->size, "neuron").text, target->name, target->size);
  return buffer;
}

static double expected_one_to_one(const volley_experiment *experiment, const volley_projection *projection) {
  if (projection->source == projection->target && !projection->autapses) return 0;
  return target_of(experiment, projection)->size;
}

static void draw_one_to_one(volley_drawing *drawing, uint32_t i) {
  volley_drawing_reserve(drawing, 1);
  drawing->n = drawing->excludes_self ? 0 : 1;
  drawing->sources[0] = drawing->targets[i];
}

static double expected_all_to_all(const volley_experiment *experiment, const volley_projection *projection) {
  const uint32_t self = projection->source == projection->target && !projection->autapses ? 1 : 0;
  return (double)(source_of(experiment, projection)->size - self) * target_of(experiment, projection)->size;
}

static void draw_all_to_all(volley_drawing *drawing, uint32_t i) {
  drawing->n = volley_drawing_candidates(drawing);
  volley_drawing_reserve(drawing, drawing->n);
  for (uint32_t c = 0; c < drawing->n; c++) {
    drawing->sources[c] = volley_drawing_candidate(drawing, drawing->targets[i], c);
  }
}

const volley_rule volley_rule_one_to_one = {
    .name = "one_to_one",
    .doc = "neuron i of the source onto neuron i of the target",
    .check = check_one_to_one,
    .expected = expected_one_to_one,
    .draw = draw_one_to_one,
};

const volley_rule volley_rule_all_to_all = {
    .name = "all_to_all",
    .doc = "every neuron of the source onto every neuron of the target",
    .expected = expected_all_to_all,
    .draw = draw_all_to_all,
};

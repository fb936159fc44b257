/* one_to_one, ring and all_to_all: no chance in who is connected. */
#include "rule/rule.h"

#include "base/text.h"

#include <stdio.h>

static const volley_population *source_of(const volley_experiment *experiment, const volley_projection *projection) {
  return &experiment->populations[projection->source];
}

static const volley_population *target_of(const volley_experiment *experiment, const volley_projection *projection) {
  return &experiment->populations[projection->target];
}

static const char *check_equal(const volley_experiment *experiment, const volley_projection *projection, char *buffer,
                               size_t size) {
  const volley_population *source = source_of(experiment, projection), *target = target_of(experiment, projection);
  if (source->size == target->size) return NULL;
  snprintf(buffer, size, "%s needs populations of equal size, but %s has %s and %s has %u", projection->rule->name,
           source->name, volley_count(source->size, "neuron").text, target->name, target->size);
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

static double expected_ring(const volley_experiment *experiment, const volley_projection *projection) {
  return target_of(experiment, projection)->size == 1 ? expected_one_to_one(experiment, projection)
                                                      : target_of(experiment, projection)->size;
}

static void draw_ring(volley_drawing *drawing, uint32_t i) {
  const uint32_t target = drawing->targets[i];
  volley_drawing_reserve(drawing, 1);
  drawing->sources[0] = target > 0 ? target - 1 : drawing->n_source - 1;
  drawing->n = drawing->excludes_self && drawing->sources[0] == target ? 0 : 1;
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
    .check = check_equal,
    .expected = expected_one_to_one,
    .draw = draw_one_to_one,
};

const volley_rule volley_rule_ring = {
    .name = "ring",
    .doc = "neuron i of the source onto neuron i + 1 of the target, the last one onto the first",
    .check = check_equal,
    .expected = expected_ring,
    .draw = draw_ring,
};

const volley_rule volley_rule_all_to_all = {
    .name = "all_to_all",
    .doc = "every neuron of the source onto every neuron of the target",
    .expected = expected_all_to_all,
    .draw = draw_all_to_all,
};

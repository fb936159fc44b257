/* A toy rule: every target has `neighbours` sources, each `stride` further on than the last, the first so far from itself. */
#include "rule/rule.h"

#include "base/text.h"

#include <stdio.h>

typedef struct parameters {
  int neighbours, stride;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"neighbours", "", 0, 1, INFINITY, .type = VOLLEY_KEY_COUNT, .required = true, AT(neighbours),
     .doc = "sources of a target"},
    {"stride", "", 1, 1, INFINITY, .type = VOLLEY_KEY_COUNT, AT(stride), .doc = "from one source to the next"},
};

static const char *check(const volley_experiment *experiment, const volley_projection *projection, char *buffer,
                         size_t size) {
  const parameters *p = projection->parameters;
  const volley_population *source = &experiment->populations[projection->source];
  if ((uint64_t)p->neighbours * (uint64_t)p->stride < source->size) return NULL;
  snprintf(buffer, size, "%d neighbours with a stride of %d go once round %s, which has %s", p->neighbours, p->stride,
           source->name, volley_count(source->size, "neuron").text);
  return buffer;
}

static double expected(const volley_experiment *experiment, const volley_projection *projection) {
  const parameters *p = projection->parameters;
  return (double)p->neighbours * experiment->populations[projection->target].size;
}

static void draw(volley_drawing *drawing, uint32_t i) {
  const parameters *p = drawing->projection->parameters;
  volley_drawing_reserve(drawing, (size_t)p->neighbours);
  drawing->n = (size_t)p->neighbours;
  for (uint64_t k = 0; k < drawing->n; k++)
    drawing->sources[k] = (uint32_t)((drawing->targets[i] + (k + 1) * (uint64_t)p->stride) % drawing->n_source);
}

const volley_rule volley_rule_hoop = {
    .name = "hoop",
    .doc = "sources that follow the target on a ring",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .check = check,
    .expected = expected,
    .draw = draw,
};

/* Rules whose edges stand in a list before the tables are built: fixed_outdegree and edges. */
#include "base/text.h"
#include "rule/edge_list.h"
#include "rule/rule.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const char *check_outdegree(const volley_experiment *experiment, const volley_projection *projection,
                                   char *buffer, size_t size) {
  const volley_population *target = &experiment->populations[projection->target];
  const uint32_t n = target->size - (projection->source == projection->target && !projection->autapses ? 1 : 0);
  if (projection->number > UINT32_MAX) {
    snprintf(buffer, size, "outdegree %" PRIu64 " is too large; at most %u", projection->number, UINT32_MAX);
    return buffer;
  }
  if ((projection->number > 0 && n == 0) || (!projection->multapses && projection->number > n)) {
    snprintf(buffer, size, "outdegree %" PRIu64 "%s, but %s has only %s to draw from", projection->number,
             projection->multapses ? "" : " without multapses", target->name, volley_count(n, "neuron").text);
    return buffer;
  }
  return NULL;
}

static double expected_outdegree(const volley_experiment *experiment, const volley_projection *projection) {
  return (double)projection->number * experiment->populations[projection->source].size;
}

static double expected_edges(const volley_experiment *experiment, const volley_projection *projection) {
  (void)experiment;
  (void)projection;
  return NAN;
}

/* Number of the first edge onto `target` or a later one. */
static uint64_t first_of(const volley_edge_list *list, uint32_t target) {
  uint64_t low = 0;
  for (uint64_t high = list->n; low < high;) {
    const uint64_t middle = low + (high - low) / 2;
    if (list->edges[middle].target < target) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void draw_listed(volley_drawing *drawing, uint32_t i) {
  const volley_edge_list *list = drawing->list;
  const uint64_t first = first_of(list, drawing->targets[i]);
  const uint64_t end = first_of(list, drawing->targets[i] + 1);
  drawing->n = end - first;
  volley_drawing_reserve(drawing, drawing->n);
  for (uint64_t e = first; e < end; e++) drawing->sources[e - first] = list->edges[e].source;
  drawing->edges = list->edges + first;
}

const volley_rule volley_rule_fixed_outdegree = {
    .name = "fixed_outdegree",
    .doc = "each source neuron gets `outdegree` targets, drawn at random",
    .number_key = "outdegree",
    .is_listed = true,
    .random = true,
    .takes_multapses = true,
    .check = check_outdegree,
    .expected = expected_outdegree,
    .draw = draw_listed,
};

const volley_rule volley_rule_edges = {
    .name = "edges",
    .doc =
        "the edges in an HDF5 file: datasets source and target (indices within the populations) and maybe weight and "
        "delay (else drawn) in `group`",
    .takes_file = true,
    .is_listed = true,
    .expected = expected_edges,
    .draw = draw_listed,
};

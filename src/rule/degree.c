/* Rules that fix a number of synapses: fixed_indegree for each target, fixed_total_number for the whole projection. */
#include "rule/rule.h"

#include "base/search.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

static uint32_t candidates(const volley_experiment *experiment, const volley_projection *projection) {
  const uint32_t n = experiment->populations[projection->source].size;
  return n - (projection->source == projection->target && !projection->autapses ? 1 : 0);
}

static const char *check_indegree(const volley_experiment *experiment, const volley_projection *projection,
                                  char *buffer, size_t size) {
  const uint32_t n = candidates(experiment, projection);
  const char *source = experiment->populations[projection->source].name;
  if (projection->number > 0 && n == 0) {
    snprintf(buffer, size, "indegree %" PRIu64 " from %s, which has no neuron to draw from", projection->number,
             source);
  } else if (projection->number > UINT32_MAX) {
    snprintf(buffer, size, "indegree %" PRIu64 " is too large; at most %u", projection->number, UINT32_MAX);
  } else if (!projection->multapses && projection->number > n) {
    snprintf(buffer, size, "indegree %" PRIu64 " without multapses, but %s has only %s to draw from; at most %u",
             projection->number, source, volley_count(n, "neuron").text, n);
  } else {
    return NULL;
  }
  return buffer;
}

static double expected_indegree(const volley_experiment *experiment, const volley_projection *projection) {
  return (double)projection->number * experiment->populations[projection->target].size;
}

static volley_gid target_gid(const volley_drawing *drawing, uint32_t i) {
  return drawing->experiment->populations[drawing->projection->target].first_gid + drawing->targets[i];
}

static void draw_indegree(volley_drawing *drawing, uint32_t i) {
  volley_drawing_choose(drawing, drawing->targets[i], drawing->projection->number, drawing->partner,
                        target_gid(drawing, i));
}

static const char *check_total(const volley_experiment *experiment, const volley_projection *projection, char *buffer,
                               size_t size) {
  const double pairs =
      (double)candidates(experiment, projection) * (double)experiment->populations[projection->target].size;
  if (projection->number == 0 || (pairs > 0 && (projection->multapses || (double)projection->number <= pairs)))
    return NULL;
  snprintf(buffer, size, "%s%s between %.0f pairs of neurons; at most %.0f",
           volley_count(projection->number, "synapse").text, projection->multapses ? "" : " without multapses", pairs,
           pairs);
  return buffer;
}

static double expected_total(const volley_experiment *experiment, const volley_projection *projection) {
  (void)experiment;
  return (double)projection->number;
}

/* Shares `number` synapses of the targets low .. high - 1 between the two halves, and so on down to single targets; only
 * where one of this drawing's targets, first .. end - 1 of the list, lies. Each node of the tree has its own random
 * numbers, so every rank finds the same indegrees without communication (Funke et al. 2019). */
static void split(volley_drawing *drawing, uint64_t low, uint64_t high, uint64_t number, uint32_t first, uint32_t end) {
  if (first == end || number == 0) return;
  if (high - low == 1) {
    drawing->indegrees[first] = number;
    return;
  }
  const uint64_t middle = low + (high - low) / 2;
  volley_stream stream = volley_stream_of(drawing->split, (uint32_t)low, (uint32_t)(high - low));
  const uint64_t sources = volley_drawing_candidates(drawing);
  const uint64_t left = drawing->projection->multapses
                            ? volley_binomial(&stream, number, (double)(middle - low) / (double)(high - low))
                            : volley_hypergeometric(&stream, (high - low) * sources, (middle - low) * sources, number);
  uint32_t cut = first;
  VOLLEY_SEARCH(cut, end, i, drawing->targets[i] < middle)
  split(drawing, low, middle, left, first, cut);
  split(drawing, middle, high, number - left, cut, end);
}

static void begin_total(volley_drawing *drawing) {
  drawing->indegrees = volley_alloc(drawing->count, sizeof *drawing->indegrees, "the indegrees of a projection");
  split(drawing, 0, drawing->n_target, drawing->projection->number, 0, drawing->count);
}

static void draw_total(volley_drawing *drawing, uint32_t i) {
  volley_drawing_choose(drawing, drawing->targets[i], drawing->indegrees[i], drawing->partner, target_gid(drawing, i));
}

const volley_rule volley_rule_fixed_indegree = {
    .name = "fixed_indegree",
    .doc = "each target neuron gets `indegree` sources, drawn at random; with a `probability` that depends on the "
           "distance, by "
           "its ratios",
    .number_key = "indegree",
    .takes_distance = true,
    .random = true,
    .takes_multapses = true,
    .check = check_indegree,
    .expected = expected_indegree,
    .draw = draw_indegree,
};

const volley_rule volley_rule_fixed_total_number = {
    .name = "fixed_total_number",
    .doc = "`number` synapses in all, each between a source and a target drawn at random; or the number that gives the "
           "`probability` of at least one synapse between two neurons",
    .number_key = "number",
    .takes_probability = true,
    .random = true,
    .takes_multapses = true,
    .check = check_total,
    .expected = expected_total,
    .begin = begin_total,
    .draw = draw_total,
};

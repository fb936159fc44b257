/* Spaces of populations before the network is built, and what projections ask of them. */
#include "space/space.h"

#include "base/text.h"
#include "model/nodes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool volley_projection_has_distances(const volley_projection *projection) {
  return projection->profile || projection->weight.kind == VOLLEY_OF_DISTANCE ||
         projection->delay.kind == VOLLEY_OF_DISTANCE;
}

/* Whether two populations lie in one space; else writes why they do not. */
static bool share_space(const volley_population *a, const volley_population *b, char *buffer, size_t size) {
  const volley_position_plan *x = a->positions, *y = b->positions;
  if (!x || !y) {
    snprintf(buffer, size, "it depends on distances, but %s has no 'positions'", x ? b->name : a->name);
    return false;
  }
  if (x->dimensions == 0 || y->dimensions == 0) return true; /* until the file is read */
  if (x->dimensions != y->dimensions) {
    snprintf(buffer, size, "%s lies in %s and %s in %d: there is no distance between them", a->name,
             volley_count((uint64_t)x->dimensions, "dimension").text, b->name, y->dimensions);
    return false;
  }
  for (int d = 0; d < x->dimensions; d++) {
    if (x->periodic[d] == y->periodic[d] && (!x->periodic[d] || x->extent[d] == y->extent[d])) continue;
    snprintf(buffer, size,
             "the space of %s is %s along axis %d, that of %s is %s, each with its own extent (%g and %g): both must "
             "be alike where ends meet",
             a->name, x->periodic[d] ? "periodic" : "open", d, b->name, y->periodic[d] ? "periodic" : "open",
             x->extent[d], y->extent[d]);
    return false;
  }
  return true;
}

const char *volley_projection_check_space(const volley_experiment *experiment, const volley_projection *projection,
                                          char *buffer, size_t size) {
  const volley_population *source = &experiment->populations[projection->source];
  const volley_population *target = &experiment->populations[projection->target];
  const volley_profile *f = projection->profile;
  if (!volley_projection_has_distances(projection)) return NULL;
  if (!share_space(source, target, buffer, size)) return buffer;
  const bool is_box = f && f->shape == VOLLEY_PROFILE_BOX && f->offset == 0;
  const double reach = f ? fmin(f->cutoff, is_box ? f->width : INFINITY) : INFINITY;
  for (int d = 0; d < source->positions->dimensions; d++) {
    const double half = source->positions->extent[d] / 2;
    if (!source->positions->periodic[d] || isinf(reach) || reach <= half * VOLLEY_PROFILE_WITHIN) continue;
    snprintf(buffer, size,
             "its probability reaches as far as %g, but the space is periodic and no more than %g long along axis %d: "
             "at most half of that is possible",
             reach, 2 * half, d);
    return buffer;
  }
  return NULL;
}

static volley_status check_neuron(const volley_population *population, const double *x, uint32_t i, bool has_extent) {
  const volley_position_plan *plan = population->positions;
  for (int d = 0; d < plan->dimensions; d++) {
    if (!isfinite(x[d]))
      return volley_fault(VOLLEY_USAGE, &plan->place, "neuron %u of '%s' has the coordinate %g", i, plan->file, x[d]);
    if (!has_extent || fabs(x[d] - plan->centre[d]) <= plan->extent[d] / 2 * VOLLEY_PROFILE_WITHIN) continue;
    return volley_fault(
        VOLLEY_USAGE, &plan->place, "neuron %u of '%s' lies at %g along axis %d, outside of the extent from %g to %g",
        i, plan->file, x[d], d, plan->centre[d] - plan->extent[d] / 2, plan->centre[d] + plan->extent[d] / 2);
  }
  return VOLLEY_OK;
}

/* What the neurons take, if nobody says. */
static void find_extent(volley_position_plan *plan, const double *given, uint32_t neurons) {
  for (int d = 0; d < plan->dimensions; d++) {
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < neurons; i++) {
      low = fmin(low, given[(size_t)i * (size_t)plan->dimensions + (size_t)d]);
      high = fmax(high, given[(size_t)i * (size_t)plan->dimensions + (size_t)d]);
    }
    plan->extent[d] = high - low;
    plan->centre[d] = low + (high - low) / 2;
  }
}

/* Positions of a file, which every rank has. Each finds the same faults. */
static volley_status read_positions(volley_population *population, const volley_reader *reader, volley_arena *arena,
                                    double **given) {
  volley_position_plan *plan = population->positions;
  uint64_t rows, columns;
  VOLLEY_TRY(reader->series(reader->context, &plan->place, plan->file, plan->dataset, arena, given, &rows, &columns));
  const volley_nodes *nodes = population->nodes; /* of all of which the file has rows */
  const uint32_t expected = nodes ? nodes->n : population->size;
  if (rows != expected)
    return volley_fault(VOLLEY_USAGE, &plan->place, "'%s' has %s; %s has %s, each of which needs one", plan->file,
                        volley_count(rows, "row").text, nodes ? nodes->population : population->name,
                        volley_count(expected, "neuron").text);
  if (columns < 1 || columns > VOLLEY_DIMENSIONS || (plan->dimensions > 0 && columns != (uint64_t)plan->dimensions))
    return volley_fault(VOLLEY_USAGE, &plan->place, "'%s' has %s; %s expected, the coordinates of a neuron", plan->file,
                        volley_count(columns, "column").text,
                        plan->dimensions == 0   ? "1 to 3 are"
                        : plan->dimensions == 1 ? "one is"
                        : plan->dimensions == 2 ? "2 are"
                                                : "3 are");
  for (uint32_t i = 0; nodes && i < population->size; i++)
    memmove(*given + (size_t)i * columns, *given + (size_t)volley_nodes_id(nodes, i) * columns,
            (size_t)columns * sizeof **given);
  const bool has_extent = plan->dimensions > 0;
  plan->dimensions = (int)columns;
  for (uint32_t i = 0; i < population->size; i++)
    VOLLEY_TRY(check_neuron(population, *given + (size_t)i * columns, i, has_extent));
  if (!has_extent) find_extent(plan, *given, population->size);
  return VOLLEY_OK;
}

volley_status volley_spaces_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  char buffer[512];
  for (int p = 0; p < experiment->n_populations; p++) {
    volley_population *population = &experiment->populations[p];
    double *given = NULL;
    volley_status status = VOLLEY_OK;
    if (!population->positions) continue;
    if (population->positions->file) status = read_positions(population, reader, experiment->arena, &given);
    const volley_status agreed = volley_agree(comm);
    VOLLEY_TRY(agreed != VOLLEY_OK ? agreed : status);
    population->space = volley_space_create(experiment->arena, population->positions, given, population->size,
                                            experiment->simulation.seed, p);
  }
  for (int k = 0; k < experiment->n_projections; k++) {
    const volley_projection *projection = &experiment->projections[k];
    const char *wrong = volley_projection_check_space(experiment, projection, buffer, sizeof buffer);
    if (wrong) volley_fault(VOLLEY_USAGE, &projection->place, "%s: %s", projection->name, wrong);
  }
  return volley_agree(comm);
}

/* A checkpoint as another experiment sees it, whose run begins there. */
#include "base/progress.h"
#include "io/checkpoint/section.h"
#include "network/synapse_order.h"
#include "neuron/neuron.h"
#include "rule/rule.h"
#include "synapse/synapse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Both experiments, and a list of names that is being told. */
typedef struct matching {
  volley_checkpoint *checkpoint;
  const volley_experiment *now, *then;
  volley_taking *taking;
  const char *taken;
  bool tells;
} matching;

static bool is_same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static void take(matching *m, const char *what, const char *name) {
  m->taken = volley_arena_format(m->checkpoint->arena, "%s%s%s %s", m->taken, *m->taken ? ", " : "", what, name);
}

static void leave(const matching *m, const char *what, const char *name, const char *why) {
  if (m->tells) volley_progress_note("not taken: %s %s, %s", what, name, why);
}

/* What keeps a population from being taken; NULL: nothing. */
static const char *differs(const volley_population *now, const volley_population *then) {
  if (strcmp(now->model->name, then->model->name) != 0) return "which has another model there";
  return now->model != then->model || now->size != then->size ? "which has another size there" : NULL;
}

static void match_populations(matching *m) {
  bool *found = volley_arena_alloc(m->checkpoint->arena, (size_t)m->then->n_populations + 1, sizeof *found);
  for (int p = 0; p < m->now->n_populations; p++) {
    const volley_population *now = &m->now->populations[p];
    const char *why = "which is new";
    m->taking->populations[p] = -1;
    for (int q = 0; q < m->then->n_populations; q++) {
      if (strcmp(m->then->populations[q].name, now->name) != 0) continue;
      found[q] = true;
      why = differs(now, &m->then->populations[q]);
      if (!why) m->taking->populations[p] = q;
    }
    if (why)
      leave(m, "population", now->name, why);
    else
      take(m, "population", now->name);
  }
  for (int q = 0; q < m->then->n_populations; q++)
    if (!found[q]) leave(m, "population", m->then->populations[q].name, "which is not here");
}

static bool is_same_value(const volley_distribution *a, const volley_distribution *b) {
  return a->kind == b->kind && a->a == b->a && a->b == b->b && a->min == b->min && a->max == b->max &&
         a->redraw == b->redraw && a->kind != VOLLEY_OF_DISTANCE;
}

/* The first input of a path; NULL: none. */
static const volley_input_file *input_of(const volley_experiment *experiment, const char *path) {
  for (int i = 0; i < experiment->n_inputs; i++)
    if (strcmp(experiment->inputs[i].path, path) == 0) return &experiment->inputs[i];
  return NULL;
}

/* Whether a file of edges holds what it held, wherever it lies: the checkpoint knows files by the keys that named them. */
static bool is_same_file(const matching *m, const char *path, const char *before) {
  const volley_checkpoint_info *info = &m->checkpoint->info;
  const volley_input_file *now = path ? input_of(m->now, path) : NULL;
  const volley_input_file *then = before ? input_of(m->then, before) : NULL;
  if (!now || !then) return path == before;
  for (int k = 0; k < info->n_inputs; k++)
    if (strcmp(info->input_keys[k], then->place.path) == 0 && info->input_checksums[k] == now->checksum) return true;
  return false;
}

/* What keeps the synapses of projection p from being those of q there; NULL: nothing. Edges are drawn by numbers of projections
 * and gids. */
static const char *differs_in_synapses(const matching *m, int p, int q) {
  const volley_projection *now = &m->now->projections[p], *then = &m->then->projections[q];
  const volley_population *here = m->now->populations, *there = m->then->populations;
  if (m->taking->populations[now->source] != then->source || m->taking->populations[now->target] != then->target)
    return "whose populations are not taken";
  if (now->plasticity.model != then->plasticity.model || now->plasticity.is_axonal != then->plasticity.is_axonal)
    return "whose model of synapses is another one there";
  const bool same = now->rule == then->rule && now->number == then->number && now->probability == then->probability &&
                    now->autapses == then->autapses && now->multapses == then->multapses && !now->profile &&
                    !then->profile && now->receptor == then->receptor && is_same_value(&now->delay, &then->delay) &&
                    is_same_text(now->group, then->group) && is_same_file(m, now->file, then->file);
  const bool drawn_alike = p == q && m->now->simulation.seed == m->then->simulation.seed &&
                           here[now->source].first_gid == there[then->source].first_gid &&
                           here[now->target].first_gid == there[then->target].first_gid;
  if (same && (drawn_alike || now->rule->takes_file)) return NULL;
  return "which is drawn otherwise there";
}

/* The projection there that one here is: of those with its name the one that has as many before it; -1: none. */
static int find_projection(const matching *m, int p) {
  const char *name = m->now->projections[p].name;
  int before = 0, q = 0;
  for (int i = 0; i < p; i++) before += strcmp(m->now->projections[i].name, name) == 0;
  for (; q < m->then->n_projections; q++)
    if (strcmp(m->then->projections[q].name, name) == 0 && before-- == 0) return q;
  return -1;
}

/* Its number among those that learn there. */
static int number_of(const matching *m, int q) {
  int number = 0;
  for (int i = 0; i < q; i++) number += m->then->projections[i].plasticity.model != NULL;
  return number;
}

static void match_projections(matching *m) {
  for (int p = 0; p < m->now->n_projections; p++) {
    const volley_projection *now = &m->now->projections[p];
    m->taking->projections[p] = -1;
    if (!now->plasticity.model) continue;
    const int q = find_projection(m, p);
    const volley_plasticity_plan *then = q >= 0 ? &m->then->projections[q].plasticity : NULL;
    const char *why = then && then->model ? differs_in_synapses(m, p, q) : "which do not learn there";
    if (!why) {
      m->taking->projections[p] = number_of(m, q);
      m->taking->swept[p] = volley_plasticity_last_sweep(then, m->checkpoint->info.state.step);
    }
    if (why)
      leave(m, "synapses of", now->name, why);
    else
      take(m, "synapses of", now->name);
  }
}

/* Weights of static synapses that a program had set. */
static void match_given(matching *m) {
  const int n = m->now->n_projections;
  for (int p = 0; p < n; p++) m->taking->given[p] = -1;
  for (int q = 0, p; q < m->then->n_projections; q++) {
    if (!volley_given_is_saved(m->checkpoint, q)) continue;
    for (p = 0; p < n && find_projection(m, p) != q;) p++;
    const char *why = p < n ? differs_in_synapses(m, p, q) : "which is not here";
    if (!why) m->taking->given[p] = q;
    if (why)
      leave(m, "set weights of", m->then->projections[q].name, why);
    else
      take(m, "set weights of", m->then->projections[q].name);
  }
}

static void match_readouts(matching *m) {
  for (int r = 0; r < m->now->n_readouts; r++) {
    const volley_readout *now = &m->now->readouts[r];
    bool same = false;
    for (int s = 0; s < m->then->n_readouts && !same; s++) {
      const volley_readout *then = &m->then->readouts[s];
      same = strcmp(now->name, then->name) == 0 && now->reads.size == then->reads.size &&
             now->learner == then->learner && now->reads.n == then->reads.n &&
             now->supervisor->kind == then->supervisor->kind &&
             now->supervisor->dimension == then->supervisor->dimension && now->rise == then->rise &&
             now->decay == then->decay && now->interval == then->interval && now->filter_unit == then->filter_unit;
      for (int k = 0; k < now->reads.n && same; k++)
        same = m->taking->populations[now->reads.populations[k]] == then->reads.populations[k];
    }
    m->taking->readouts[r] = same;
    if (same)
      take(m, "readout", now->name);
    else
      leave(m, "readout", now->name, "which is another one there");
  }
}

/* How far back the spikes of the run that was saved are known: its longest delay, in steps or, in a continuous run, ms, as far as the
 * experiment says it. */
static double reach_of(const matching *m) {
  const volley_run_state *state = &m->checkpoint->info.state;
  double longest = 0;
  if (!m->then->simulation.continuous) return state->n_recent < state->step ? (double)state->n_recent : INFINITY;
  for (int p = 0; p < m->then->n_projections; p++) {
    const volley_projection *then = &m->then->projections[p];
    longest = fmax(longest, then->file ? INFINITY : volley_distribution_greatest(&then->delay));
  }
  return longest;
}

void volley_taking_tell(const volley_checkpoint *checkpoint, const volley_network *network) {
  const volley_simulation *simulation = &network->experiment->simulation;
  const double reach = checkpoint->taking->reach, unit = simulation->continuous ? 1 : simulation->dt;
  if ((simulation->continuous ? network->longest : network->max_due) > reach && network->rank == 0)
    volley_progress_note("not taken: spikes of more than %.10g ms before, which delays here are long enough for",
                         reach * unit);
}

/* gid here of a gid there; false: its population is not taken. */
static bool find_gid(const matching *m, volley_gid *gid) {
  const int q = volley_population_of(m->then, *gid, 0);
  for (int p = 0; p < m->now->n_populations; p++) {
    if (m->taking->populations[p] != q) continue;
    *gid = *gid - m->then->populations[q].first_gid + m->now->populations[p].first_gid;
    return true;
  }
  return false;
}

static int compare_gids(const void *a, const void *b) {
  const volley_gid x = *(const volley_gid *)a, y = *(const volley_gid *)b;
  return (x > y) - (x < y);
}

/* The spikes of one step, or of one time: n gids that move to the place `to`, ascending. Returns how many are left. */
static uint64_t move_gids(const matching *m, const volley_gid *gids, uint64_t n, volley_gid *to) {
  uint64_t left = 0;
  for (uint64_t i = 0; i < n; i++) {
    volley_gid gid = gids[i];
    if (find_gid(m, &gid)) to[left++] = gid;
  }
  if (left > 0) qsort(to, left, sizeof *to, compare_gids);
  return left;
}

static void move_steps(const matching *m, volley_run_state *state) {
  const volley_gid *gids = state->gids;
  uint64_t kept = 0;
  for (int64_t k = 0; k < state->n_recent; k++) {
    const uint64_t n = state->recent_counts[k];
    state->recent_counts[k] = move_gids(m, gids, n, state->gids + kept);
    kept += state->recent_counts[k];
    gids += n;
  }
  state->n_gids = kept;
}

/* Of a continuous run: all are as if of one step. */
static void move_times(const matching *m, volley_run_state *state) {
  uint64_t kept = 0;
  for (uint64_t i = 0, end; i < state->n_times; i = end) {
    for (end = i + 1; end < state->n_times && state->times[end] == state->times[i];) end++;
    const double time = state->times[i];
    const uint64_t n = move_gids(m, state->gids + i, end - i, state->gids + kept);
    for (uint64_t k = 0; k < n; k++) state->times[kept++] = time;
  }
  state->n_times = state->n_gids = kept;
  for (int64_t k = 0; k < state->n_recent; k++) state->recent_counts[k] = k + 1 < state->n_recent ? 0 : kept;
}

/* What was counted of the populations that are taken; the digest where these are all, with the same gids. */
static void move_counts(const matching *m, volley_run_state *state) {
  const uint64_t *before = state->counts;
  bool same = m->now->n_populations == m->then->n_populations;
  uint64_t *counts = volley_arena_alloc(m->checkpoint->arena, (size_t)m->now->n_populations + 1, sizeof *counts);
  state->spikes = 0;
  for (int p = 0; p < m->now->n_populations; p++) {
    const int q = m->taking->populations[p];
    if (q >= 0) state->spikes += counts[p] = before[q];
    same = same && q == p;
  }
  state->counts = counts;
  state->n_populations = m->now->n_populations;
  if (!same) state->digest[0] = state->digest[1] = state->synaptic_events = 0;
}

void volley_checkpoint_branch(volley_checkpoint *checkpoint, const volley_experiment *now,
                              const volley_experiment *then) {
  volley_arena *arena = checkpoint->arena;
  volley_taking *taking = volley_arena_alloc(arena, 1, sizeof *taking);
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(checkpoint->comm, &rank));
  matching m = {checkpoint, now, then, taking, "", rank == 0};
  taking->populations = volley_arena_alloc(arena, (size_t)now->n_populations + 1, sizeof *taking->populations);
  taking->projections = volley_arena_alloc(arena, (size_t)now->n_projections + 1, sizeof *taking->projections);
  taking->given = volley_arena_alloc(arena, (size_t)now->n_projections + 1, sizeof *taking->given);
  taking->swept = volley_arena_alloc(arena, (size_t)now->n_projections + 1, sizeof *taking->swept);
  taking->readouts = volley_arena_alloc(arena, (size_t)now->n_readouts + 1, sizeof *taking->readouts);
  taking->reach = reach_of(&m);
  match_populations(&m);
  match_projections(&m);
  match_given(&m);
  match_readouts(&m);
  if (rank == 0) volley_progress_note("taken: %s", *m.taken ? m.taken : "nothing but the time");
  if (now->simulation.continuous)
    move_times(&m, &checkpoint->info.state);
  else
    move_steps(&m, &checkpoint->info.state);
  move_counts(&m, &checkpoint->info.state);
  checkpoint->taking = taking;
  checkpoint->info.branches = true;
}

bool volley_synapses_are_taken(volley_checkpoint *checkpoint, volley_network *network, int projection,
                               uint64_t synapses, int *number) {
  if (!checkpoint->taking) return true;
  *number = checkpoint->taking->projections[projection];
  if (*number >= 0) {
    volley_dataset dataset =
        volley_checkpoint_dataset(checkpoint, volley_arena_format(checkpoint->arena, "plastic/%d/last", *number));
    const uint64_t found = dataset.count;
    volley_dataset_release(&checkpoint->file, &dataset);
    if (found == synapses) return true;
    if (network->rank == 0)
      volley_progress_note("not taken: synapses of %s, of which there are %llu here, %llu there",
                           network->experiment->projections[projection].name, (unsigned long long)synapses,
                           (unsigned long long)found);
  }
  for (int b = 0; b < network->n_blocks; b++) {
    volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], projection);
    if (!plastic) continue;
    plastic->swept = volley_plasticity_last_sweep(plastic->plan, checkpoint->info.state.step);
    volley_plastic_table_find_recent(plastic);
  }
  return false;
}

static const char swept_name[] = "swept";

void volley_swept_add(volley_contents *contents, const volley_saved *saved, int projection, const char *group) {
  const volley_network *network = saved->parts->network;
  const volley_experiment *experiment = network->experiment;
  const volley_plasticity_plan *plan = &experiment->projections[projection].plasticity;
  uint64_t *swept = volley_arena_alloc(contents->arena, 1, sizeof *swept);
  *swept = 0;
  if (experiment->simulation.continuous) return;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], projection);
    if (plastic) *swept = (uint64_t)plastic->swept;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, swept, 1, MPI_UINT64_T, MPI_MAX, network->comm));
  if ((int64_t)*swept != volley_plasticity_last_sweep(plan, saved->state->step))
    volley_contents_add_value(contents, group, swept_name, H5T_NATIVE_UINT64, swept);
}

int64_t volley_swept_find(volley_checkpoint *checkpoint, const volley_network *network, int projection, int number) {
  const char *group = volley_arena_format(checkpoint->arena, "plastic/%d", number);
  const volley_plasticity_plan *plan = &network->experiment->projections[projection].plasticity;
  if (!checkpoint->file.failed && H5Aexists_by_name(checkpoint->handle, group, swept_name, H5P_DEFAULT) > 0) {
    const hid_t object = volley_hdf5_check(&checkpoint->file, H5Gopen(checkpoint->handle, group, H5P_DEFAULT), "open");
    const uint64_t swept = volley_hdf5_get_count(&checkpoint->file, object, swept_name);
    volley_hdf5_release(&checkpoint->file, object);
    return (int64_t)swept;
  }
  return checkpoint->taking ? checkpoint->taking->swept[projection]
                            : volley_plasticity_last_sweep(plan, checkpoint->info.state.step);
}

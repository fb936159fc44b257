#include "run/assignments.h"

#include "base/memory.h"
#include "engine/engine.h"
#include "io/data/inputs.h"
#include "neuron/neuron.h"
#include "record/kind.h"

#include <string.h>

/* Whether a stimulus may become another one while a run is under way. */
static bool is_same_place(const volley_stimulus *a, const volley_stimulus *b) {
  return a->kind == b->kind && a->target == b->target && a->receptor == b->receptor && a->start == b->start &&
         a->stop == b->stop && a->neurons.n_ranges == b->neurons.n_ranges &&
         memcmp(a->neurons.ranges, b->neurons.ranges, (size_t)a->neurons.n_ranges * sizeof *a->neurons.ranges) == 0;
}

static bool reads_same_files(const volley_experiment *a, const volley_experiment *b) {
  for (int i = 0; i < a->n_inputs && a->n_inputs == b->n_inputs; i++)
    if (strcmp(a->inputs[i].path, b->inputs[i].path) != 0) return false;
  return a->n_inputs == b->n_inputs;
}

volley_status volley_assignments_check_renewed(const volley_experiment *now, const volley_experiment *then,
                                               MPI_Comm comm) {
  bool is_same = now->n_stimuli == then->n_stimuli && reads_same_files(now, then);
  for (int s = 0; s < now->n_stimuli && is_same; s++) is_same = is_same_place(&now->stimuli[s], &then->stimuli[s]);
  if (!is_same)
    volley_fault(VOLLEY_USAGE, NULL,
                 "type, target, neurons, receptor, start, stop and files of stimuli stay as they are while a run is "
                 "under way");
  for (int p = 0; p < now->n_populations; p++)
    if (now->populations[p].model != then->populations[p].model)
      volley_fault(VOLLEY_USAGE, &now->populations[p].place,
                   "how many values the lists of parameters of '%s' have stays as it is while a run is under way",
                   now->populations[p].name);
  return volley_agree(comm);
}

void volley_refuse_continuous(const volley_experiment *experiment, const char *what) {
  const volley_simulation *simulation = &experiment->simulation;
  if (simulation->continuous)
    volley_fault(VOLLEY_USAGE, NULL, "the engine %s cannot change %s while a run is under way; the engine clock can",
                 simulation->engine->name, what);
}

/* Whether an assignment sets parameters or spikes of a population, and of which: *population becomes its number. */
static bool set_of_population(const volley_experiment *experiment, const char *assignment, int *population) {
  const size_t begin = strlen("populations.");
  if (strncmp(assignment, "populations.", begin) != 0) return false;
  for (int p = 0; p < experiment->n_populations; p++) {
    const char *name = experiment->populations[p].name, *rest = assignment + begin + strlen(name);
    if (strncmp(assignment + begin, name, strlen(name)) != 0) continue;
    if (strncmp(rest, ".parameters.", strlen(".parameters.")) != 0 &&
        strncmp(rest, ".spikes.", strlen(".spikes.")) != 0)
      continue;
    *population = p;
    return true;
  }
  return false;
}

static bool has_file(const volley_spike_plan *plan, const char *path) {
  for (int f = 0; plan && f < plan->n_files; f++)
    if (strcmp(plan->files[f], path) == 0) return true;
  return false;
}

static bool has_spikes(const volley_experiment *experiment, const char *path) {
  for (int p = 0; p < experiment->n_populations; p++)
    if (has_file(experiment->populations[p].spikes, path)) return true;
  return false;
}

volley_renewal volley_assignments_renewal(const volley_experiment *experiment, const char *const *sets, int n_sets) {
  const volley_population *populations = experiment->populations;
  const int n = experiment->n_populations;
  bool *are_set = volley_arena_alloc(experiment->arena, (size_t)n, sizeof *are_set);
  volley_renewal renewal = {.populations = volley_arena_alloc(experiment->arena, (size_t)n, sizeof(bool)),
                            .files = volley_arena_alloc(experiment->arena, (size_t)experiment->n_inputs, sizeof(bool))};
  for (int s = 0, p; s < n_sets; s++)
    if (set_of_population(experiment, sets[s], &p)) are_set[p] = renewal.populations[p] = true;
  for (int i = 0; i < experiment->n_inputs; i++) {
    const char *path = experiment->inputs[i].path;
    for (int p = 0; p < n && !renewal.files[i]; p++)
      renewal.files[i] = are_set[p] && has_file(populations[p].spikes, path);
    for (int p = 0; p < n && renewal.files[i]; p++) renewal.populations[p] |= has_file(populations[p].spikes, path);
  }
  return renewal;
}

volley_status volley_assignments_check_files(volley_experiment *now, const volley_experiment *then,
                                             const volley_renewal *renewal, MPI_Comm comm) {
  static const char edges[] = "projections.";
  for (int i = 0; i < now->n_inputs; i++) {
    volley_input_file *input = &now->inputs[i];
    const bool is_renewed = renewal->files[i];
    input->bytes = then->inputs[i].bytes;
    input->checksum = then->inputs[i].checksum;
    if (!is_renewed && has_spikes(now, input->path)) continue;
    if (!is_renewed && strncmp(input->place.path, edges, strlen(edges)) == 0) continue;
    VOLLEY_TRY(is_renewed ? volley_input_sum(input, comm) : volley_input_compare(input, comm));
  }
  return VOLLEY_OK;
}

static bool set_of_stimulus(const char *assignment) { return strncmp(assignment, "stimuli.", strlen("stimuli.")) == 0; }

static void refuse_stimuli(const volley_experiment *experiment) {
  for (int r = 0; r < experiment->n_recorders; r++)
    if (strcmp(experiment->recorders[r].kind->name, "stimuli") == 0)
      volley_fault(VOLLEY_USAGE, NULL,
                   "recorder '%s': stimuli that are recorded stay as they are while a run is under way",
                   experiment->recorders[r].name);
  for (int c = 0; c < experiment->n_changes; c++)
    if (experiment->changes[c].stimulus >= 0)
      volley_fault(VOLLEY_USAGE, &experiment->changes[c].place,
                   "stimuli that the experiment changes are not set while a run is under way, too");
}

/* A parameter, or the list it is of, that a change has set: it would go on to hold. */
static void refuse_changed(const volley_experiment *experiment, int64_t step, int p, const char *assignment) {
  const volley_population *population = &experiment->populations[p];
  const char *key = assignment + strlen("populations.") + strlen(population->name);
  if (strncmp(key, ".parameters.", strlen(".parameters.")) != 0) return;
  key += strlen(".parameters.");
  const size_t n = strcspn(key, "=. ");
  for (int c = 0; c < experiment->n_changes; c++) {
    const volley_change *change = &experiment->changes[c];
    for (int k = 0; change->population == p && k < change->n_parameters; k++) {
      const char *name = population->model->parameters[change->parameters[k].number].name, *rest = name + n;
      if (change->step > step || strncmp(name, key, n) != 0) continue;
      if (*rest && !(*rest == '_' && strspn(rest + 1, "0123456789") == strlen(rest + 1))) continue;
      volley_fault(VOLLEY_USAGE, &change->place,
                   "%s of '%s', which this has changed by now, is not set while a run is under way, too", name,
                   population->name);
    }
  }
}

/* What is neither of a population that there is nor of a stimulus. */
static void refuse_other(const char *assignment) {
  const size_t begin = strlen("populations.");
  const char *name = strncmp(assignment, "populations.", begin) == 0 ? assignment + begin : "";
  const int n = (int)strcspn(name, ".=");
  if (strncmp(name + n, ".parameters.", strlen(".parameters.")) == 0 ||
      strncmp(name + n, ".spikes.", strlen(".spikes.")) == 0)
    volley_fault(VOLLEY_USAGE, NULL, "there is no population '%.*s'", n, name);
  else
    volley_fault(
        VOLLEY_USAGE, NULL,
        "'%s': only keys of stimuli, parameters of populations and spikes of sources can be set while a run is "
        "under way",
        assignment);
}

volley_status volley_assignments_check(const volley_experiment *experiment, int64_t step, const char *const *sets,
                                       int n_sets, MPI_Comm comm) {
  bool is_stimulus = false;
  volley_refuse_continuous(experiment, "stimuli");
  for (int s = 0, p; s < n_sets; s++) {
    if (set_of_population(experiment, sets[s], &p))
      refuse_changed(experiment, step, p, sets[s]);
    else if (!set_of_stimulus(sets[s]))
      refuse_other(sets[s]);
    is_stimulus |= set_of_stimulus(sets[s]);
  }
  if (is_stimulus) refuse_stimuli(experiment);
  return volley_agree(comm);
}

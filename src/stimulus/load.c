/* Stimuli before they act: their files are read, and what these hold is checked. */
#include "stimulus/stimulus.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct volley_loading {
  const volley_reader *reader;
  volley_arena *arena;
  volley_series *read; /* [n] so far */
  size_t n;
};

static bool is_same(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

volley_arena *volley_loading_arena(const volley_loading *loading) { return loading->arena; }

volley_status volley_stimulus_read(volley_loading *loading, const volley_stimulus *stimulus, volley_series *series) {
  for (size_t k = 0; k < loading->n && !series->values; k++) {
    const volley_series *other = &loading->read[k];
    if (is_same(other->file, series->file) && is_same(other->dataset, series->dataset)) *series = *other;
  }
  if (series->values) return VOLLEY_OK;
  VOLLEY_TRY(loading->reader->series(loading->reader->context, &stimulus->place, series->file, series->dataset,
                                     loading->arena, &series->values, &series->n_rows, &series->n_columns));
  loading->read = volley_grow(loading->read, loading->n + 1, sizeof *loading->read, "the files of stimuli");
  loading->read[loading->n++] = *series;
  return VOLLEY_OK;
}

static double mean_of(const double *values, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += values[i];
  return sum / n;
}

/* The member that a number of single neurons stands for. */
static double *member_of(volley_stimulus *stimulus, const char *key) {
  volley_keys tables[VOLLEY_STIMULUS_TABLES];
  const int n = volley_stimulus_keys(stimulus->kind, tables);
  for (int t = 0; t < n; t++) {
    const volley_key_info *found = volley_key_named(tables[t].keys, tables[t].n_keys, key);
    char *out = tables[t].is_common ? (void *)stimulus : stimulus->parameters;
    if (found) return (double *)(void *)(out + found->offset);
  }
  return NULL;
}

/* Whether weights of both signs reach a receptor each, which one stimulus does not. */
static bool has_both_signs(const volley_experiment *experiment, const volley_stimulus *stimulus,
                           const volley_own *own) {
  const int *of_sign = experiment->populations[stimulus->target].model->receptor_of_sign;
  bool signs[2] = {false};
  for (int i = 0; i < own->value.n_given; i++) signs[own->value.given[i] < 0] |= own->value.given[i] != 0;
  return strcmp(own->key, "weight") == 0 && stimulus->receptor == VOLLEY_RECEPTOR_BY_SIGN && of_sign[0] != of_sign[1] &&
         signs[0] && signs[1];
}

/* Reads the numbers of single neurons, which every rank keeps. */
static volley_status load_own(volley_loading *loading, const volley_experiment *experiment, volley_stimulus *stimulus,
                              volley_own *own) {
  const uint32_t n = stimulus->neurons.count;
  volley_distribution *value = &own->value;
  if (value->given && (uint32_t)value->n_given != n)
    return volley_fault(VOLLEY_USAGE, &stimulus->place, "%s: %s for %s", own->key,
                        volley_count((uint64_t)value->n_given, "value").text, volley_count(n, "neuron").text);
  if (!value->given) {
    double *values = volley_arena_alloc(loading->arena, n, sizeof *values);
    volley_gid *places = volley_alloc(n, sizeof *places, "a stimulus");
    for (uint32_t i = 0; i < n; i++) places[i] = i;
    const volley_status status =
        loading->reader->values(loading->reader->context, &stimulus->place, value, n, places, n, values);
    free(places);
    VOLLEY_TRY(status);
    value->given = values;
    value->n_given = (int)n;
  }
  VOLLEY_TRY(volley_distribution_check(value, &stimulus->place, own->key, value->given, NULL, n));
  if (has_both_signs(experiment, stimulus, own))
    return volley_fault(VOLLEY_USAGE, &stimulus->place,
                        "weight: values of both signs, which reach different receptors: name a receptor");
  *member_of(stimulus, own->key) = mean_of(value->given, value->n_given);
  return VOLLEY_OK;
}

static volley_status load(volley_loading *loading, const volley_experiment *experiment, volley_stimulus *stimulus) {
  const volley_stimulus_kind *kind = stimulus->kind;
  char buffer[512];
  for (int k = 0; k < stimulus->n_own; k++)
    if (stimulus->own[k].value.kind == VOLLEY_DATASET)
      VOLLEY_TRY(load_own(loading, experiment, stimulus, &stimulus->own[k]));
  if (kind->load) VOLLEY_TRY(kind->load(loading, stimulus));
  const char *wrong = kind->check_loaded ? kind->check_loaded(experiment, stimulus, buffer, sizeof buffer) : NULL;
  return wrong ? volley_fault(VOLLEY_USAGE, &stimulus->place, "%s", wrong) : VOLLEY_OK;
}

/* Every rank finds the same faults: what differs between ranks was agreed on before. */
volley_status volley_stimuli_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  volley_loading loading = {.reader = reader, .arena = experiment->arena};
  volley_status status = VOLLEY_OK;
  for (int s = 0; s < experiment->n_stimuli && status == VOLLEY_OK; s++)
    status = load(&loading, experiment, &experiment->stimuli[s]);
  for (int c = 0; c < experiment->n_changes && status == VOLLEY_OK; c++)
    if (experiment->changes[c].renewed) status = load(&loading, experiment, experiment->changes[c].renewed);
  free(loading.read);
  const volley_status agreed = volley_agree(comm);
  return agreed != VOLLEY_OK ? agreed : status;
}

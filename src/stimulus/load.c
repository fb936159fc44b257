/* Stimuli before they act: their files are read, and what these hold is checked. */
#include "stimulus/stimulus.h"

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

static volley_status load(volley_loading *loading, const volley_experiment *experiment,
                          const volley_stimulus *stimulus) {
  const volley_stimulus_kind *kind = stimulus->kind;
  char buffer[512];
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
  free(loading.read);
  const volley_status agreed = volley_agree(comm);
  return agreed != VOLLEY_OK ? agreed : status;
}

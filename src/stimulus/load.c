/* Stimuli before they act: their files are read, and what these hold is checked. */
#include "stimulus/stimulus.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static bool is_same(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* A stimulus before number s that has read the same dataset; NULL if there is none. */
static const volley_stimulus *read_before(const volley_experiment *experiment, int s) {
  const volley_stimulus *stimulus = &experiment->stimuli[s];
  for (int k = 0; k < s; k++) {
    const volley_stimulus *other = &experiment->stimuli[k];
    if (other->rows && is_same(other->file, stimulus->file) && is_same(other->dataset, stimulus->dataset)) return other;
  }
  return NULL;
}

static volley_status read_rows(volley_experiment *experiment, int s, const volley_reader *reader) {
  volley_stimulus *stimulus = &experiment->stimuli[s];
  const volley_stimulus *other = read_before(experiment, s);
  double *rows;
  if (other) {
    stimulus->rows = other->rows;
    stimulus->n_rows = other->n_rows;
    stimulus->n_columns = other->n_columns;
    return VOLLEY_OK;
  }
  VOLLEY_TRY(reader->series(reader->context, &stimulus->place, stimulus->file, stimulus->dataset, experiment->arena,
                            &rows, &stimulus->n_rows, &stimulus->n_columns));
  stimulus->rows = rows;
  return VOLLEY_OK;
}

static volley_status read_label_dataset(volley_experiment *experiment, volley_stimulus *stimulus,
                                        const volley_reader *reader) {
  uint64_t rows, columns;
  double *labels;
  VOLLEY_TRY(reader->series(reader->context, &stimulus->place, stimulus->file, stimulus->label_dataset,
                            experiment->arena, &labels, &rows, &columns));
  stimulus->labels = labels;
  if (rows == stimulus->n_rows && columns == 1) return VOLLEY_OK;
  return volley_fault(
      VOLLEY_USAGE, &stimulus->place,
      "dataset '%s' of '%s' holds %s of %s; there must be a label for each image, and there are %" PRIu64,
      stimulus->label_dataset, stimulus->file, volley_count(rows, "row").text, volley_count(columns, "label").text,
      stimulus->n_rows);
}

static volley_status take_label_column(volley_experiment *experiment, volley_stimulus *stimulus) {
  const uint64_t column = (uint64_t)stimulus->label_column;
  if (column >= stimulus->n_columns)
    return volley_fault(VOLLEY_USAGE, &stimulus->place, "label_column is %d; the rows of '%s' have columns 0-%" PRIu64,
                        stimulus->label_column, stimulus->file, stimulus->n_columns - 1);
  double *labels = volley_arena_alloc(experiment->arena, stimulus->n_rows, sizeof *labels);
  for (uint64_t r = 0; r < stimulus->n_rows; r++) labels[r] = stimulus->rows[r * stimulus->n_columns + column];
  stimulus->labels = labels;
  return VOLLEY_OK;
}

static volley_status load(volley_experiment *experiment, int s, const volley_reader *reader) {
  volley_stimulus *stimulus = &experiment->stimuli[s];
  char buffer[512];
  if (stimulus->file && !stimulus->rows) VOLLEY_TRY(read_rows(experiment, s, reader));
  if (stimulus->label_dataset && !stimulus->labels) VOLLEY_TRY(read_label_dataset(experiment, stimulus, reader));
  if (stimulus->file && stimulus->label_column >= 0) VOLLEY_TRY(take_label_column(experiment, stimulus));
  const volley_stimulus_kind *kind = stimulus->kind;
  const char *wrong = kind->check_loaded ? kind->check_loaded(experiment, stimulus, buffer, sizeof buffer) : NULL;
  return wrong ? volley_fault(VOLLEY_USAGE, &stimulus->place, "%s", wrong) : VOLLEY_OK;
}

/* Every rank finds the same faults: what differs between ranks was agreed on before. */
volley_status volley_stimuli_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  volley_status status = VOLLEY_OK;
  for (int s = 0; s < experiment->n_stimuli && status == VOLLEY_OK; s++) status = load(experiment, s, reader);
  const volley_status agreed = volley_agree(comm);
  return agreed != VOLLEY_OK ? agreed : status;
}

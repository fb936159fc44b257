/* What is right with an experiment but may not be what was meant: told, not refused. */
#include "experiment/check.h"
#include "experiment/reading.h"

#include "base/text.h"
#include "base/units.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 1024, MOST = 50 };

void volley_experiment_note(volley_experiment *experiment, const char *text) {
  for (int k = 0; k < experiment->n_notes; k++)
    if (strcmp(experiment->notes[k], text) == 0) return;
  if (experiment->n_notes == MOST) return;
  if (!experiment->notes) experiment->notes = volley_arena_alloc(experiment->arena, MOST, sizeof *experiment->notes);
  experiment->notes[experiment->n_notes++] = volley_arena_copy(experiment->arena, text);
}

void volley_note(volley_reading *reading, const volley_place *place, const char *format, ...) {
  char text[TEXT];
  const int n = volley_place_write(place, text, sizeof text);
  va_list list;
  va_start(list, format);
  vsnprintf(text + n, sizeof text - (size_t)n, format, list);
  va_end(list);
  volley_experiment_note(reading->experiment, text);
}

void volley_note_window(volley_reading *reading, const volley_place *place, const char *what, double start,
                        double stop) {
  const volley_simulation *simulation = &reading->experiment->simulation;
  const double end = (double)simulation->steps * simulation->dt;
  if (!(end > 0)) return; /* reported */
  if (start > end * (1 - 1e-9))
    volley_note(reading, place, "%s begins at %.10g ms, but the run ends at %.10g ms: nothing of it happens", what,
                start, end);
  else if (isfinite(stop) && stop > end * (1 + 1e-9))
    volley_note(reading, place, "%s ends at %.10g ms, but the run does at %.10g ms: nothing happens after that", what,
                stop, end);
}

void volley_note_rounding(volley_reading *reading, const volley_place *place, const char *what, double time) {
  const double dt = reading->experiment->simulation.dt;
  if (!(dt > 0)) return; /* reported */
  const double steps = volley_round_steps(time, dt);
  if (fabs(steps * dt - time) <= 0.1 * time * (1 + 1e-9)) return;
  volley_note(reading, place, "%s of %.10g ms is rounded to %.0f step%s of dt = %g ms: %.10g ms", what, time, steps,
              steps == 1 ? "" : "s", dt, steps * dt);
}

void volley_experiment_print_notes(const volley_experiment *experiment, MPI_Comm comm) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  for (int k = 0; k < experiment->n_notes && rank == 0; k++)
    fprintf(stderr, "volley: note: %s\n", volley_show(experiment->notes[k]).text);
}

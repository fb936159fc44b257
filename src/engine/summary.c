#include "engine/summary.h"

#include <stdlib.h>

const char *const volley_phase_names[VOLLEY_PHASES] = {
    [VOLLEY_PHASE_UPDATE] = "update",     [VOLLEY_PHASE_STIMULI] = "stimuli", [VOLLEY_PHASE_DELIVER] = "deliver",
    [VOLLEY_PHASE_EXCHANGE] = "exchange", [VOLLEY_PHASE_WAIT] = "wait",       [VOLLEY_PHASE_RECORD] = "record",
    [VOLLEY_PHASE_LEARN] = "learn",       [VOLLEY_PHASE_SAVE] = "checkpoint",
};

void volley_summary_release(volley_summary *summary) {
  free(summary->peak_rss_bytes);
  free(summary->places);
  free(summary->rate_hz);
  free(summary->population_names);
  for (int s = 0; s < summary->n_spectra; s++) {
    free(summary->spectra[s].before);
    free(summary->spectra[s].after);
  }
  free(summary->spectra);
  *summary = (volley_summary){0};
}

#include "stimulus/stimulus.h"

#include <string.h>

extern const volley_stimulus_kind volley_stimulus_poisson, volley_stimulus_inhomogeneous_poisson,
    volley_stimulus_images, volley_stimulus_spike_times, volley_stimulus_dc, volley_stimulus_step_current,
    volley_stimulus_ac, volley_stimulus_noise, volley_stimulus_signal, volley_stimulus_teacher;

static const volley_stimulus_kind *const kinds[] = {&volley_stimulus_poisson,
                                                    &volley_stimulus_inhomogeneous_poisson,
                                                    &volley_stimulus_images,
                                                    &volley_stimulus_spike_times,
                                                    &volley_stimulus_dc,
                                                    &volley_stimulus_step_current,
                                                    &volley_stimulus_ac,
                                                    &volley_stimulus_noise,
                                                    &volley_stimulus_signal,
                                                    &volley_stimulus_teacher,
                                                    NULL};

const volley_stimulus_kind *const *volley_stimulus_kinds(void) { return kinds; }

const volley_stimulus_kind *volley_stimulus_kind_find(const char *name) {
  for (const volley_stimulus_kind *const *kind = kinds; *kind; kind++) {
    if (strcmp((*kind)->name, name) == 0) return *kind;
  }
  return NULL;
}

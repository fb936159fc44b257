/* What `volley check` prints: as text for people, as JSON for programs. Not collective. */
#ifndef VOLLEY_APP_CHECK_REPORT_H
#define VOLLEY_APP_CHECK_REPORT_H

#include "app/calibrate.h"

typedef struct volley_check_figures {
  const volley_experiment *experiment;
  const volley_estimate *estimate;
  const volley_output_estimate *output;
  const volley_times *times;
} volley_check_figures;

void volley_check_print(const volley_check_figures *figures);
void volley_check_print_json(const volley_check_figures *figures);

#endif

#include "app/estimate.h"

#include "io/checkpoint/checkpoint.h"
#include "io/file/disk_space.h"
#include "io/output/layout.h"

#include <math.h>
#include <stdlib.h>

/* The part of a run in which a recorder is at work. */
static double count_steps(const volley_experiment *experiment, const volley_recorder *recorder) {
  const int64_t steps = experiment->simulation.steps, stop = recorder->stop < steps ? recorder->stop : steps;
  return stop > recorder->start ? (double)(stop - recorder->start) : 0;
}

volley_records volley_estimate_records(const volley_experiment *experiment, const volley_estimate *estimate, int r) {
  const volley_recorder *recorder = &experiment->recorders[r];
  const double steps = count_steps(experiment, recorder);
  const volley_recorder_kind *kind = recorder->kind;
  if (kind->holds_spikes) {
    double rate = 0, size = 0; /* of all its neurons, which are of several populations where they are nodes */
    for (int p = 0; p < experiment->n_populations; p++) {
      if (!volley_recorder_covers(experiment, recorder, p)) continue;
      rate += volley_expected_rate(&experiment->populations[p]) * experiment->populations[p].size;
      size += experiment->populations[p].size;
    }
    rate /= size;
    return (volley_records){.count = 1e-3 * steps * experiment->simulation.dt * rate * recorder->neurons.count};
  }
  const double width = kind->expected_width ? kind->expected_width(experiment, recorder, estimate->expected)
                                            : (double)kind->width(experiment, recorder);
  return (volley_records){.width = width, .count = floor(steps / (double)recorder->interval)};
}

static double recorder_bytes(const volley_experiment *experiment, const volley_estimate *estimate, int r) {
  const volley_records records = volley_estimate_records(experiment, estimate, r);
  return (double)volley_track_expected_bytes(experiment, r, (uint64_t)records.width, (uint64_t)ceil(records.count));
}

/* The last one is kept besides those of the past while a new one is written. */
static void add_checkpoints(const volley_experiment *experiment, volley_output_estimate *output) {
  const volley_checkpoint_plan *plan = &experiment->checkpoint;
  if (plan->steps <= 0 && plan->wall <= 0) return;
  const double written = plan->steps > 0 ? ceil((double)experiment->simulation.steps / (double)plan->steps) : INFINITY;
  output->kept_checkpoints = fmin(plan->keep, written);
  output->needed_bytes = 2 * output->file_bytes + (output->kept_checkpoints + 1) * output->checkpoint_bytes;
}

volley_output_estimate volley_estimate_output(const volley_experiment *experiment, const volley_estimate *estimate) {
  volley_output_estimate output = {.checkpoint_bytes = (double)volley_checkpoint_bytes(experiment)};
  output.recorders = volley_alloc((size_t)experiment->n_recorders, sizeof *output.recorders, "an estimate");
  output.file_bytes = (double)volley_layout_expected_bytes(experiment);
  for (int r = 0; r < experiment->n_recorders; r++) {
    output.recorders[r] = recorder_bytes(experiment, estimate, r);
    output.file_bytes += output.recorders[r];
  }
  output.needed_bytes = output.file_bytes;
  output.free_bytes = (double)volley_file_free_space(experiment->output);
  add_checkpoints(experiment, &output);
  return output;
}

void volley_output_estimate_release(volley_output_estimate *output) { free(output->recorders); }

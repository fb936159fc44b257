/* volley info CHECKPOINT: which run it is from, and how far that had come. */
#include "app/info.h"

#include "app/json.h"
#include "app/launch.h"
#include "base/text.h"
#include "io/checkpoint/checkpoint.h"
#include "io/output/summary.h"

#include <inttypes.h>
#include <stdlib.h>

static void print_checkpoint(const volley_checkpoint_info *info) {
  char digest[VOLLEY_DIGEST_SIZE];
  volley_digest_text(info->state.digest, digest);
  printf("%s%s%s\n", volley_show(info->path).text, info->title[0] ? ": " : "", volley_show(info->title).text);
  printf("  checkpoint    at %.10g of %.10g ms (%.3g %%)\n", info->time_ms, info->duration_ms,
         100 * info->time_ms / info->duration_ms);
  printf("  state         whole: every byte is as it was written\n");
  printf("  experiment    %s, seed %" PRIu64 ", hash %s\n", volley_show(info->experiment_file).text, info->seed,
         info->experiment_hash);
  printf("  written       %s on %s\n", info->written, info->host);
  printf("  program       Volley %s (%s)\n", info->version, info->git_commit);
  printf("  ranks         %" PRIu64 " x %s; goes on with any number\n", info->ranks,
         volley_count(info->threads, "thread").text);
  printf("  network       %s, %s, steps of %g ms\n", volley_count(info->neurons, "neuron").text,
         volley_count(info->state.synapses, "synapse").text, info->dt_ms);
  printf("  spikes        %" PRIu64 ", digest %s\n", info->state.spikes, digest);
  printf("  output        %s\n", volley_show(info->output).text);
  for (int f = 0; f < info->past.n_files; f++) printf("  recorded      %s\n", volley_show(info->past.files[f]).text);
  printf("  size          %.3g MB\n", 1e-6 * (double)info->bytes);
  char *word = volley_shell_word(info->path);
  printf("go on with: volley run --resume %s\n", word);
  free(word);
}

static void print_json(const volley_checkpoint_info *info) {
  const char *next = ",\n  ";
  char digest[VOLLEY_DIGEST_SIZE];
  volley_digest_text(info->state.digest, digest);
  volley_json_member_text("file", info->path, "{\n  ");
  printf("%s\"checkpoint\": true%s\"whole\": true", next, next);
  volley_json_member_text("title", info->title, next);
  volley_json_member_text("experiment", info->experiment_file, next);
  volley_json_member_text("experiment_hash", info->experiment_hash, next);
  volley_json_member_text("version", info->version, next);
  volley_json_member_text("git_commit", info->git_commit, next);
  volley_json_member_text("written", info->written, next);
  volley_json_member_count("ranks", info->ranks, next);
  volley_json_member_count("threads", info->threads, next);
  volley_json_member_number("dt_ms", info->dt_ms, next);
  volley_json_member_number("duration_ms", info->duration_ms, next);
  volley_json_member_number("time_ms", info->time_ms, next);
  volley_json_member_count("neurons", info->neurons, next);
  volley_json_member_count("synapses", info->state.synapses, next);
  volley_json_member_count("spikes", info->state.spikes, next);
  volley_json_member_text("spike_digest", digest, next);
  volley_json_member_text("output", info->output, next);
  volley_json_member_count("bytes", info->bytes, next);
  printf("%s\"recorded\": [", next);
  for (int f = 0; f < info->past.n_files; f++) {
    if (f > 0) printf(", ");
    volley_json_text(stdout, info->past.files[f]);
  }
  printf("]\n}\n");
}

volley_status volley_info_checkpoint(const char *path, bool json) {
  volley_checkpoint *checkpoint = NULL;
  VOLLEY_TRY(volley_mpi_start());
  VOLLEY_TRY(volley_checkpoint_open(path, MPI_COMM_SELF, &checkpoint));
  const volley_checkpoint_info *info = volley_checkpoint_get_info(checkpoint);
  if (json)
    print_json(info);
  else
    print_checkpoint(info);
  volley_checkpoint_close(checkpoint);
  return VOLLEY_OK;
}

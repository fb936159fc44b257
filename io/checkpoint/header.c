/* Section of the run's description: attributes, from one table for writing and reading, and the text of the experiment. */
#include "base/build_info.h"
#include "io/checkpoint/section.h"
#include "io/output/provenance.h"
#include "io/output/summary.h"
#include "solver/solver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef enum kind { TEXT, SOME_TEXT /* left out where empty */, COUNT, SOME_COUNT /* where 0 */, NUMBER } kind;

/* An attribute and the member of volley_checkpoint_info that it holds. */
typedef struct attribute {
  const char *name;
  kind kind;
  size_t offset;
} attribute;

static const char group_name[] = "volley_checkpoint", experiment_path[] = "volley_checkpoint/experiment";
static const char format_name[] = "format_version", digest_name[] = "spike_digest";
static const uint32_t format_version = VOLLEY_CHECKPOINT_FORMAT;

#define MEMBER(member) offsetof(volley_checkpoint_info, member)
static const attribute attributes[] = {
    {"title", TEXT, MEMBER(title)},
    {"experiment_file", TEXT, MEMBER(experiment_file)},
    {"experiment_folder", TEXT, MEMBER(experiment_folder)},
    {"experiment_hash", TEXT, MEMBER(experiment_hash)},
    {"output", TEXT, MEMBER(output)},
    {"version", TEXT, MEMBER(version)},
    {"git_commit", TEXT, MEMBER(git_commit)},
    {"petsc_options", SOME_TEXT, MEMBER(petsc_options)},
    {"host", TEXT, MEMBER(host)},
    {"written", TEXT, MEMBER(written)},
    {"ranks", COUNT, MEMBER(ranks)},
    {"threads", COUNT, MEMBER(threads)},
    {"neurons", COUNT, MEMBER(neurons)},
    {"seed", COUNT, MEMBER(seed)},
    {"dt_ms", NUMBER, MEMBER(dt_ms)},
    {"duration_ms", NUMBER, MEMBER(duration_ms)},
    {"time_ms", NUMBER, MEMBER(time_ms)},
    {"begun_from", SOME_TEXT, MEMBER(begun_from)},
    {"begins", SOME_COUNT, MEMBER(begins)},
    {"step", COUNT, MEMBER(state.step)},
    {"spikes", COUNT, MEMBER(state.spikes)},
    {"synaptic_events", COUNT, MEMBER(state.synaptic_events)},
    {"synapses", COUNT, MEMBER(state.synapses)},
};
enum { N_ATTRIBUTES = sizeof attributes / sizeof *attributes };

static uint64_t text_bytes(const char *text) { return text ? strlen(text) + 1 : 1; }

static uint64_t count_bytes(const volley_experiment *experiment) {
  return text_bytes(experiment->resolved) + text_bytes(experiment->title) + text_bytes(experiment->file) +
         text_bytes(experiment->folder);
}

/* What the attributes say. Collective. */
static volley_checkpoint_info describe(const volley_saved *saved, volley_arena *arena) {
  const volley_network *network = saved->parts->network;
  const volley_experiment *experiment = network->experiment;
  const char *text = experiment->resolved ? experiment->resolved : "";
  volley_stamp *stamp = volley_arena_alloc(arena, 1, sizeof *stamp);
  *stamp = volley_stamp_now(network->comm);
  volley_checkpoint_info info = {.title = experiment->title,
                                 .experiment_file = experiment->file,
                                 .experiment_folder = experiment->folder,
                                 .experiment = text,
                                 .output = saved->output,
                                 .version = VOLLEY_VERSION,
                                 .git_commit = VOLLEY_GIT_COMMIT,
                                 .host = stamp->host,
                                 .written = stamp->time,
                                 .petsc_options = volley_petsc_options(),
                                 .begun_from = experiment->begun_from ? experiment->begun_from : "",
                                 .begins = (uint64_t)experiment->begins,
                                 .ranks = (uint64_t)network->ranks,
                                 .threads = (uint64_t)network->threads,
                                 .neurons = experiment->neurons,
                                 .seed = experiment->simulation.seed,
                                 .dt_ms = experiment->simulation.dt,
                                 .duration_ms = (double)experiment->simulation.steps * experiment->simulation.dt,
                                 .time_ms = (double)saved->state->step * experiment->simulation.dt,
                                 .state = *saved->state};
  info.experiment_hash = volley_arena_format(arena, "%016" PRIx64, volley_checksum(text, 0, strlen(text)));
  return info;
}

static void *create(volley_contents *contents, const volley_saved *saved) {
  volley_arena *arena = contents->arena;
  volley_checkpoint_info *info = volley_arena_alloc(arena, 1, sizeof *info);
  *info = describe(saved, arena);
  volley_contents_add_value(contents, group_name, format_name, H5T_NATIVE_UINT32, &format_version);
  for (int a = 0; a < N_ATTRIBUTES; a++) {
    const char *name = attributes[a].name;
    const void *member = (const char *)info + attributes[a].offset;
    const char *text = attributes[a].kind < COUNT ? *(const char *const *)member : NULL;
    switch (attributes[a].kind) {
      case SOME_TEXT:
        if (!*text) break; /* falls through */
      case TEXT: volley_contents_add_text(contents, group_name, name, text ? text : ""); break;
      case SOME_COUNT:
        if (*(const uint64_t *)member == 0) break; /* falls through */
      case COUNT: volley_contents_add_value(contents, group_name, name, H5T_NATIVE_UINT64, member); break;
      case NUMBER: volley_contents_add_value(contents, group_name, name, H5T_NATIVE_DOUBLE, member); break;
    }
  }
  char *digest = volley_arena_alloc(arena, VOLLEY_DIGEST_SIZE, 1);
  volley_digest_text(info->state.digest, digest);
  volley_contents_add_text(contents, group_name, digest_name, digest);
  volley_contents_add_scalar(contents, experiment_path, info->experiment);
  return NULL;
}

static void check_format(volley_checkpoint *checkpoint, hid_t group) {
  volley_hdf5 *file = &checkpoint->file;
  uint32_t format = 0;
  volley_hdf5_get_value(file, group, format_name, H5T_NATIVE_UINT32, &format);
  if (format != format_version)
    volley_hdf5_fault(file, "'%s' has checkpoint format %u; this version of Volley reads format %u", file->path, format,
                      format_version);
}

static void read_attributes(volley_checkpoint *checkpoint, hid_t group) {
  volley_hdf5 *file = &checkpoint->file;
  volley_checkpoint_info *info = &checkpoint->info;
  check_format(checkpoint, group);
  for (int a = 0; a < N_ATTRIBUTES && !file->failed; a++) {
    const char *name = attributes[a].name;
    void *member = (char *)info + attributes[a].offset;
    switch (attributes[a].kind) {
      case SOME_TEXT:
        *(const char **)member = "";
        if (H5Aexists(group, name) <= 0) break; /* falls through */
      case TEXT: *(const char **)member = volley_hdf5_get_text(file, group, name, checkpoint->arena); break;
      case SOME_COUNT:
        if (H5Aexists(group, name) <= 0) break; /* falls through */
      case COUNT: volley_hdf5_get_value(file, group, name, H5T_NATIVE_UINT64, member); break;
      case NUMBER: volley_hdf5_get_value(file, group, name, H5T_NATIVE_DOUBLE, member); break;
    }
  }
  if (file->failed) return;
  uint64_t *digest = info->state.digest;
  const char *text = volley_hdf5_get_text(file, group, digest_name, checkpoint->arena);
  if (sscanf(text, "%16" SCNx64 "%16" SCNx64, &digest[0], &digest[1]) != 2)
    volley_checkpoint_refuse(checkpoint, "spike_digest is not 32 hexadecimal digits");
}

static void read_header(volley_checkpoint *checkpoint) {
  volley_checkpoint_info *info = &checkpoint->info;
  uint64_t n = 0;
  const hid_t group = volley_hdf5_open_group(&checkpoint->file, checkpoint->handle, group_name);
  read_attributes(checkpoint, group);
  volley_hdf5_release(&checkpoint->file, group);
  if (!checkpoint->file.failed && (double)info->state.step * info->dt_ms != info->time_ms)
    volley_checkpoint_refuse(checkpoint, "its step and its time do not fit");
  char **texts = volley_checkpoint_texts(checkpoint, experiment_path, &n);
  if (n == 1)
    info->experiment = texts[0];
  else
    volley_checkpoint_refuse(checkpoint, "it holds no experiment");
}

const volley_section volley_section_header = {
    .name = group_name, .bytes = count_bytes, .create = create, .read = read_header};

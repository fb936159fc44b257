#include "io/checkpoint/header.h"

#include "io/output/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef enum kind { TEXT, COUNT, NUMBER } kind;

/* An attribute and the member of volley_checkpoint_info that it holds. */
typedef struct attribute {
  const char *name;
  kind kind;
  size_t offset;
} attribute;

static const char format_name[] = "format_version", digest_name[] = "spike_digest";

#define MEMBER(member) offsetof(volley_checkpoint_info, member)
static const attribute attributes[] = {
    {"title", TEXT, MEMBER(title)},
    {"experiment_file", TEXT, MEMBER(experiment_file)},
    {"experiment_folder", TEXT, MEMBER(experiment_folder)},
    {"experiment_hash", TEXT, MEMBER(experiment_hash)},
    {"output", TEXT, MEMBER(output)},
    {"version", TEXT, MEMBER(version)},
    {"git_commit", TEXT, MEMBER(git_commit)},
    {"host", TEXT, MEMBER(host)},
    {"written", TEXT, MEMBER(written)},
    {"ranks", COUNT, MEMBER(ranks)},
    {"threads", COUNT, MEMBER(threads)},
    {"neurons", COUNT, MEMBER(neurons)},
    {"seed", COUNT, MEMBER(seed)},
    {"dt_ms", NUMBER, MEMBER(dt_ms)},
    {"duration_ms", NUMBER, MEMBER(duration_ms)},
    {"time_ms", NUMBER, MEMBER(time_ms)},
    {"step", COUNT, MEMBER(state.step)},
    {"spikes", COUNT, MEMBER(state.spikes)},
    {"synaptic_events", COUNT, MEMBER(state.synaptic_events)},
    {"synapses", COUNT, MEMBER(state.synapses)},
};
enum { N_ATTRIBUTES = sizeof attributes / sizeof *attributes };

void volley_checkpoint_put_header(volley_hdf5 *file, hid_t group, const volley_checkpoint_info *info) {
  const uint32_t format = VOLLEY_CHECKPOINT_FORMAT;
  char digest[VOLLEY_DIGEST_SIZE];
  volley_hdf5_put_values(file, group, format_name, H5T_NATIVE_UINT32, 0, &format);
  for (int a = 0; a < N_ATTRIBUTES; a++) {
    const char *name = attributes[a].name;
    const void *member = (const char *)info + attributes[a].offset;
    const char *text = attributes[a].kind == TEXT ? *(const char *const *)member : NULL;
    switch (attributes[a].kind) {
      case TEXT: volley_hdf5_put_text(file, group, name, text ? text : ""); break;
      case COUNT: volley_hdf5_put_count(file, group, name, *(const uint64_t *)member); break;
      case NUMBER: volley_hdf5_put_number(file, group, name, *(const double *)member); break;
    }
  }
  volley_digest_text(info->state.digest, digest);
  volley_hdf5_put_text(file, group, digest_name, digest);
}

/* Opens an attribute that must hold one value of this class. */
static hid_t open_attribute(volley_hdf5 *file, hid_t group, const char *name, H5T_class_t class) {
  const hid_t opened = volley_hdf5_check(file, H5Aopen(group, name, H5P_DEFAULT), "find an attribute in");
  const hid_t space = volley_hdf5_check(file, H5Aget_space(opened), "look up data of");
  const hid_t type = volley_hdf5_check(file, H5Aget_type(opened), "look up data of");
  if (!file->failed &&
      (H5Sget_simple_extent_npoints(space) != 1 || H5Tget_class(type) != class || H5Tis_variable_str(type) != 0)) {
    file->failed = true;
    volley_fault(file->blame, file->place, "'%s' is no sound checkpoint: attribute '%s' is not of the right type",
                 file->path, name);
  }
  volley_hdf5_release(file, type);
  volley_hdf5_release(file, space);
  return opened;
}

static void get_value(volley_hdf5 *file, hid_t group, const char *name, hid_t type, void *value) {
  const hid_t opened = open_attribute(file, group, name, H5Tget_class(type));
  if (!file->failed) volley_hdf5_check(file, H5Aread(opened, type, value), "read");
  volley_hdf5_release(file, opened);
}

static const char *get_text(volley_hdf5 *file, hid_t group, const char *name, volley_arena *arena) {
  const hid_t opened = open_attribute(file, group, name, H5T_STRING);
  const hid_t type = volley_hdf5_check(file, H5Aget_type(opened), "look up data of");
  const size_t size = file->failed ? 0 : H5Tget_size(type);
  char *text = volley_arena_alloc(arena, size + 1, 1);
  if (!file->failed) volley_hdf5_check(file, H5Aread(opened, type, text), "read");
  volley_hdf5_release(file, type);
  volley_hdf5_release(file, opened);
  return text;
}

void volley_checkpoint_get_header(volley_hdf5 *file, hid_t group, volley_arena *arena, volley_checkpoint_info *info) {
  uint32_t format = 0;
  get_value(file, group, format_name, H5T_NATIVE_UINT32, &format);
  if (!file->failed && format != VOLLEY_CHECKPOINT_FORMAT) {
    file->failed = true;
    volley_fault(file->blame, file->place, "'%s' has checkpoint format %u; this version of Volley reads format %d",
                 file->path, format, VOLLEY_CHECKPOINT_FORMAT);
  }
  for (int a = 0; a < N_ATTRIBUTES && !file->failed; a++) {
    const char *name = attributes[a].name;
    void *member = (char *)info + attributes[a].offset;
    switch (attributes[a].kind) {
      case TEXT: *(const char **)member = get_text(file, group, name, arena); break;
      case COUNT: get_value(file, group, name, H5T_NATIVE_UINT64, member); break;
      case NUMBER: get_value(file, group, name, H5T_NATIVE_DOUBLE, member); break;
    }
  }
  if (file->failed) return;
  uint64_t *digest = info->state.digest;
  if (sscanf(get_text(file, group, digest_name, arena), "%16" SCNx64 "%16" SCNx64, &digest[0], &digest[1]) != 2 &&
      !file->failed) {
    file->failed = true;
    volley_fault(file->blame, file->place, "'%s' is no sound checkpoint: spike_digest is not 32 hexadecimal digits",
                 file->path);
  }
}

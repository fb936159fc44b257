#define _GNU_SOURCE /* realpath, memmem */

#include "app/written_files.h"

#include "base/memory.h"
#include "io/checkpoint/checkpoint.h"
#include "io/checkpoint/series.h"
#include "io/file/disk_space.h"
#include "io/file/hdf5.h"
#include "io/file/path.h"
#include "io/file/run_lock.h"
#include "io/file/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_ENDING = 6 /* .parts */, SUMMARY_HEAD = 1 << 16 };

/* A file that is written, or read. */
typedef struct named {
  const char *path;
  const char *what; /* "the output" */
  const char *of;   /* path of that, where `path` is only made for it; else NULL */
  int family;       /* of files that may meet each other: a checkpoint and the one before it */
} named;

enum { OUTPUT, CHECKPOINT, SUMMARY, READ };

typedef struct check {
  const volley_experiment *experiment;
  const volley_written *written;
  volley_arena *arena;
  named *writes, *reads;
  int n_writes, n_reads;
} check;

static bool ends_with(const char *text, const char *ending) {
  const size_t n = strlen(text), m = strlen(ending);
  return n >= m && strcmp(text + n - m, ending) == 0;
}

/* Of a name too long for the ending its beginning and a hash are taken. */
const char *volley_checkpoint_beside(volley_arena *arena, const char *output) {
  enum { LONGEST = NAME_MAX - sizeof ".checkpoint.h5.parts", KEPT = 200 };
  const size_t length = strlen(output);
  const bool has_ending = ends_with(output, ".h5") && length > 3;
  const size_t stem = has_ending ? length - 3 : length;
  const char *slash = strrchr(output, '/');
  const size_t folder = slash ? (size_t)(slash - output) + 1 : 0;
  if (stem - folder <= LONGEST) return volley_arena_format(arena, "%.*s.checkpoint.h5", (int)stem, output);
  size_t kept = folder + KEPT;
  while (kept > folder && ((unsigned char)output[kept] & 0xC0) == 0x80) kept--; /* within a character of UTF-8 */
  return volley_arena_format(arena, "%.*s~%016" PRIx64 ".checkpoint.h5", (int)kept, output,
                             volley_checksum(output + folder, 0, length - folder));
}

/* Absolute path of a file that need not be there; as it is if its folder is not. */
static const char *absolute(volley_arena *arena, const char *path) {
  char *folder = realpath(dirname(volley_arena_copy(arena, path)), NULL);
  if (!folder) return path;
  const char *whole = volley_arena_format(arena, "%s/%s", folder, basename(volley_arena_copy(arena, path)));
  free(folder);
  return whole;
}

static bool is_same_file(const check *c, const char *a, const char *b) {
  struct stat first, second;
  if (stat(a, &first) == 0 && stat(b, &second) == 0)
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
  return strcmp(absolute(c->arena, a), absolute(c->arena, b)) == 0;
}

static void add_write(check *c, int family, const char *what, const char *of, const char *ending) {
  const char *path = volley_arena_format(c->arena, "%s%s", of, ending);
  c->writes[c->n_writes++] = (named){.path = path, .what = what, .of = *ending ? of : NULL, .family = family};
}

static void add_read(check *c, int family, const char *what, const char *path) {
  if (path && *path) c->reads[c->n_reads++] = (named){.path = path, .what = what, .family = family};
}

/* Lists all that is written and read. */
static void list_files(check *c) {
  const volley_written *w = c->written;
  const int n_past = w->past ? w->past->n_files : 0;
  c->writes = volley_arena_alloc(c->arena, (size_t)w->keep + 14, sizeof *c->writes);
  c->reads = volley_arena_alloc(c->arena, (size_t)(c->experiment->n_inputs + n_past + 3), sizeof *c->reads);
  static const char *const endings[] = {"", ".part", VOLLEY_LOCK_ENDING, VOLLEY_LOCK_ENDING "~"};
  for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
    add_write(c, OUTPUT, "the output", w->output, endings[e]);
    add_write(c, CHECKPOINT, "the checkpoint", w->checkpoint, endings[e]);
    if (w->summary) add_write(c, SUMMARY, "the summary", w->summary, endings[e]);
  }
  add_write(c, OUTPUT, "the output", w->output, ".parts");
  for (int k = 1; k < w->keep; k++)
    add_write(c, CHECKPOINT, "the checkpoint", w->checkpoint, volley_arena_format(c->arena, ".%d", k));
  add_read(c, READ, "the experiment", c->experiment->file);
  for (int i = 0; i < c->experiment->n_inputs; i++)
    add_read(c, READ, "a file that the experiment reads", c->experiment->inputs[i].path);
  add_read(c, w->continues ? CHECKPOINT : READ, "the checkpoint that is resumed", w->resumed);
  add_read(c, READ, "the checkpoint that it begins at", w->from);
  for (int f = 0; f < n_past; f++) /* the output may be one of them: the longer one that it becomes holds it */
    add_read(c, OUTPUT, "what was recorded before the checkpoint", w->past->files[f]);
}

static volley_status refuse_meeting(const check *c, const named *written, const named *other) {
  const char *made = written->of ? volley_arena_format(c->arena, "'%s', which is made for %s '%s',", written->path,
                                                       written->what, written->of)
                                 : volley_arena_format(c->arena, "%s '%s'", written->what, written->path);
  const char *that =
      other->of ? volley_arena_format(c->arena, "'%s', which is made for %s '%s'", other->path, other->what, other->of)
                : volley_arena_format(c->arena, "%s, '%s'", other->what, other->path);
  return volley_fault(VOLLEY_USAGE, NULL, "%s would replace %s; choose another name", made, that);
}

/* Whether it is where this program prints: the file that the shell has opened would lose its name. */
static volley_status check_streams(const named *written) {
  static const char *const names[] = {[STDOUT_FILENO] = "standard output", [STDERR_FILENO] = "standard error"};
  struct stat there, stream;
  for (int s = STDOUT_FILENO; s <= STDERR_FILENO && stat(written->path, &there) == 0; s++)
    if (fstat(s, &stream) == 0 && S_ISREG(stream.st_mode) && stream.st_dev == there.st_dev &&
        stream.st_ino == there.st_ino)
      return volley_fault(VOLLEY_USAGE, NULL, "%s '%s' would replace the file into which %s goes; choose another name",
                          written->what, written->path, names[s]);
  return VOLLEY_OK;
}

/* Whether nothing that is written meets what is read or what is written for another purpose; names the first that does. */
static volley_status check_meetings(const check *c) {
  for (int w = 0; w < c->n_writes; w++) {
    const named *written = &c->writes[w];
    VOLLEY_TRY(check_streams(written));
    for (int r = 0; r < c->n_reads; r++)
      if (written->family != c->reads[r].family && is_same_file(c, written->path, c->reads[r].path))
        return refuse_meeting(c, written, &c->reads[r]);
    for (int o = 0; o < c->n_writes; o++)
      if (written->family < c->writes[o].family && is_same_file(c, written->path, c->writes[o].path))
        return refuse_meeting(c, written, &c->writes[o]);
  }
  return VOLLEY_OK;
}

static bool is_empty(hid_t file) {
  H5G_info_t links;
  return H5Gget_info(file, &links) >= 0 && links.nlinks == 0;
}

/* Whether the file is HDF5 with this group. A temporary one may be of a run that was killed before it had one, or before it
 * could be opened. */
static bool has_group(const char *path, const char *group, bool is_temporary) {
  static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'}, nothing[8] = {0};
  unsigned char head[8] = {0};
  const hid_t opened = volley_hdf5_try_open(path);
  if (opened >= 0) {
    const bool found = H5Lexists(opened, group, H5P_DEFAULT) > 0 || (is_temporary && is_empty(opened));
    (void)H5Fclose(opened);
    return found;
  }
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  const bool can_read = descriptor >= 0 && read(descriptor, head, sizeof head) >= 0;
  if (descriptor >= 0) close(descriptor);
  return is_temporary && can_read && (memcmp(head, signature, 8) == 0 || memcmp(head, nothing, 8) == 0);
}

/* Whether the file is a summary, or the beginning of one. */
static bool is_summary(const char *path) {
  static const char first[] = "{\n  \"neurons\": ";
  char head[sizeof first] = "";
  FILE *opened = fopen(path, "r");
  if (!opened) return false;
  const size_t n = fread(head, 1, sizeof first - 1, opened);
  fclose(opened);
  return n == sizeof first - 1 && memcmp(head, first, n) == 0;
}

/* Whether Volley wrote the file, which is there and not empty. */
static bool is_ours(const named *written) {
  const bool is_temporary = written->of != NULL;
  switch (written->family) {
    case OUTPUT: return has_group(written->path, "volley", is_temporary);
    case CHECKPOINT:
      return volley_is_checkpoint(written->path) || has_group(written->path, "volley_checkpoint", is_temporary);
    default: return is_summary(written->path);
  }
}

/* Whether an existing file may be replaced. */
static volley_status check_existing(const check *c, const named *written) {
  struct stat found;
  const bool is_folder = ends_with(written->path, ".parts") && written->of;
  const bool is_lock = written->of && strncmp(written->path + strlen(written->of), VOLLEY_LOCK_ENDING,
                                              sizeof VOLLEY_LOCK_ENDING - 1) == 0;
  if (is_lock || lstat(written->path, &found) || (is_folder && S_ISDIR(found.st_mode))) return VOLLEY_OK;
  const char *role = written->of
                         ? volley_arena_format(c->arena, "which is made for %s '%s'", written->what, written->of)
                         : volley_arena_format(c->arena, "%s", written->what);
  if (is_folder)
    return volley_fault(VOLLEY_USAGE, NULL, "'%s', %s, is not a folder; choose another name", written->path, role);
  if (!S_ISREG(found.st_mode)) return VOLLEY_OK; /* volley_file_check() knows what to say */
  if (!(found.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) || access(written->path, W_OK))
    return volley_fault(VOLLEY_USAGE, NULL,
                        "'%s', %s, is write-protected; choose another name, or permit it by chmod +w", written->path,
                        role);
  const bool may_be_damaged = written->family == CHECKPOINT && c->written->continues; /* then an older one is resumed */
  const bool may_be_made = written->of && !c->written->locked;                        /* just now, by another run */
  if (found.st_size == 0 || may_be_damaged || may_be_made || is_ours(written)) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, NULL,
                      "'%s', %s, is there and was not written by Volley, which replaces its own files only; choose "
                      "another name, or remove it",
                      written->path, role);
}

/* Whether the folder holds recordings of a run that was interrupted. */
static bool holds_stretches(const char *folder) {
  DIR *entries = opendir(folder);
  bool found = false;
  if (!entries) return false;
  for (const struct dirent *entry; !found && (entry = readdir(entries));) {
    int length = 0;
    (void)sscanf(entry->d_name, "%*[0-9]-%*[0-9].h5%n", &length);
    found = length > 0 && !entry->d_name[length];
  }
  (void)closedir(entries);
  return found;
}

/* A run that writes checkpoints replaces what an interrupted one has left, bit by bit. */
static volley_status check_interrupted(const check *c) {
  const volley_written *w = c->written;
  struct stat found;
  if (!w->saves || w->continues || w->overwrite) return VOLLEY_OK;
  const char *parts = volley_arena_format(c->arena, "%s.parts", w->output), *left = NULL;
  if (stat(w->checkpoint, &found) == 0 && found.st_size > 0) left = w->checkpoint;
  if (!left && !w->resumed && holds_stretches(parts)) left = parts;
  if (!left) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, NULL,
                      "'%s' is left from a run that this one would replace; --resume latest goes on with it, "
                      "--overwrite begins anew, or choose other names with -o and --checkpoint",
                      left);
}

/* Whether all names that are made of one can be given to files. */
static volley_status check_length(const char *what, const char *path) {
  const char *slash = strrchr(path, '/');
  const size_t length = strlen(slash ? slash + 1 : path);
  if (length + LONGEST_ENDING > NAME_MAX)
    return volley_fault(VOLLEY_USAGE, NULL,
                        "the name of %s '%s' has %zu bytes; with the endings that Volley adds at most %d fit", what,
                        path, length, NAME_MAX - LONGEST_ENDING);
  if (strlen(path) + NAME_MAX > PATH_MAX) /* room for what is made in the folder beside it */
    return volley_fault(VOLLEY_USAGE, NULL, "the path of %s '%s' has %zu bytes; the system takes too few for this",
                        what, path, strlen(path));
  return VOLLEY_OK;
}

/* The temporary name to be tried out; NULL before this run has the lock: another one may write that file. */
static const char *to_be_tried(const check *c, const char *path) {
  return c->written->locked ? volley_arena_format(c->arena, "%s.part", path) : NULL;
}

/* All checks, on rank 0. */
static volley_status check_all(check *c) {
  const volley_written *w = c->written;
  VOLLEY_TRY(check_length("output", w->output));
  VOLLEY_TRY(check_length("checkpoint", w->checkpoint));
  if (w->summary) VOLLEY_TRY(check_length("summary", w->summary));
  list_files(c);
  VOLLEY_TRY(check_meetings(c));
  if (c->experiment->makes_folder && !volley_file_has_folder(w->output)) return VOLLEY_OK; /* nothing is there yet */
  VOLLEY_TRY(volley_file_check(w->output, to_be_tried(c, w->output), w->overwrite));
  for (int k = 0; k < c->n_writes; k++) VOLLEY_TRY(check_existing(c, &c->writes[k]));
  VOLLEY_TRY(check_interrupted(c));
  if (w->saves) VOLLEY_TRY(volley_file_check(w->checkpoint, to_be_tried(c, w->checkpoint), true));
  if (w->summary) return volley_file_check(w->summary, to_be_tried(c, w->summary), true);
  return VOLLEY_OK;
}

volley_status volley_written_check(const volley_experiment *experiment, const volley_written *written, MPI_Comm comm) {
  check c = {.experiment = experiment, .written = written};
  int rank = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    c.arena = volley_arena_create();
    (void)check_all(&c);
    volley_arena_destroy(c.arena);
  }
  return volley_agree(comm);
}

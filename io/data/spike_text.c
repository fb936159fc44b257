/* Spikes of text files: a line a spike with its time in ms and its neuron, in two columns or in those that a line of names
 * says; or, as BMTK wrote them once, a line a neuron with all of its times (gid spike-times). Every rank reads an equal part of
 * the bytes: the lines that begin there. */
#include "base/memory.h"
#include "io/data/reader.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TIME, ID, POPULATION, KINDS, SLAB_BYTES = 1 << 18, SPIKE_BYTES = 12 /* about */, MAX_NAME = 200 };

/* A file while it is read. */
typedef struct text {
  const volley_spike_plan *plan;
  const char *path;
  FILE *file;
  char *line; /* the present one, which begins at `at` */
  size_t room;
  uint64_t at, next;             /* bytes from the beginning of the file */
  uint64_t data;                 /* where the lines behind that of names begin */
  int columns[KINDS];            /* which column is what; -1: none */
  bool takes_rest;               /* all columns from that of the time on are times */
  char population[MAX_NAME + 1]; /* that is read; "": none is named so far */
  uint64_t *numbers, *ids;       /* [n] of the slab */
  double *times;
  size_t n, capacity;
  uint64_t all; /* spikes read by this rank */
} text;

static volley_status fault(const text *t, const char *format, const char *what) {
  char message[512];
  uint64_t line = 1;
  rewind(t->file);
  for (uint64_t k = 0; k < t->at; k++) line += getc(t->file) == '\n';
  snprintf(message, sizeof message, format, what);
  return volley_fault(VOLLEY_USAGE, &t->plan->place, "'%s', line %" PRIu64 ": %s", t->path, line, message);
}

/* Takes the next line; false at the end of the file. */
static bool take_line(text *t) {
  const ssize_t length = getline(&t->line, &t->room, t->file);
  t->at = t->next;
  if (length < 0) return false;
  t->next += (uint64_t)length;
  return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
static bool is_end(char c) { return c == '\0' || c == ',' || c == ';' || is_blank(c); }

static char *pass_blanks(char *at) {
  while (is_blank(*at)) at++;
  return at;
}

/* Takes a field, which may be empty, without quotation marks; NULL behind the last. It is ended by a 0. */
static char *take_field(char **rest) {
  char *field = pass_blanks(*rest);
  if (*field == '\0') return NULL;
  const char quote = *field == '"' || *field == '\'' ? *field++ : '\0';
  char *end = field;
  while (quote ? *end != quote && *end != '\0' : !is_end(*end)) end++;
  char *after = quote && *end ? end + 1 : end;
  after = pass_blanks(after);
  if (*after == ',' || *after == ';') after++;
  *end = '\0';
  *rest = after;
  return field;
}

static bool is_one_of(const char *word, const char *words) {
  const size_t length = strlen(word);
  for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|')
    if (strcspn(at, "|") == length && strncasecmp(at, word, length) == 0) return true;
  return false;
}

/* Which column is what, by their names. */
static volley_status read_names(text *t) {
  static const char *const names[KINDS] = {"timestamps|timestamp|times|time|t|time_ms|spike-times|spike_times",
                                           "node_ids|node_id|ids|id|gids|gid|neuron|neurons|index|sender|senders",
                                           "population|populations"};
  char *rest = t->line, *field;
  for (int k = 0; k < KINDS; k++) t->columns[k] = -1;
  for (int c = 0; (field = take_field(&rest)); c++)
    for (int k = 0; k < KINDS; k++)
      if (t->columns[k] < 0 && is_one_of(field, names[k])) {
        t->columns[k] = c;
        if (k == TIME) t->takes_rest = is_one_of(field, "spike-times|spike_times");
      }
  if (t->columns[TIME] < 0) return fault(t, "no column is called %s", "timestamps (or times, time, time_ms)");
  return t->columns[ID] < 0 ? fault(t, "no column is called %s", "node_ids (or ids, id, gids, gid)") : VOLLEY_OK;
}

static bool is_left_out(const char *line) {
  line += strspn(line, " \t\r\n");
  return *line == '\0' || *line == '#';
}

/* Opens the file and looks at its first lines. */
static volley_status open_text(text *t) {
  t->columns[ID] = 1;
  t->columns[POPULATION] = -1;
  if (t->plan->population) snprintf(t->population, sizeof t->population, "%s", t->plan->population);
  t->file = fopen(t->path, "r");
  if (!t->file) return volley_fault(VOLLEY_USAGE, &t->plan->place, "cannot open '%s': %s", t->path, strerror(errno));
  bool is_there;
  while ((is_there = take_line(t)) && is_left_out(t->line)) {
  }
  const char first = is_there ? *pass_blanks(t->line) : '\0';
  const bool has_names = isalpha((unsigned char)first) || first == '"' || first == '_';
  t->data = has_names ? t->next : t->at;
  return has_names ? read_names(t) : VOLLEY_OK;
}

/* Adds a spike whose time stands in a field of the present line: that is its number. */
static void add(text *t, double time, uint64_t id, const char *field) {
  if (t->n == t->capacity) {
    t->capacity = t->capacity ? 2 * t->capacity : 4096;
    t->numbers = volley_grow(t->numbers, t->capacity, sizeof *t->numbers, "spikes from a file");
    t->ids = volley_grow(t->ids, t->capacity, sizeof *t->ids, "spikes from a file");
    t->times = volley_grow(t->times, t->capacity, sizeof *t->times, "spikes from a file");
  }
  t->numbers[t->n] = t->at + (uint64_t)(field - t->line);
  t->ids[t->n] = id;
  t->times[t->n++] = time;
  t->all++;
}

static volley_status read_time(const text *t, const char *field, double *out) {
  char *end;
  *out = strtod(field, &end);
  if (end == field || *end) return fault(t, "the time '%.40s' is no number", field);
  return isfinite(*out) ? VOLLEY_OK : fault(t, "the time %.40s is not finite", field);
}

static volley_status read_id(const text *t, const char *field, uint64_t *out) {
  char *end;
  const double id = strtod(field, &end);
  if (end == field || *end || !(id >= 0) || id > 0x1p53 || id != floor(id))
    return fault(t, "'%.40s' is no neuron; a whole number, 0 or greater, is expected", field);
  *out = (uint64_t)id;
  return VOLLEY_OK;
}

/* Whether the spikes of a line are of the population that is read: the one that is asked for, or the only one. */
static volley_status check_population(text *t, const char *name, bool *is_read) {
  *is_read = strcmp(name, t->population) == 0;
  if (*is_read || t->plan->population) return VOLLEY_OK;
  return fault(t, "spikes of another population, '%.100s'; 'population' must say which are meant", name);
}

/* Reads the spikes of the present line. */
static volley_status read_line(text *t) {
  char *fields[KINDS] = {NULL}, *rest = t->line, *field;
  bool is_read = true;
  uint64_t id = 0;
  double time;
  if (is_left_out(t->line)) return VOLLEY_OK;
  char *times = NULL; /* behind the field of the first time */
  for (int c = 0; !times && (field = take_field(&rest)); c++) {
    for (int k = 0; k < KINDS; k++)
      if (t->columns[k] == c) fields[k] = field;
    if (t->takes_rest && c == t->columns[TIME]) times = rest;
  }
  if (!fields[TIME] && !t->takes_rest) return fault(t, "%s is missing", "the time");
  if (!fields[ID]) return fault(t, "%s is missing", "the neuron");
  if (t->columns[POPULATION] >= 0)
    VOLLEY_TRY(fields[POPULATION] ? check_population(t, fields[POPULATION], &is_read)
                                  : fault(t, "%s is missing", "the population"));
  VOLLEY_TRY(read_id(t, fields[ID], &id));
  for (field = fields[TIME]; field; field = times ? take_field(&times) : NULL) {
    VOLLEY_TRY(read_time(t, field, &time));
    if (is_read) add(t, time, id, field);
  }
  return VOLLEY_OK;
}

/* Goes to the first line that begins at `from` or behind. */
static void seek(text *t, uint64_t from) {
  t->next = from > t->data ? from - 1 : t->data;
  (void)fseeko(t->file, (off_t)t->next, SEEK_SET);
  if (from > t->data) (void)take_line(t);
}

/* The population of the next line with data; NULL at the end of the file. */
static const char *next_population(text *t) {
  while (take_line(t)) {
    char *rest = t->line, *field = NULL;
    if (is_left_out(t->line)) continue;
    for (int c = 0; c <= t->columns[POPULATION]; c++) field = take_field(&rest);
    return field ? field : "";
  }
  return NULL;
}

/* The population is that of the first line with data, unless one is asked for. */
static void find_population(text *t) {
  if (t->columns[POPULATION] < 0 || t->plan->population) return;
  seek(t, t->data);
  const char *name = next_population(t);
  if (name) snprintf(t->population, sizeof t->population, "%s", name);
}

/* Reads the lines that begin before `end`, and has them checked. Returns where a wrong one begins, or UINT64_MAX. */
static uint64_t read_slab(text *t, uint64_t end, volley_edge_slab *slab, const volley_edge_taker *taker) {
  volley_status status = VOLLEY_OK;
  t->n = 0;
  while (status == VOLLEY_OK && t->next < end && take_line(t)) status = read_line(t);
  *slab = (volley_edge_slab){
      .total = slab->total, .count = t->n, .number = t->numbers, .target = t->ids, .weight = t->times};
  const uint64_t wrong = t->n > 0 ? taker->check(taker->context, slab) : UINT64_MAX;
  if (wrong != UINT64_MAX) return wrong;
  return status == VOLLEY_OK ? UINT64_MAX : t->at;
}

static volley_status read_part(text *t, uint64_t size, const volley_edge_taker *taker, MPI_Comm comm) {
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  const uint64_t part = size / (uint64_t)ranks + 1, begin = part * (uint64_t)rank, end = begin + part;
  uint64_t wrong = UINT64_MAX;
  seek(t, begin);
  for (uint64_t at = begin; at < end; at += SLAB_BYTES) {
    volley_edge_slab slab = {.total = size / SPIKE_BYTES};
    const uint64_t until = at + SLAB_BYTES < end ? at + SLAB_BYTES : end;
    if (wrong == UINT64_MAX) wrong = read_slab(t, until, &slab, taker);
    if (wrong != UINT64_MAX) slab.count = 0;
    if (taker->take) taker->take(taker->context, &slab);
  }
  VOLLEY_TRY(volley_agree_first(wrong, comm));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &t->all, 1, MPI_UINT64_T, MPI_SUM, comm));
  if (t->all == 0 && t->columns[POPULATION] >= 0 && t->plan->population)
    volley_fault(VOLLEY_USAGE, &t->plan->place, "'%s' has no spikes of a population '%s'", t->path, t->population);
  return volley_agree(comm);
}

static void close_text(text *t) {
  if (t->file) (void)fclose(t->file);
  free(t->line);
  free(t->numbers);
  free(t->ids);
  free(t->times);
}

volley_status volley_spike_text_read(MPI_Comm comm, const volley_spike_plan *plan, int file,
                                     const volley_edge_taker *taker) {
  text t = {.plan = plan, .path = plan->files[file]};
  uint64_t size = 0;
  const volley_status opened = open_text(&t);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK && opened == VOLLEY_OK) {
    find_population(&t);
    (void)fseeko(t.file, 0, SEEK_END);
    size = (uint64_t)ftello(t.file);
    VOLLEY_MPI(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, comm));
    status = read_part(&t, size, taker, comm);
  }
  close_text(&t);
  return status;
}

/* Whether a list of lines "NAME/" has a name. */
static bool lists(const char *list, const char *name) {
  const size_t n = strlen(name);
  for (const char *at = list; *at; at = strchr(at, '\n') + 1)
    if (strncmp(at, name, n) == 0 && strncmp(at + n, "/\n", 2) == 0) return true;
  return false;
}

char *volley_spike_text_populations(const volley_place *place, const char *path, const char *wanted) {
  const volley_spike_plan plan = {.place = *place};
  text t = {.plan = &plan, .path = path};
  char *list = volley_alloc(1, 1, "names in a file");
  size_t length = 0;
  const bool has_names = open_text(&t) == VOLLEY_OK && t.columns[POPULATION] >= 0;
  if (has_names) seek(&t, t.data);
  for (const char *name; has_names && !lists(list, wanted) && (name = next_population(&t));) {
    if (*name == '\0' || lists(list, name)) continue;
    const size_t room = strlen(name) + 3;
    list = volley_grow(list, length + room, 1, "names in a file");
    length += (size_t)snprintf(list + length, room, "%s/\n", name);
  }
  close_text(&t);
  return list;
}

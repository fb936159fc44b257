#include "io/file/csv.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct table {
  const volley_place *place;
  const char *path;
  uint64_t line;  /* number of the present one, from 1 */
  char *names;    /* the line of names; NULL: none so far */
  char separator; /* , or ; once one of them was found */
  double *values; /* [rows][columns], and those of the present line */
  size_t n, capacity;
  uint64_t rows, columns;
} table;

enum { LITTLE = 1 << 24 /* bytes for which nobody asks how much memory is left */ };

static const char blanks[] = " \t\r\n\v\f";

static bool is_separator(char c) { return c == ',' || c == ';'; }

/* Whether the field that begins here is a number, maybe in quotation marks; *end: what follows it. */
static bool is_number(const char *field, double *value, const char **end) {
  const bool is_quoted = *field == '"';
  const char *digits = field + is_quoted, *first = digits + (*digits == '-' || *digits == '+');
  char *after;
  *value = strtod(digits, &after);
  if (after == digits || (first[0] == '0' && (first[1] == 'x' || first[1] == 'X')) || isspace((unsigned char)*digits))
    return false;
  if (is_quoted && *after++ != '"') return false;
  *end = after;
  return *after == '\0' || is_separator(*after) || strchr(blanks, *after);
}

static volley_status fault(const table *t, const char *what, uint64_t number) {
  return volley_fault(VOLLEY_USAGE, t->place, "'%s', line %" PRIu64 ": value %" PRIu64 " %s", t->path, t->line, number,
                      what);
}

static volley_status not_a_number(const table *t, const char *field, uint64_t number) {
  char what[64];
  const int length = (int)strcspn(field, " \t\r\n\v\f,;");
  if (length == 0) return fault(t, "is missing", number);
  snprintf(what, sizeof what, "is '%.*s%s'; a number is expected", length < 24 ? length : 24, field,
           length < 24 ? "" : "...");
  return fault(t, what, number);
}

/* A line may be as long as the file. */
static volley_status check_file(const table *t, FILE *file) {
  struct stat found;
  const double left = (double)volley_available_memory();
  if (fstat(fileno(file), &found) != 0 || (double)found.st_size <= left) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, t->place, "'%s' is a text of %.2f GB; %.2f GB of memory are left on this node",
                      t->path, 1e-9 * (double)found.st_size, 1e-9 * left);
}

/* Whether a table can grow to this number of values. */
static volley_status check_room(const table *t, size_t capacity) {
  const double bytes = (double)capacity * sizeof *t->values,
               left = bytes > LITTLE ? (double)volley_available_memory() : bytes;
  if (bytes <= left) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, t->place,
                      "'%s', line %" PRIu64
                      ": the values up to here take %.2f GB of memory, with those to come at least "
                      "%.2f GB; %.2f GB are left on this node",
                      t->path, t->line, 1e-9 * (double)(t->n * sizeof *t->values), 1e-9 * bytes, 1e-9 * left);
}

static volley_status add(table *t, double value) {
  if (t->n == t->capacity) {
    t->capacity = t->capacity ? 2 * t->capacity : 1024;
    VOLLEY_TRY(check_room(t, t->capacity));
    t->values = volley_grow(t->values, t->capacity, sizeof *t->values, "a table from a file");
  }
  t->values[t->n++] = value;
  return VOLLEY_OK;
}

/* Goes past the blanks and at most one separator. Returns what follows; *must_follow: whether that has to be a
 * number. */
static const char *pass_separator(const char *text, char *separator, bool *must_follow) {
  text += strspn(text, blanks);
  *must_follow = is_separator(*text);
  if (!*must_follow) return text;
  *separator = *text++;
  return text + strspn(text, blanks);
}

/* Takes the numbers of a line. n: how many. */
static volley_status read_numbers(table *t, const char *text, uint64_t *n) {
  bool must_follow = true;
  for (*n = 0; *text || must_follow;) {
    const char *end;
    char separator = t->separator;
    double value;
    ++*n;
    if (!is_number(text, &value, &end)) return not_a_number(t, text, *n);
    if (!isfinite(value)) return fault(t, isnan(value) ? "is not a number (NaN)" : "is infinite", *n);
    VOLLEY_TRY(add(t, value));
    text = pass_separator(end, &separator, &must_follow);
    if (t->separator && separator != t->separator)
      return fault(t, "is followed by another separator than those before; decimals need a point, not a comma", *n);
    t->separator = separator;
  }
  return VOLLEY_OK;
}

/* How many fields of a line are numbers. */
static int count_numbers(const char *text) {
  int n = 0;
  for (const char *end; *text; text += strspn(text, blanks)) {
    double value;
    if (is_number(text, &value, &end)) {
      n++;
      text = end;
    }
    text += strcspn(text, ",;\t");
    text += *text != '\0';
  }
  return n;
}

/* Whether a line names the columns. *status: VOLLEY_USAGE after a fault where some of them are numbers. */
static bool has_names(table *t, const char *text, volley_status *status) {
  const char *end;
  double value;
  const bool may_have = isalpha((unsigned char)*text) || strchr("\"'_", *text);
  if (t->rows > 0 || t->names || !may_have || is_number(text, &value, &end)) return false;
  t->names = strdup(text);
  if (count_numbers(text) > 0)
    *status =
        volley_fault(VOLLEY_USAGE, t->place,
                     "'%s', line %" PRIu64 ": words and numbers; if they name the columns, the line begins with #",
                     t->path, t->line);
  return true;
}

static volley_status read_line(table *t, const char *text) {
  volley_status status = VOLLEY_OK;
  uint64_t n;
  text += strspn(text, blanks);
  if (*text == '\0' || *text == '#' || has_names(t, text, &status)) return status;
  VOLLEY_TRY(read_numbers(t, text, &n));
  if (t->rows++ == 0) t->columns = n;
  if (n == t->columns) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, t->place, "'%s', line %" PRIu64 ": %s; the lines before have %" PRIu64, t->path,
                      t->line, volley_count(n, "value").text, t->columns);
}

/* The lines that a \r ends, which some programs write without a \n behind it. */
static volley_status read_parts(table *t, char *text) {
  volley_status status = VOLLEY_OK;
  while (text && status == VOLLEY_OK) {
    char *next = strchr(text, '\r');
    if (next) *next++ = '\0';
    t->line++;
    status = read_line(t, text);
    text = next && *next && *next != '\n' ? next : NULL;
  }
  return status;
}

static volley_status not_text(const table *t, const char *text) {
  const bool is_wide = memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0;
  return volley_fault(VOLLEY_USAGE, t->place,
                      is_wide ? "'%s' is a text in UTF-16; save it as UTF-8" : "'%s' is not a text file", t->path);
}

static volley_status read_lines(table *t, FILE *file) {
  static const char mark[] = "\xEF\xBB\xBF"; /* UTF-8 */
  char *text = NULL;
  size_t room = 0;
  ssize_t length;
  volley_status status = VOLLEY_OK;
  while (status == VOLLEY_OK && (length = getline(&text, &room, file)) >= 0) {
    const size_t skip = t->line == 0 && strncmp(text, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
    status = strlen(text) == (size_t)length ? read_parts(t, text + skip) : not_text(t, text);
  }
  if (status == VOLLEY_OK && !feof(file))
    status = volley_fault(VOLLEY_USAGE, t->place, "cannot read '%s': %s", t->path, strerror(errno));
  free(text);
  if (status == VOLLEY_OK && t->n == 0) status = volley_fault(VOLLEY_USAGE, t->place, "'%s' holds no values", t->path);
  return status;
}

volley_status volley_csv_read(const volley_place *place, const char *path, double **values, uint64_t *rows,
                              uint64_t *columns, char **names) {
  table t = {.place = place, .path = path};
  FILE *file = fopen(path, "r");
  *values = NULL;
  if (!file) return volley_fault(VOLLEY_USAGE, place, "cannot open '%s': %s", path, strerror(errno));
  volley_status status = check_file(&t, file);
  if (status == VOLLEY_OK) status = read_lines(&t, file);
  fclose(file);
  if (status != VOLLEY_OK || !names) free(t.names);
  if (status != VOLLEY_OK) {
    free(t.values);
    return status;
  }
  if (names) *names = t.names;
  *values = t.values;
  *rows = t.rows;
  *columns = t.columns;
  return VOLLEY_OK;
}

#include "io/yaml/fault.h"

#include "base/status.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 60 /* bytes of a line */ };

/* What a parser stopped at. */
typedef struct stop {
  const yaml_parser_t *parser;
  const char *bytes;
  size_t length;
  char *why; /* [size] filled with the words */
  size_t size;
  yaml_mark_t place; /* where it is reported */
} stop;

/* The line of that number, from 0, as *n bytes; "" where there is none. */
static const char *line_of(const stop *s, size_t number, size_t *n) {
  const char *at = s->bytes, *end = s->bytes + s->length;
  for (; number > 0 && at < end; number--) {
    while (at < end && *at != '\n' && *at != '\r') at++;
    at += at + 1 < end && at[0] == '\r' && at[1] == '\n' ? 2 : at < end;
  }
  *n = 0;
  while (at + *n < end && at[*n] != '\n' && at[*n] != '\r') ++*n;
  return at;
}

/* What a line has from a column on, which counts characters. */
static const char *rest_at(const stop *s, yaml_mark_t mark, size_t *n) {
  const char *at = line_of(s, mark.line, n);
  for (size_t column = mark.column; column > 0 && *n > 0; column--) {
    do {
      at++;
      --*n;
    } while (*n > 0 && ((unsigned char)*at & 0xC0) == 0x80);
  }
  return at;
}

static int shown(size_t n) { return n < SHOWN ? (int)n : SHOWN; }

static void say(const stop *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const stop *s, const char *format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(s->why, s->size, format, list);
  va_end(list);
}

/* The colon of a line's key, the first with a space behind it; `tight`: the first without one. NULL if there is none. */
static const char *colon_in(const char *line, size_t n, bool tight) {
  for (size_t i = 0; i + 1 < n; i++)
    if (line[i] == ':' && (line[i + 1] != ' ') == tight) return line + i;
  return NULL;
}

/* Says that a line's key has no space behind its colon; false if that is not so. */
static bool say_tight_colon(const stop *s, const char *line, size_t n) {
  const char *colon = colon_in(line, n, true);
  if (!colon || colon_in(line, n, false)) return false;
  for (; n > 0 && isspace((unsigned char)*line); n--) line++;
  const size_t key = (size_t)(colon - line);
  say(s, "a space must follow the colon: '%.*s: %.*s'", shown(key), line, shown(n - key - 1), colon + 1);
  return true;
}

static void no_token(stop *s) {
  size_t n;
  const char *rest = rest_at(s, s->place, &n);
  if (n > 0 && *rest == '\t')
    say(s, "a tab begins here, where only spaces can stand; indent with spaces");
  else
    say(s, "a value cannot begin with '%.1s'; put it in quotation marks: \"%.*s\"", n > 0 ? rest : "", shown(n), rest);
}

/* Says that a line has no key with a colon and a space; false if it has. */
static bool say_no_key(const stop *s, const char *line, size_t n) {
  while (n > 0 && isspace((unsigned char)*line)) line++, n--;
  while (n > 0 && isspace((unsigned char)line[n - 1])) n--;
  if (n == 0 || *line == '#' || colon_in(line, n, false) || line[n - 1] == ':') return false;
  if (!say_tight_colon(s, line, n))
    say(s, "'%.*s' is no key with a value; a key, a colon and a space are expected, like dt: 0.1 ms", shown(n), line);
  return true;
}

static void second_colon(stop *s) {
  size_t n, rest, before = 0;
  const char *line = line_of(s, s->place.line, &n), *key = colon_in(line, n, false),
             *here = rest_at(s, s->place, &rest);
  const char *above = s->place.line > 0 ? line_of(s, s->place.line - 1, &before) : "";
  if (key && key < here) {
    for (; *line == ' ' && line < key; n--) line++;
    say(s, "a second ': ' in one value; put the value in quotation marks: %.*s: \"%.*s\"", shown((size_t)(key - line)),
        line, shown(n - (size_t)(key + 2 - line)), key + 2);
  } else if (say_no_key(s, above, before)) {
    s->place = (yaml_mark_t){.line = s->place.line - 1, .column = strspn(above, " ")};
  } else {
    say(s, "a key stands where a value goes on; keys of one mapping begin in the same column, and what is above them "
           "has no value");
  }
}

static void no_colon(stop *s) {
  size_t n;
  s->place = s->parser->context_mark;
  const char *rest = rest_at(s, s->place, &n);
  if (!say_no_key(s, rest, n)) say(s, "a key stands alone on its line, its colon on another");
}

static void open_bracket(stop *s) {
  size_t n, rest;
  const yaml_mark_t begin = s->parser->context_mark;
  const char *here = rest_at(s, s->place, &rest), *bracket = rest_at(s, begin, &n);
  if (rest > 0 && *here == ':' && begin.line == s->place.line) {
    say(s, "a second ': ' in one value; put the value in quotation marks");
    return;
  }
  const char other = n > 0 && *bracket == '[' ? ']' : '}';
  say(s, "the '%c' of line %zu, column %zu is not closed before this; ',' or '%c' is expected",
      other == ']' ? '[' : '{', begin.line + 1, begin.column + 1, other);
}

static void open_quote(stop *s) {
  s->place = s->parser->context_mark;
  say(s, "this quotation mark is not closed");
}

static const char no_escape[] =
    "a backslash in double quotation marks begins an escape, which this is not; write \\\\, or use single "
    "quotation marks";
static const char missing_content[] = "a value is missing here, or there is a ',' or bracket too many";

/* What does not belong to the mapping or list that is open. */
static void no_entry(stop *s) {
  size_t n, rest;
  const char *line = line_of(s, s->place.line, &n), *here = rest_at(s, s->place, &rest);
  const size_t indent = strspn(line, " ");
  if (rest > 0 && strchr("]},", *here))
    say(s, "%s", missing_content);
  else if (indent < s->place.column)
    say(s, "this stands behind a value that has ended; a quotation mark inside of such marks is doubled: 'it''s'");
  else
    say(s, "no key and no '-' above that this could follow is indented by %zu spaces, as this is", indent);
}

static void special_begin(stop *s) {
  size_t n;
  if (s->parser->context) s->place = s->parser->context_mark;
  const char *rest = rest_at(s, s->place, &n);
  say(s, "a value that begins with '%.1s' has a meaning of its own in YAML; put it in quotation marks: \"%.*s\"",
      n > 0 ? rest : "", shown(n), rest);
}

static void unknown_alias(stop *s) {
  size_t n;
  const char *rest = rest_at(s, s->place, &n);
  const size_t name = strcspn(rest, " ,]}\r\n");
  say(s,
      "'%.*s' refers to a '&%.*s' above it, which is not there; a text that begins with '*' stands in quotation marks",
      shown(name), rest, shown(name > 0 ? name - 1 : 0), rest + (name > 0));
}

/* What libyaml says, "" for anything, and what we say of it: words, or a function that finds them. The first that fits counts. */
static const struct {
  const char *problem, *context;
  void (*say)(stop *s);
  const char *words;
} problems[] = {
    {"cannot start any token", "", no_token, NULL},
    {"mapping values are not allowed", "", second_colon, NULL},
    {"could not find expected ':'", "", no_colon, NULL},
    {"did not find expected ',' or '", "", open_bracket, NULL},
    {"found unexpected end of stream", "quoted scalar", open_quote, NULL},
    {"found unexpected document indicator", "quoted scalar", open_quote, NULL},
    {"did not find expected key", "", no_entry, NULL},
    {"did not find expected '-' indicator", "", no_entry, NULL},
    {"found undefined alias", "", unknown_alias, NULL},
    {"", "scanning an anchor", special_begin, NULL},
    {"", "scanning an alias", special_begin, NULL},
    {"", "scanning a tag", special_begin, NULL},
    {"found undefined tag handle", "", special_begin, NULL},
    {"tab character", "", NULL, "a tab stands in the indentation; indent with spaces"},
    {"", "scanning a block scalar", special_begin, NULL},
    {"unknown escape", "", NULL, no_escape},
    {"hexdecimal", "", NULL, no_escape},
    {"block sequence entries are not allowed", "", NULL,
     "a list begins here; its '-' belongs on a line of its own below the key, or else the value in quotation marks"},
    {"did not find expected node content", "", NULL, missing_content},
    {"did not find expected <document start>", "", NULL,
     "this stands behind the end of all; is there a bracket too many above, or one that is not closed?"},
    {"", "scanning a directive", special_begin, NULL},
};

static bool has(const char *text, const char *part) { return text ? strstr(text, part) != NULL : *part == '\0'; }

/* Bytes that are no text; which one, and in which line. */
static void report_bytes(const yaml_parser_t *parser, const volley_place *place, const char *bytes, size_t length) {
  size_t line = 1;
  for (size_t i = 0; i < parser->problem_offset && i < length; i++) line += bytes[i] == '\n';
  volley_fault(VOLLEY_USAGE, place,
               "this is not a YAML text: %s: 0x%02X at byte %zu, in line %zu; text in UTF-8 is expected",
               parser->problem, (unsigned)parser->problem_value, parser->problem_offset, line);
}

void volley_yaml_fault(const yaml_parser_t *parser, const char *file, const char *bytes, size_t length,
                       bool with_lines) {
  char why[512] = "no memory";
  volley_place place = {.file = file};
  stop s = {parser, bytes, length, why, sizeof why, parser->problem_mark};
  if (parser->error == YAML_READER_ERROR) {
    report_bytes(parser, &place, bytes, length);
    return;
  }
  if (parser->problem) say(&s, "%s", parser->problem);
  for (size_t p = 0; p < sizeof problems / sizeof *problems; p++) {
    if (!has(parser->problem, problems[p].problem) || !has(parser->context, problems[p].context)) continue;
    if (problems[p].say)
      problems[p].say(&s);
    else
      say(&s, "%s", problems[p].words);
    break;
  }
  if (with_lines) {
    place.line = (int)s.place.line + 1;
    place.column = (int)s.place.column + 1;
  }
  volley_fault(VOLLEY_USAGE, &place, "this is not valid YAML: %s", why);
}

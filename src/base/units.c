#include "base/units.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *symbol, *noun;
  double factor;   /* to the first unit with that noun */
  bool unprefixed; /* takes no prefix */
} bases[] = {
    {"Ohm", "a resistance", 1, false}, {"Hz", "a rate", 1, false},       {"s", "a time", 1, false},
    {"min", "a time", 60, true},       {"h", "a time", 3600, true},      {"V", "a voltage", 1, false},
    {"A", "a current", 1, false},      {"F", "a capacitance", 1, false}, {"S", "a conductance", 1, false},
};

static const struct {
  const char *symbol;
  int exponent; /* of ten */
} prefixes[] = {
    {"", 0},          {"f", -15}, {"p", -12}, {"n", -9}, {"u", -6}, {"\xc2\xb5", -6},
    {"\xce\xbc", -6}, {"m", -3},  {"k", 3},   {"M", 6},  {"G", 9},
};

enum { N_BASES = sizeof bases / sizeof *bases, N_PREFIXES = sizeof prefixes / sizeof *prefixes };

/* Splits a unit into prefix and base; false if it is none that we know. */
static bool parse_unit(const char *unit, int *base, int *exponent) {
  const size_t length = strlen(unit);
  for (int b = 0; b < N_BASES; b++) {
    const size_t base_length = strlen(bases[b].symbol);
    if (length < base_length || strcmp(unit + length - base_length, bases[b].symbol) != 0) continue;
    const size_t prefix_length = length - base_length;
    const int n_prefixes = bases[b].unprefixed ? 1 : N_PREFIXES; /* the first is none */
    for (int p = 0; p < n_prefixes; p++) {
      if (strlen(prefixes[p].symbol) != prefix_length || strncmp(unit, prefixes[p].symbol, prefix_length) != 0)
        continue;
      *base = b;
      *exponent = prefixes[p].exponent;
      return true;
    }
  }
  return false;
}

size_t volley_decimal_length(const char *text) {
  const char *at = text;
  size_t digits = 0;
  if (*at == '+' || *at == '-') at++;
  for (; isdigit((unsigned char)*at); at++) digits++;
  if (*at == '.') at++;
  for (; isdigit((unsigned char)*at); at++) digits++;
  if (digits == 0) return 0;
  if (*at == 'e' || *at == 'E') {
    const char *power = at + 1;
    if (*power == '+' || *power == '-') power++;
    if (isdigit((unsigned char)*power)) {
      while (isdigit((unsigned char)*power)) power++;
      at = power;
    }
  }
  return (size_t)(at - text);
}

/* Infinity and NaN as YAML and people write them; the length of the word, or 0. */
static size_t special_number(const char *text, double *value) {
  static const struct {
    const char *word;
    double value;
  } specials[] = {{".inf", INFINITY}, {".nan", NAN}, {"inf", INFINITY}, {"nan", NAN}};
  const size_t sign = *text == '+' || *text == '-';
  for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
    const size_t length = strlen(specials[i].word);
    size_t same = 0;
    while (same < length && tolower((unsigned char)text[sign + same]) == specials[i].word[same]) same++;
    if (same < length || isalpha((unsigned char)text[sign + length])) continue;
    *value = *text == '-' ? -specials[i].value : specials[i].value;
    return sign + length;
  }
  return 0;
}

const char *volley_unit_describe(const char *unit, char *buffer, size_t size) {
  int base, exponent;
  if (*unit == '\0')
    snprintf(buffer, size, "a pure number");
  else if (parse_unit(unit, &base, &exponent))
    snprintf(buffer, size, "%s in %s", bases[base].noun, unit);
  else
    snprintf(buffer, size, "a number in %s", unit);
  return buffer;
}

/* A number to show in an example: the one that was given, where it can be right. */
static double example(const char *number, const char *rest, const char *unit) {
  int base, exponent;
  const double given = strtod(number, NULL);
  const bool is_signed = parse_unit(unit, &base, &exponent) && strpbrk(bases[base].symbol, "VA") != NULL;
  if (*unit == '\0' && strcmp(rest, "%") == 0 && given > 0.0) return given / 100.0;
  return given > 0.0 || (given < 0.0 && is_signed) ? given : 1.0;
}

/* Says that text does not fit, whose numeric part is number ("" if it has none) and what follows it rest. Returns
 * false. */
static bool refuse(const char *text, const char *number, const char *rest, const char *unit, char *why, size_t size) {
  char expected[64];
  const char *odd = volley_lookalike(text);
  volley_unit_describe(unit, expected, sizeof expected);
  if (odd) {
    snprintf(why, size, "'%.60s' has %s; %s is expected, like -1.5%s%s", text, odd, expected, *unit ? " " : "", unit);
    return false;
  }
  snprintf(why, size, "'%.60s' given, %s is expected: for example %.10g%s%s", text, expected,
           example(number, rest, unit), *unit ? " " : "", unit);
  return false;
}

static bool is_separator(char c) { return c == ',' || c == '_' || c == '\''; }

/* Whether the number that text begins with has a decimal comma or separators between thousands after `length`
 * characters; says in why how it is written. */
static bool has_separators(const char *text, size_t length, char *why, size_t size) {
  if (!is_separator(text[length]) || !isdigit((unsigned char)text[length + 1])) return false;
  if (memchr(text, '.', length)) return false;
  char joined[48];
  size_t n = 0, end = 0;
  int separators = 0;
  for (; end < length || isdigit((unsigned char)text[end]) || is_separator(text[end]) || text[end] == '.'; end++) {
    separators += is_separator(text[end]);
    if (!is_separator(text[end]) && n + 1 < sizeof joined) joined[n++] = text[end];
  }
  joined[n] = '\0';
  const size_t after = end - length - 1; /* digits after the comma */
  if (text[length] != ',' || separators > 1)
    snprintf(why, size, "'%.60s' given: a number has no separators between its digits, write %s", text, joined);
  else
    snprintf(why, size, "'%.60s' given: the decimal mark is a point, not a comma, write %.*s.%.*s%s%s", text,
             (int)(length < 40 ? length : 40), text, (int)(after < 40 ? after : 40), text + length + 1,
             after == 3 ? ", or if thousands are meant " : "", after == 3 ? joined : "");
  return true;
}

bool volley_unit_convert(const char *text, const char *unit, double *value, char *why, size_t size) {
  while (isspace((unsigned char)*text)) text++;
  double number = 0.0;
  size_t length = special_number(text, &number);
  if (length == 0) {
    length = volley_decimal_length(text);
    if (length == 0) return refuse(text, "", "", unit, why, size);
    if (has_separators(text, length, why, size)) return false;
    number = strtod(text, NULL);
  }
  char digits[48];
  snprintf(digits, sizeof digits, "%.*s", (int)(length < 40 ? length : 40), text);
  char suffix[32];
  const char *from = text + length;
  while (isspace((unsigned char)*from)) from++;
  size_t end = strlen(from);
  while (end > 0 && isspace((unsigned char)from[end - 1])) end--;
  if (end >= sizeof suffix) return refuse(text, digits, "", unit, why, size);
  memcpy(suffix, from, end);
  suffix[end] = '\0';
  *value = number;
  if (*suffix == '\0' || strcmp(suffix, unit) == 0) return true;
  int given_base, given_exponent, base, exponent;
  if (!parse_unit(suffix, &given_base, &given_exponent) || !parse_unit(unit, &base, &exponent) ||
      strcmp(bases[given_base].noun, bases[base].noun) != 0)
    return refuse(text, digits, suffix, unit, why, size);
  number = number * bases[given_base].factor / bases[base].factor;
  /* Dividing by a power of ten keeps 0.1 s / 1e-3 exact where multiplying by its rounded inverse would not. */
  const int shift = given_exponent - exponent;
  *value = shift >= 0 ? number * pow(10.0, shift) : number / pow(10.0, -shift);
  return true;
}

bool volley_is_whole_steps(double time, double dt) {
  return fabs(volley_round_steps(time, dt) * dt - time) <= 1e-9 * fabs(time);
}

/* Fields of digits in text, separated by '-' (days) and ':'. Returns their number, -1 if there is anything else. */
static int clock_fields(const char *text, double fields[4], bool *has_days) {
  int n = 0;
  *has_days = false;
  for (;; text++) {
    char *end = NULL;
    if (n == 4 || !isdigit((unsigned char)*text)) return -1;
    fields[n++] = strtod(text, &end);
    while (isdigit((unsigned char)*text)) text++;
    if (text != end) return -1; /* 1.5, 1e3, 0x1 */
    if (*text == '\0') return n;
    if (*text == '-' && n == 1)
      *has_days = true;
    else if (*text != ':')
      return -1;
  }
}

/* A time as SLURM writes it: minutes:seconds, hours:minutes:seconds, days-hours[:minutes[:seconds]]. What follows a
 * larger field must be less than one of it. */
static bool clock_time(const char *text, double *seconds) {
  static const double day[] = {86400, 3600, 60, 1}, most[] = {INFINITY, 23, 59, 59};
  double fields[4] = {0};
  bool has_days;
  const int n = clock_fields(text, fields, &has_days);
  if (n < 2 || (n == 4 && !has_days)) return false;
  const int first = has_days ? 0 : 4 - n;
  *seconds = 0.0;
  for (int i = 0; i < n; i++) {
    if (i > 0 && fields[i] > most[first + i]) return false;
    *seconds += fields[i] * day[first + i];
  }
  return true;
}

bool volley_wall_time(const char *text, double *seconds, char *why, size_t size) {
  char ignored[256];
  double number;
  const bool bare = volley_unit_convert(text, "", &number, ignored, sizeof ignored) && isfinite(number);
  const bool known = clock_time(text, seconds) || volley_unit_convert(text, "s", seconds, ignored, sizeof ignored);
  if (bare)
    snprintf(why, size, "'%.60s' given, the unit is missing: write %.10g s, %.10g min or %.10g h", text, number, number,
             number);
  else if (!known || isnan(*seconds))
    snprintf(why, size, "'%.60s' given; a time is written 90 s, 30 min, 2 h, 01:30:00 or 1-12:00:00 (days, hours)",
             text);
  else if (!(*seconds > 0.0 && isfinite(*seconds)))
    snprintf(why, size, "'%.60s' given, a time above 0 is expected, like 30 min", text);
  else
    return true;
  return false;
}

#include "io/file/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 6, MOST = 1 << 16 /* bytes of a header */, PIECE = 4096 /* numbers */ };
static const char magic[] = "\x93NUMPY", archive[] = "PK\3\4";

static bool begins_with(const char *path, const char *bytes, size_t n) {
  char begin[MAGIC] = "";
  FILE *file = fopen(path, "rb");
  const bool is = file && fread(begin, 1, n, file) == n && memcmp(begin, bytes, n) == 0;
  if (file) (void)fclose(file);
  return is;
}

bool volley_npy_is(const char *path) { return begins_with(path, magic, MAGIC); }
bool volley_npz_is(const char *path) { return begins_with(path, archive, 4); }

static volley_status fault(const volley_npy *npy, const char *what) {
  return volley_fault(VOLLEY_USAGE, npy->place, "'%s' %s", npy->path, what);
}

/* What follows 'key': in the header. */
static const char *find(const char *header, const char *key) {
  const char *at = strstr(header, key);
  if (!at || !(at = strchr(at, ':'))) return "";
  return at + 1 + strspn(at + 1, " ");
}

static volley_status read_type(volley_npy *npy, const char *descr) {
  char type[16] = "";
  (void)sscanf(descr, "'%15[^']'", type);
  npy->kind = type[0] ? type[1] : '\0';
  npy->bytes = type[0] ? atoi(type + 2) : 0;
  const bool is_float = npy->kind == 'f' && (npy->bytes == 4 || npy->bytes == 8);
  const bool is_whole = (npy->kind == 'i' || npy->kind == 'u') &&
                        (npy->bytes == 1 || npy->bytes == 2 || npy->bytes == 4 || npy->bytes == 8);
  if ((is_float || is_whole) && (type[0] == '<' || npy->bytes == 1)) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, npy->place,
                      "'%s' holds numbers of type '%s'; floating or whole numbers of 8 bytes at most, little-endian, "
                      "are expected: array.astype('<f8')",
                      npy->path, type);
}

static volley_status read_shape(volley_npy *npy, const char *shape) {
  const char *at = shape + (*shape == '(');
  char *end;
  for (; *shape == '(' && *at && *at != ')'; at = end + strspn(end, ", ")) {
    if (npy->n_dimensions == VOLLEY_NPY_DIMENSIONS) return fault(npy, "has too many dimensions");
    npy->dimensions[npy->n_dimensions++] = strtoull(at, &end, 10);
    if (end == at) return fault(npy, "has no shape in its header");
  }
  return *at == ')' ? VOLLEY_OK : fault(npy, "has no shape in its header");
}

/* The bytes of the numbers are there. */
static volley_status check_length(const volley_npy *npy) {
  uint64_t bytes = (uint64_t)npy->bytes;
  bool too_large = false;
  for (int d = 0; d < npy->n_dimensions; d++)
    too_large |= __builtin_mul_overflow(bytes, npy->dimensions[d], &bytes) || bytes > INT64_MAX / 16;
  if (too_large) return fault(npy, "is too large");
  const uint64_t there = npy->end > npy->data ? (uint64_t)(npy->end - npy->data) : 0;
  if (there >= bytes) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, npy->place,
                      "'%s' announces %" PRIu64 " bytes of numbers, but holds %" PRIu64 " of them", npy->path, bytes,
                      there);
}

static volley_status read_header(volley_npy *npy) {
  unsigned char begin[MAGIC + 6] = {0};
  static char header[MOST + 1];
  if (fread(begin, 1, MAGIC + 2, npy->file) != MAGIC + 2 || memcmp(begin, magic, MAGIC) != 0)
    return fault(npy, "is no .npy file");
  const size_t width = begin[MAGIC] == 1 ? 2 : 4;
  if (fread(begin + MAGIC + 2, 1, width, npy->file) != width) return fault(npy, "ends within its header");
  uint32_t length = 0;
  for (size_t k = 0; k < width; k++) length |= (uint32_t)begin[MAGIC + 2 + k] << 8 * k;
  if (length > MOST || fread(header, 1, length, npy->file) != length) return fault(npy, "ends within its header");
  header[length] = '\0';
  npy->data = npy->begin + (long)(MAGIC + 2 + width + length);
  VOLLEY_TRY(read_type(npy, find(header, "'descr'")));
  VOLLEY_TRY(read_shape(npy, find(header, "'shape'")));
  if (npy->n_dimensions > 1 && strncmp(find(header, "'fortran_order'"), "True", 4) == 0)
    return fault(npy, "has its numbers in Fortran's order: save numpy.ascontiguousarray(array)");
  return check_length(npy);
}

/* ---- Archives (PKWARE's APPNOTE, 4.3.7): before each member a header, its name and a field that has long sizes. */

enum { ENTRY = 30, LONG_SIZES = 1, NAME = 256 };

static uint64_t number_at(const unsigned char *at, int bytes) {
  uint64_t number = 0;
  for (int k = 0; k < bytes; k++) number |= (uint64_t)at[k] << 8 * k;
  return number;
}

/* Reads the entry of a member, whose bytes come next. Returns its size; -1 where there is no further one. */
static int64_t read_entry(volley_npy *npy, char name[NAME], bool *is_plain) {
  unsigned char entry[ENTRY], extra[4 + 16];
  if (fread(entry, 1, ENTRY, npy->file) != ENTRY || memcmp(entry, archive, 4) != 0) return -1;
  const size_t n_name = (size_t)number_at(entry + 26, 2), n_extra = (size_t)number_at(entry + 28, 2);
  const size_t kept = n_name < NAME ? n_name : NAME - 1, known = n_extra < sizeof extra ? n_extra : sizeof extra;
  uint64_t size = number_at(entry + 18, 4);
  if (fread(name, 1, kept, npy->file) != kept || fseek(npy->file, (long)(n_name - kept), SEEK_CUR)) return -1;
  name[kept] = '\0';
  if (fread(extra, 1, known, npy->file) != known || fseek(npy->file, (long)(n_extra - known), SEEK_CUR)) return -1;
  if (size == UINT32_MAX && known == sizeof extra && number_at(extra, 2) == LONG_SIZES) size = number_at(extra + 12, 8);
  *is_plain = number_at(entry + 8, 2) == 0 && (number_at(entry + 6, 2) & 8) == 0;
  return (int64_t)size;
}

/* Goes to the array that is meant. */
static volley_status find_member(volley_npy *npy, const char *wanted) {
  char name[NAME], names[512] = "";
  bool is_plain = false, found = false, found_plain = false;
  int64_t size;
  int n = 0;
  while ((size = read_entry(npy, name, &is_plain)) >= 0) {
    const size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".npy") == 0) name[length - 4] = '\0';
    if (!wanted || strcmp(name, wanted) == 0) {
      npy->begin = ftell(npy->file);
      npy->end = npy->begin + size;
      found_plain = is_plain;
      found = true;
    }
    snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", n++ ? ", " : "", name);
    if (fseek(npy->file, size, SEEK_CUR)) break;
  }
  if (!found || (!wanted && n > 1))
    return volley_fault(VOLLEY_USAGE, npy->place, "'%s' has %s%s%s; `dataset` says which array is meant: %s", npy->path,
                        wanted ? "no array '" : "several arrays", wanted ? wanted : "", wanted ? "'" : "", names);
  if (!found_plain) return fault(npy, "is compressed: save it by numpy.savez(), not by savez_compressed()");
  (void)fseek(npy->file, npy->begin, SEEK_SET);
  return VOLLEY_OK;
}

volley_status volley_npy_open(volley_npy *npy, const volley_place *place, const char *path, const char *name) {
  *npy = (volley_npy){.place = place, .path = path, .file = fopen(path, "rb")};
  if (!npy->file) return volley_fault(VOLLEY_USAGE, place, "cannot open '%s': %s", path, strerror(errno));
  if (volley_npz_is(path)) {
    VOLLEY_TRY(find_member(npy, name));
    return read_header(npy);
  }
  (void)fseek(npy->file, 0, SEEK_END);
  npy->end = ftell(npy->file);
  rewind(npy->file);
  return read_header(npy);
}

void volley_npy_close(volley_npy *npy) {
  if (npy->file) (void)fclose(npy->file);
  npy->file = NULL;
}

static double convert(const volley_npy *npy, const unsigned char *from) {
  uint64_t bits = 0;
  float few;
  double many;
  memcpy(&bits, from, (size_t)npy->bytes); /* little-endian, as the machines that Volley runs on */
  const int unused = 64 - 8 * npy->bytes;
  if (npy->kind == 'u') return (double)bits;
  if (npy->kind == 'i') return (double)((int64_t)(bits << unused) >> unused);
  memcpy(&few, from, sizeof few);
  if (npy->bytes == (int)sizeof few) return few;
  memcpy(&many, &bits, sizeof many);
  return many;
}

volley_status volley_npy_read(volley_npy *npy, uint64_t first, uint64_t n, double *out) {
  unsigned char bytes[PIECE * sizeof(uint64_t)];
  const size_t width = (size_t)npy->bytes;
  (void)fseeko(npy->file, (off_t)((uint64_t)npy->data + first * width), SEEK_SET);
  for (uint64_t done = 0; done < n;) {
    const size_t piece = n - done < PIECE ? (size_t)(n - done) : PIECE;
    if (fread(bytes, width, piece, npy->file) != piece)
      return volley_fault(VOLLEY_FAILURE, npy->place, "cannot read '%s': %s", npy->path, strerror(errno));
    for (size_t k = 0; k < piece; k++) out[done + k] = convert(npy, bytes + k * width);
    done += piece;
  }
  return VOLLEY_OK;
}

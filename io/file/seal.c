/* docs/file-formats.md describes the seal byte by byte: a table of parts that tile the file's contents, and a trailer
 * of fixed size at the very end, from which the rest is found. */
#define _GNU_SOURCE /* pread, pwrite, posix_fadvise */

#include "io/file/seal.h"

#include "base/memory.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers of a seal are written as they lie in memory");

static const uint64_t opening_mark = UINT64_C(0x53594C4C4F560A89); /* the bytes 89 0A "VOLLYS" */
static const uint64_t closing_mark = UINT64_C(0x0A444E4559565F5F); /* the bytes "__VYEND" 0A */

enum {
  PIECE = 1 << 18,      /* bytes read at a time */
  SMALL = 1 << 20,      /* parts smaller than this are left to one rank */
  READ_AHEAD = 1 << 23, /* bytes that the system is asked for before they are needed */
};
enum { MAX_PARTS = 1 << 24 };

/* A part of the contents. Parts follow each other without gaps. */
typedef struct part {
  uint64_t offset, bytes, checksum;
  uint64_t is_extent; /* 1: one of the extents given; 0: what lies between them */
} part;

typedef struct trailer {
  uint64_t opening, format;
  uint64_t contents; /* bytes before the table of parts */
  uint64_t n_parts;
  uint64_t size; /* of the whole file */
  uint64_t table_checksum;
  uint64_t own_checksum; /* of the fields before */
  uint64_t closing;
} trailer;

_Static_assert(sizeof(part) == 32 && sizeof(trailer) == 64, "the seal has no padding");

uint64_t volley_checksum(const void *data, uint64_t at, uint64_t bytes) {
  enum { LANES = 16 };                                  /* independent sums, for vectors and pipelines */
  const uint64_t stride = UINT64_C(0x9E3779B97F4A7C15); /* from the salt of one word to that of the next */
  const unsigned char *from = data;
  const uint64_t first = at / 8 + 1;
  uint64_t salts[LANES], sums[LANES] = {0}, sum = 0, done = 0;
  for (uint64_t l = 0; l < LANES; l++) salts[l] = (first + l) * stride;
  for (; done + 8 * LANES <= bytes; done += 8 * LANES) {
#pragma omp simd
    for (uint64_t l = 0; l < LANES; l++) {
      uint64_t word;
      memcpy(&word, from + done + 8 * l, 8);
      sums[l] += volley_scramble(word + salts[l]);
      salts[l] += LANES * stride;
    }
  }
  for (uint64_t l = 0; l < LANES; l++) sum += sums[l];
  for (; done < bytes; done += 8) {
    uint64_t word = 0;
    memcpy(&word, from + done, bytes - done < 8 ? bytes - done : 8);
    sum += volley_scramble(word + (first + done / 8) * stride);
  }
  return sum;
}

static uint64_t trailer_checksum(const trailer *t) { return volley_checksum(t, 0, offsetof(trailer, own_checksum)); }

/* Reads exactly `bytes` bytes. Returns 0 or errno; EIO where the file ends before. */
static int read_all(int descriptor, void *out, uint64_t bytes, uint64_t offset) {
  for (uint64_t done = 0; done < bytes;) {
    const ssize_t n = pread(descriptor, (char *)out + done, bytes - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    done += (uint64_t)n;
  }
  return 0;
}

static int write_all(int descriptor, const void *data, uint64_t bytes, uint64_t offset) {
  for (uint64_t done = 0; done < bytes;) {
    const ssize_t n = pwrite(descriptor, (const char *)data + done, bytes - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    done += (uint64_t)n;
  }
  return 0;
}

/* Adds the checksum of the bytes from .. end - 1 of a part, counted from its first. Returns 0 or errno. */
static int add_checksum(int descriptor, const part *p, uint64_t from, uint64_t end, void *buffer, uint64_t *sum) {
  for (uint64_t bytes, asked = from; from < end; from += bytes) {
    bytes = end - from < PIECE ? end - from : PIECE;
    while (asked < end && asked < from + READ_AHEAD) {
      (void)posix_fadvise(descriptor, (off_t)(p->offset + asked), READ_AHEAD / 4, POSIX_FADV_WILLNEED);
      asked += READ_AHEAD / 4;
    }
    const int code = read_all(descriptor, buffer, bytes, p->offset + from);
    if (code) return code;
    *sum += volley_checksum(buffer, from, bytes);
  }
  return 0;
}

static int by_offset(const void *a, const void *b) {
  const volley_extent *x = a, *y = b;
  return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Tiles `contents` bytes with the extents and what lies between them, into parts[2 * n + 1]. Returns the number of
 * parts, -1 if the extents overlap or do not fit. */
static int64_t tile(const volley_extent *extents, int n, uint64_t contents, part *parts) {
  volley_extent *sorted = volley_alloc((size_t)n, sizeof *sorted, "a seal");
  for (int i = 0; i < n; i++) sorted[i] = extents[i];
  qsort(sorted, (size_t)n, sizeof *sorted, by_offset);
  uint64_t end = 0;
  int64_t count = 0;
  for (int i = 0; i < n && count >= 0; i++) {
    const volley_extent *e = &sorted[i];
    if (e->bytes == 0) continue;
    if (e->offset > end) parts[count++] = (part){.offset = end, .bytes = e->offset - end};
    const bool fits = e->offset >= end && e->offset <= contents && e->bytes <= contents - e->offset;
    parts[count++] = (part){e->offset, e->bytes, e->checksum, 1};
    end = e->offset + e->bytes;
    if (!fits) count = -1;
  }
  if (count >= 0 && end < contents) parts[count++] = (part){.offset = end, .bytes = contents - end};
  free(sorted);
  return count;
}

/* Reads what lies between the extents, and writes the table and the trailer behind the contents. */
static int append(int descriptor, uint32_t format, uint64_t contents, part *parts, uint64_t n) {
  void *buffer = malloc(PIECE);
  int code = buffer ? 0 : ENOMEM;
  for (uint64_t i = 0; i < n && code == 0; i++)
    if (!parts[i].is_extent) code = add_checksum(descriptor, &parts[i], 0, parts[i].bytes, buffer, &parts[i].checksum);
  free(buffer);
  if (code) return code;
  const uint64_t table = n * sizeof *parts;
  trailer end = {opening_mark, format, contents, n, contents + table + sizeof end, volley_checksum(parts, 0, table), 0,
                 closing_mark};
  end.own_checksum = trailer_checksum(&end);
  code = write_all(descriptor, parts, table, contents);
  return code ? code : write_all(descriptor, &end, sizeof end, contents + table);
}

int volley_seal_append(const char *path, uint32_t format, const volley_extent *extents, int n) {
  struct stat found;
  const int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return errno;
  int code = fstat(descriptor, &found) ? errno : 0;
  if (code == 0) {
    const uint64_t contents = (uint64_t)found.st_size;
    part *parts = volley_alloc(2 * (size_t)n + 1, sizeof *parts, "a seal");
    const int64_t count = tile(extents, n, contents, parts);
    code = count < 0 || count > MAX_PARTS ? EINVAL : append(descriptor, format, contents, parts, (uint64_t)count);
    free(parts);
  }
  if (close(descriptor) && code == 0) code = errno;
  return code;
}

int volley_seal_sum_file(const char *path, uint64_t *bytes, uint64_t *sum) {
  struct stat found;
  *bytes = *sum = 0;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  int code = fstat(descriptor, &found) ? errno : 0;
  if (code == 0) {
    const part whole = {.bytes = (uint64_t)found.st_size};
    void *buffer = malloc(PIECE);
    code = buffer ? add_checksum(descriptor, &whole, 0, whole.bytes, buffer, sum) : ENOMEM;
    *bytes = whole.bytes;
    free(buffer);
  }
  close(descriptor);
  return code;
}

/* A file that is being verified. */
typedef struct verification {
  volley_seal_result result;
  uint64_t n_parts;
  part *parts; /* [n_parts], on rank 0 until shared */
} verification;

/* Opens a regular file for reading. Returns a descriptor, or -1 with *code set. */
static int open_file(const char *path, int *code) {
  struct stat found;
  *code = 0;
  if (stat(path, &found)) {
    *code = errno;
  } else if (!S_ISREG(found.st_mode)) {
    *code = S_ISDIR(found.st_mode) ? EISDIR : ESPIPE;
  }
  if (*code) return -1;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) *code = errno;
  return descriptor;
}

/* Whether the parts tile the contents. */
static bool tiles(const part *parts, uint64_t n, uint64_t contents) {
  uint64_t end = 0;
  for (uint64_t i = 0; i < n; i++) {
    if (parts[i].offset != end || parts[i].bytes > contents - end) return false;
    end += parts[i].bytes;
  }
  return end == contents;
}

static void fail(verification *v, int code) {
  if (code == 0) return;
  v->result.state = VOLLEY_SEAL_UNREADABLE;
  v->result.code = code;
}

/* Reads and checks the table of parts. The trailer is whole, so its figures are those that were written. */
static void read_table(verification *v, int descriptor, const trailer *end) {
  const uint64_t rest = v->result.bytes - sizeof *end;
  v->result.state = VOLLEY_SEAL_DAMAGED;
  if (end->size != v->result.bytes || end->n_parts > MAX_PARTS || end->n_parts * sizeof(part) > rest ||
      end->contents != rest - end->n_parts * sizeof(part))
    return;
  const uint64_t table = end->n_parts * sizeof(part);
  v->n_parts = end->n_parts;
  v->parts = volley_alloc((size_t)v->n_parts, sizeof *v->parts, "a seal");
  const int code = read_all(descriptor, v->parts, table, end->contents);
  if (code == 0 && volley_checksum(v->parts, 0, table) == end->table_checksum &&
      tiles(v->parts, v->n_parts, end->contents))
    v->result.state = VOLLEY_SEAL_WHOLE;
  fail(v, code);
}

/* Whether this is the end of a sealed file; one of its marks may be damaged. */
static bool is_marked(const trailer *end) { return end->opening == opening_mark || end->closing == closing_mark; }

bool volley_seal_is_there(const char *path) {
  struct stat found;
  trailer end = {0};
  int code = 0;
  const int descriptor = open_file(path, &code);
  if (descriptor < 0) return false;
  if (fstat(descriptor, &found) == 0 && (uint64_t)found.st_size >= sizeof end)
    (void)read_all(descriptor, &end, sizeof end, (uint64_t)found.st_size - sizeof end);
  close(descriptor);
  return is_marked(&end);
}

/* Reads the seal itself. */
static void read_seal(verification *v, int descriptor, uint32_t format) {
  struct stat found;
  trailer end;
  if (fstat(descriptor, &found)) {
    fail(v, errno);
    return;
  }
  v->result.bytes = (uint64_t)found.st_size;
  v->result.state = VOLLEY_SEAL_NONE;
  if (v->result.bytes < sizeof end) return;
  const int code = read_all(descriptor, &end, sizeof end, v->result.bytes - sizeof end);
  fail(v, code);
  if (code || !is_marked(&end)) return;
  v->result.state = VOLLEY_SEAL_DAMAGED;
  if (end.opening != opening_mark || end.closing != closing_mark || end.own_checksum != trailer_checksum(&end)) return;
  v->result.format = (uint32_t)end.format;
  v->result.state = VOLLEY_SEAL_FORMAT;
  if (end.format == format) read_table(v, descriptor, &end);
}

/* Sums up this rank's share of every part: small ones are dealt, large ones are cut. Returns 0 or errno. */
static int sum_share(const verification *v, int descriptor, int rank, int ranks, uint64_t *sums) {
  void *buffer = malloc(PIECE);
  int code = buffer ? 0 : ENOMEM;
  for (uint64_t i = 0; i < v->n_parts && code == 0; i++) {
    const part *p = &v->parts[i];
    const uint64_t words = p->bytes / 8, r = (uint64_t)rank, n = (uint64_t)ranks;
    uint64_t from = 8 * (words / n * r + words % n * r / n);
    uint64_t end = r + 1 == n ? p->bytes : 8 * (words / n * (r + 1) + words % n * (r + 1) / n);
    if (p->bytes < SMALL) {
      from = 0;
      end = i % n == r ? p->bytes : 0;
    }
    code = add_checksum(descriptor, p, from, end, buffer, &sums[i]);
  }
  free(buffer);
  return code;
}

/* Finds the part that has changed; what lies between the extents comes first, since it says what the extents are. */
static void compare(verification *v, const uint64_t *sums) {
  for (int is_extent = 0; is_extent < 2; is_extent++) {
    for (uint64_t i = 0; i < v->n_parts; i++) {
      const part *p = &v->parts[i];
      if ((p->is_extent != 0) != is_extent || sums[i] == p->checksum) continue;
      v->result.state = VOLLEY_SEAL_DAMAGED;
      v->result.at = p->offset;
      v->result.size = is_extent ? p->bytes : 0;
      return;
    }
  }
}

/* Compares the contents with the checksums. Collective. */
static void verify_parts(verification *v, const char *path, int rank, int ranks, MPI_Comm comm) {
  int code = 0;
  const int descriptor = open_file(path, &code);
  uint64_t *sums = volley_alloc((size_t)v->n_parts, sizeof *sums, "a seal");
  if (descriptor >= 0) {
    code = sum_share(v, descriptor, rank, ranks, sums);
    close(descriptor);
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, comm));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, sums, (int)v->n_parts, MPI_UINT64_T, MPI_SUM, comm));
  fail(v, code);
  if (code == 0) compare(v, sums);
  free(sums);
}

volley_seal_result volley_seal_verify(const char *path, uint32_t format, MPI_Comm comm) {
  verification v = {0};
  int rank = 0, ranks = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  if (rank == 0) {
    int code = 0;
    const int descriptor = open_file(path, &code);
    fail(&v, code);
    if (descriptor >= 0) {
      read_seal(&v, descriptor, format);
      close(descriptor);
    }
  }
  part *parts = v.parts;
  VOLLEY_MPI(MPI_Bcast(&v, sizeof v, MPI_BYTE, 0, comm));
  if (v.result.state == VOLLEY_SEAL_WHOLE) {
    v.parts = rank == 0 ? parts : volley_alloc((size_t)v.n_parts, sizeof *v.parts, "a seal");
    VOLLEY_MPI(MPI_Bcast(v.parts, (int)(v.n_parts * sizeof *v.parts), MPI_BYTE, 0, comm));
    verify_parts(&v, path, rank, ranks, comm);
    parts = v.parts;
  }
  free(parts);
  return v.result;
}

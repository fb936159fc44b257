/* A sealed file is whole; with any byte changed, missing or added it is not, and every rank says the same. */
#include "base/memory.h"
#include "io/file/seal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FORMAT = 3 };

static int rank, ranks;
static char folder[64], path[128];

static uint64_t mix(uint64_t n) {
  n = (n ^ (n >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  n = (n ^ (n >> 27)) * UINT64_C(0x94D049BB133111EB);
  return n ^ (n >> 31);
}

static unsigned char *make_bytes(uint64_t n) {
  unsigned char *bytes = volley_alloc(n, 1, "test");
  for (uint64_t i = 0; i < n; i++) bytes[i] = (unsigned char)mix(i + 1);
  return bytes;
}

/* What the checksum is, word by word. */
static uint64_t plain_checksum(const unsigned char *bytes, uint64_t n) {
  uint64_t sum = 0;
  for (uint64_t word = 0; word * 8 < n; word++) {
    uint64_t value = 0;
    for (uint64_t i = 0; i < 8 && word * 8 + i < n; i++) value |= (uint64_t)bytes[word * 8 + i] << (8 * i);
    sum += mix(value + (word + 1) * UINT64_C(0x9E3779B97F4A7C15));
  }
  return sum;
}

static void test_checksum(void **state) {
  (void)state;
  enum { N = 1003 };
  unsigned char *bytes = make_bytes(N);
  for (uint64_t n = 0; n <= N; n++) assert_int_equal(volley_checksum(bytes, 0, n), plain_checksum(bytes, n));
  const uint64_t whole = volley_checksum(bytes, 0, N);
  for (uint64_t cut = 0; cut <= N; cut += 8)
    assert_int_equal(volley_checksum(bytes, 0, cut) + volley_checksum(bytes + cut, cut, N - cut), whole);
  for (uint64_t bit = 0; bit < 8 * N; bit++) {
    bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    assert_int_not_equal(volley_checksum(bytes, 0, N), whole);
    bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
  }
  for (uint64_t word = 0; word + 16 <= N; word += 8) { /* two words change places */
    unsigned char other[N];
    memcpy(other, bytes, N);
    memcpy(other + word, bytes + word + 8, 8);
    memcpy(other + word + 8, bytes + word, 8);
    assert_int_not_equal(volley_checksum(other, 0, N), whole);
  }
  free(bytes);
}

static void write_file(const unsigned char *bytes, uint64_t n) {
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

/* Writes and seals n bytes; reads all of the file back, *size bytes that the caller owns. */
static unsigned char *seal(uint64_t n, volley_extent *extents, int n_extents, uint64_t *size) {
  unsigned char *bytes = make_bytes(n);
  for (int i = 0; i < n_extents; i++)
    extents[i].checksum = volley_checksum(bytes + extents[i].offset, 0, extents[i].bytes);
  write_file(bytes, n);
  free(bytes);
  if (rank == 0) assert_int_equal(volley_seal_append(path, FORMAT, extents, n_extents), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_true(volley_seal_is_there(path));
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  *size = (uint64_t)ftell(file);
  rewind(file);
  bytes = volley_alloc(*size, 1, "test");
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

static volley_seal_result verify(volley_seal_state expected) {
  const volley_seal_result result = volley_seal_verify(path, FORMAT, MPI_COMM_WORLD);
  volley_seal_result first = result;
  MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
  assert_int_equal(result.state, first.state);
  assert_int_equal(result.at, first.at);
  assert_int_equal(result.size, first.size);
  assert_int_equal(result.state, expected);
  return result;
}

static void test_whole(void **state) {
  (void)state;
  static const uint64_t sizes[] = {0, 1, 8, 100, (1 << 20) - 1, 1 << 20, 3500001};
  uint64_t size;
  for (int i = 0; i < 7; i++) {
    free(seal(sizes[i], NULL, 0, &size));
    assert_int_equal(verify(VOLLEY_SEAL_WHOLE).bytes, size);
    volley_extent all = {.bytes = sizes[i]};
    free(seal(sizes[i], &all, 1, &size));
    assert_int_equal(verify(VOLLEY_SEAL_WHOLE).bytes, size);
    if (sizes[i] < 100) continue;
    volley_extent some[] = {{.offset = 77, .bytes = sizes[i] - 80}, {.offset = 3}, {.offset = 50, .bytes = 27}};
    free(seal(sizes[i], some, 3, &size));
    assert_int_equal(verify(VOLLEY_SEAL_WHOLE).bytes, size);
  }
}

/* Which of the extents holds a byte; size 0 if none does. */
static volley_extent find(const volley_extent *extents, int n, uint64_t at) {
  for (int i = 0; i < n; i++)
    if (at >= extents[i].offset && at < extents[i].offset + extents[i].bytes) return extents[i];
  return (volley_extent){0};
}

static void test_every_byte(void **state) {
  (void)state;
  volley_extent extents[] = {{.offset = 200, .bytes = 57}, {.offset = 13, .bytes = 100}, {.offset = 113, .bytes = 8}};
  uint64_t size;
  unsigned char *bytes = seal(301, extents, 3, &size);
  assert_int_equal(size, 301 + 6 * 32 + 64);
  for (uint64_t at = 0; at < size; at++) {
    const unsigned char change = (unsigned char)(1 + mix(at) % 255);
    bytes[at] ^= change;
    write_file(bytes, size);
    assert_true(volley_seal_is_there(path));
    const volley_seal_result result = verify(VOLLEY_SEAL_DAMAGED);
    const volley_extent found = find(extents, 3, at);
    assert_int_equal(result.size, found.bytes);
    if (found.bytes) assert_int_equal(result.at, found.offset);
    bytes[at] ^= change;
  }
  write_file(bytes, size);
  verify(VOLLEY_SEAL_WHOLE);
  free(bytes);
}

/* Damage in a file that all ranks share, far from its ends. */
static void test_large(void **state) {
  (void)state;
  volley_extent extents[] = {{.offset = 1001, .bytes = 5000003}, {.offset = 5001004, .bytes = 400000}};
  uint64_t size;
  unsigned char *bytes = seal(8000000, extents, 2, &size);
  for (uint64_t i = 0; i < 40; i++) {
    const uint64_t at = i == 0 ? 1001 : i == 1 ? 5001003 : i == 2 ? 5001004 : mix(i) % size;
    bytes[at] ^= 1;
    write_file(bytes, size);
    const volley_seal_result result = verify(VOLLEY_SEAL_DAMAGED);
    assert_int_equal(result.size, find(extents, 2, at).bytes);
    bytes[at] ^= 1;
  }
  free(bytes);
}

static void test_other_length(void **state) {
  (void)state;
  volley_extent extent = {.offset = 10, .bytes = 100};
  uint64_t size;
  unsigned char *bytes = seal(150, &extent, 1, &size);
  for (uint64_t length = 0; length < size; length++) {
    write_file(bytes, length);
    verify(VOLLEY_SEAL_NONE);
    assert_false(volley_seal_is_there(path));
  }
  unsigned char *longer = volley_alloc(size + 64, 1, "test");
  memcpy(longer, bytes, size);
  for (uint64_t length = size + 1; length <= size + 64; length++) {
    write_file(longer, length);
    verify(VOLLEY_SEAL_NONE);
  }
  memcpy(longer + 8, bytes, size); /* bytes before: the seal is sound but the contents are not where they should be */
  write_file(longer, size + 8);
  verify(VOLLEY_SEAL_DAMAGED);
  write_file(bytes + 8, size - 8);
  verify(VOLLEY_SEAL_DAMAGED);
  free(longer);
  free(bytes);
}

static void test_format(void **state) {
  (void)state;
  uint64_t size;
  free(seal(100, NULL, 0, &size));
  const volley_seal_result result = volley_seal_verify(path, FORMAT + 1, MPI_COMM_WORLD);
  assert_int_equal(result.state, VOLLEY_SEAL_FORMAT);
  assert_int_equal(result.format, FORMAT);
}

static void test_unreadable(void **state) {
  (void)state;
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(path);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_int_equal(verify(VOLLEY_SEAL_UNREADABLE).code, ENOENT);
  assert_int_equal(volley_seal_append(path, FORMAT, NULL, 0), ENOENT);
  assert_false(volley_seal_is_there(path));
  assert_int_equal(volley_seal_verify(folder, FORMAT, MPI_COMM_WORLD).code, EISDIR);
  assert_int_equal(volley_seal_verify("/dev/null", FORMAT, MPI_COMM_WORLD).state, VOLLEY_SEAL_UNREADABLE);
}

/* Extents that overlap or reach beyond the end are refused. */
static void test_wrong_extents(void **state) {
  (void)state;
  const volley_extent overlapping[] = {{.offset = 0, .bytes = 11}, {.offset = 10, .bytes = 5}};
  const volley_extent beyond = {.offset = 90, .bytes = 11}, far = {.offset = UINT64_MAX - 5, .bytes = 11};
  unsigned char *bytes = make_bytes(100);
  write_file(bytes, 100);
  if (rank == 0) {
    assert_int_equal(volley_seal_append(path, FORMAT, overlapping, 2), EINVAL);
    assert_int_equal(volley_seal_append(path, FORMAT, &beyond, 1), EINVAL);
    assert_int_equal(volley_seal_append(path, FORMAT, &far, 1), EINVAL);
  }
  verify(VOLLEY_SEAL_NONE);
  free(bytes);
}

/* A sound trailer with impossible sizes in it: nothing is allocated or read by them. */
static void test_impossible_sizes(void **state) {
  (void)state;
  uint64_t size;
  unsigned char *bytes = seal(100, NULL, 0, &size);
  for (int field = 2; field < 5; field++) {
    static const uint64_t values[] = {0, 1, 99, UINT64_C(1) << 59, UINT64_MAX, UINT64_MAX / 32 + 2};
    for (int i = 0; i < 6; i++) {
      uint64_t trailer[8];
      memcpy(trailer, bytes + size - 64, 64);
      if (trailer[field] == values[i]) continue;
      trailer[field] = values[i];
      trailer[6] = volley_checksum(trailer, 0, 48);
      unsigned char *other = volley_alloc(size, 1, "test");
      memcpy(other, bytes, size - 64);
      memcpy(other + size - 64, trailer, 64);
      write_file(other, size);
      verify(VOLLEY_SEAL_DAMAGED);
      free(other);
    }
  }
  free(bytes);
}

static int set_up(void **state) {
  (void)state;
  if (rank == 0) {
    strcpy(folder, "/tmp/volley_seal_XXXXXX");
    if (!mkdtemp(folder)) return -1;
  }
  MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
  snprintf(path, sizeof path, "%s/file", folder);
  return 0;
}

static int clean_up(void **state) {
  (void)state;
  if (rank != 0) return 0;
  unlink(path);
  return rmdir(folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_checksum),      cmocka_unit_test(test_whole),      cmocka_unit_test(test_every_byte),
      cmocka_unit_test(test_large),         cmocka_unit_test(test_format),     cmocka_unit_test(test_other_length),
      cmocka_unit_test(test_wrong_extents), cmocka_unit_test(test_unreadable), cmocka_unit_test(test_impossible_sizes)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, set_up, clean_up);
  MPI_Finalize();
  return failed;
}

#include "io/file/hdf5_check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LITTLE = 1 << 24 /* bytes for which nobody asks how much memory is left */ };

void volley_hdf5_quiet(void) { (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

bool volley_hdf5_can_compress(void) {
#if H5_VERSION_GE(1, 10, 2) && MPI_VERSION >= 3
  return H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0 && H5Zfilter_avail(H5Z_FILTER_SHUFFLE) > 0;
#else
  return false;
#endif
}

static const char unknown_reason[] = "HDF5 gives no reason; is it damaged?";

/* Keeps the description of the innermost entry of the error stack that has one. */
static herr_t keep_innermost(unsigned n, const H5E_error2_t *error, void *reason) {
  const bool is_told = n > 0 && strcmp(reason, unknown_reason) != 0;
  if (!is_told && error->desc && *error->desc) snprintf(reason, 512, "%s", error->desc);
  return 0;
}

/* HDF5 puts the system's own words into "..., error message = 'WORDS', ...": keeps only these where they are. */
static void shorten(char *reason) {
  static const char mark[] = "error message = '";
  const char *from = strstr(reason, mark);
  if (!from) return;
  from += sizeof mark - 1;
  const size_t length = strcspn(from, "'");
  memmove(reason, from, length);
  reason[length] = '\0';
}

bool volley_hdf5_fault(volley_hdf5 *file, const char *format, ...) {
  char message[2048];
  if (file->failed) return false;
  va_list list;
  va_start(list, format);
  vsnprintf(message, sizeof message, format, list);
  va_end(list);
  file->failed = true;
  if (!file->is_silent) volley_fault(file->blame, file->place, "%s", message);
  return false;
}

int64_t volley_hdf5_check(volley_hdf5 *file, int64_t result, const char *doing) {
  if (result >= 0 || file->failed) return result;
  char reason[512];
  snprintf(reason, sizeof reason, "%s", unknown_reason);
  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, reason);
  shorten(reason);
  volley_hdf5_fault(file, "cannot %s '%s': %s", doing, file->path, reason);
  return result;
}

/* The filter of a dataset that this HDF5 does not have, or -1; what people call it in name, [size]. */
static int missing_filter(hid_t set, char *name, size_t size) {
  static const struct {
    int id;
    const char *name;
  } known[] = {{1, "gzip"},    {4, "szip"},          {305, "LZO"},     {307, "bzip2"},
               {32000, "LZF"}, {32001, "Blosc"},     {32004, "LZ4"},   {32008, "bitshuffle"},
               {32013, "ZFP"}, {32015, "Zstandard"}, {32026, "Blosc2"}};
  int missing = -1;
  const hid_t creation = H5Dget_create_plist(set);
  const int n = creation >= 0 ? H5Pget_nfilters(creation) : 0;
  for (int f = 0; f < n && missing < 0; f++) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    const int id = (int)H5Pget_filter2(creation, (unsigned)f, &flags, &values, NULL, size, name, &config);
    if (id >= 0 && H5Zfilter_avail((H5Z_filter_t)id) <= 0) missing = id;
  }
  for (size_t k = 0; k < sizeof known / sizeof *known; k++)
    if (known[k].id == missing) snprintf(name, size, "%s", known[k].name);
  if (creation >= 0) (void)H5Pclose(creation);
  return missing;
}

void volley_hdf5_read(volley_hdf5 *file, hid_t set, const char *name, hid_t type, hid_t memory, hid_t space,
                      void *values) {
  char filter[64] = "";
  if (file->failed) return;
  const herr_t result = H5Dread(set, type, memory, space, H5P_DEFAULT, values);
  const int missing = result < 0 ? missing_filter(set, filter, sizeof filter) : -1;
  if (missing < 0)
    volley_hdf5_check(file, result, "read");
  else
    volley_hdf5_fault(
        file,
        "dataset '%s' of '%s' went through the filter %d%s%s%s, which is not installed here: write it with gzip or "
        "without compression, or set HDF5_PLUGIN_PATH to the folder of its plugin",
        name, file->path, missing, *filter ? " (" : "", filter, *filter ? ")" : "");
}

void volley_hdf5_release(volley_hdf5 *file, hid_t id) {
  if (id >= 0) volley_hdf5_check(file, H5Idec_ref(id), "finish a part of");
}

hid_t volley_hdf5_put_group(volley_hdf5 *file, hid_t parent, const char *name) {
  const hid_t links = volley_hdf5_check(file, H5Pcreate(H5P_LINK_CREATE), "set up");
  volley_hdf5_check(file, H5Pset_create_intermediate_group(links, 1), "set up");
  const hid_t group =
      volley_hdf5_check(file, H5Gcreate2(parent, name, links, H5P_DEFAULT, H5P_DEFAULT), "create a group in");
  volley_hdf5_release(file, links);
  return group;
}

static hid_t simple_space(volley_hdf5 *file, size_t n) {
  const hsize_t size = n;
  return volley_hdf5_check(file, n ? H5Screate_simple(1, &size, NULL) : H5Screate(H5S_SCALAR), "describe data of");
}

hid_t volley_hdf5_text_type(volley_hdf5 *file, size_t bytes) {
  const hid_t type = volley_hdf5_check(file, H5Tcopy(H5T_C_S1), "describe text of");
  volley_hdf5_check(file, H5Tset_size(type, bytes ? bytes : 1), "describe text of");
  volley_hdf5_check(file, H5Tset_cset(type, H5T_CSET_UTF8), "describe text of");
  return type;
}

void volley_hdf5_put_values(volley_hdf5 *file, hid_t object, const char *name, hid_t type, size_t n,
                            const void *values) {
  const hid_t space = simple_space(file, n);
  const hid_t attribute =
      volley_hdf5_check(file, H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), "create attributes in");
  volley_hdf5_check(file, H5Awrite(attribute, type, values), "write attributes to");
  volley_hdf5_release(file, attribute);
  volley_hdf5_release(file, space);
}

void volley_hdf5_put_text(volley_hdf5 *file, hid_t object, const char *name, const char *text) {
  const hid_t type = volley_hdf5_text_type(file, strlen(text));
  volley_hdf5_check(file, H5Tset_strpad(type, H5T_STR_NULLPAD), "describe text of");
  volley_hdf5_put_values(file, object, name, type, 0, text);
  volley_hdf5_release(file, type);
}

void volley_hdf5_put_number(volley_hdf5 *file, hid_t object, const char *name, double value) {
  volley_hdf5_put_values(file, object, name, H5T_NATIVE_DOUBLE, 0, &value);
}

void volley_hdf5_put_count(volley_hdf5 *file, hid_t object, const char *name, uint64_t value) {
  volley_hdf5_put_values(file, object, name, H5T_NATIVE_UINT64, 0, &value);
}

bool volley_hdf5_fits(volley_hdf5 *file, const char *what, uint64_t count, size_t size) {
  const double bytes = (double)count * (double)size, left = bytes > LITTLE ? (double)volley_available_memory() : bytes;
  if (file->failed || bytes <= left) return !file->failed;
  return volley_hdf5_fault(file, "%s of '%s' takes %.2f GB of memory; %.2f GB are left on this node", what, file->path,
                           1e-9 * bytes, 1e-9 * left);
}

/* Bytes that so many values take at least: a compressed chunk has one at least. */
static double least_bytes(hid_t set, hid_t properties, double values) {
  hsize_t chunk[H5S_MAX_RANK];
  double in_chunk = 1;
  if (H5Pget_layout(properties) == H5D_CHUNKED && H5Pget_nfilters(properties) > 0) {
    const int n = H5Pget_chunk(properties, H5S_MAX_RANK, chunk);
    for (int k = 0; k < n; k++) in_chunk *= (double)chunk[k];
    return values / in_chunk;
  }
  const hid_t type = H5Dget_type(set);
  const double bytes = values * (double)H5Tget_size(type);
  H5Tclose(type);
  return bytes;
}

bool volley_hdf5_is_stored(hid_t set, uint64_t *stored) {
  const hid_t properties = H5Dget_create_plist(set), space = H5Dget_space(set);
  const double values = (double)H5Sget_simple_extent_npoints(space);
  *stored = H5Dget_storage_size(set);
  const bool is = H5Pget_layout(properties) == H5D_VIRTUAL || (double)*stored >= least_bytes(set, properties, values);
  H5Pclose(properties);
  H5Sclose(space);
  return is;
}

hid_t volley_hdf5_open_group(volley_hdf5 *file, hid_t parent, const char *name) {
  return volley_hdf5_check(file, H5Gopen2(parent, name, H5P_DEFAULT), "find a group in");
}

hid_t volley_hdf5_open_set(volley_hdf5 *file, hid_t parent, const char *name) {
  return volley_hdf5_check(file, H5Dopen2(parent, name, H5P_DEFAULT), "find a dataset in");
}

/* Opens an attribute that must hold one value, a text or a number. */
static hid_t open_attribute(volley_hdf5 *file, hid_t object, const char *name, bool is_text) {
  const hid_t attribute = volley_hdf5_check(file, H5Aopen(object, name, H5P_DEFAULT), "find an attribute in");
  const hid_t space = volley_hdf5_check(file, H5Aget_space(attribute), "look up data of");
  const hid_t type = volley_hdf5_check(file, H5Aget_type(attribute), "look up data of");
  if (!file->failed && (H5Sget_simple_extent_npoints(space) != 1 || H5Tis_variable_str(type) != 0 ||
                        (H5Tget_class(type) == H5T_STRING) != is_text))
    volley_hdf5_fault(file, "'%s' is damaged: attribute '%s' is not of the right type", file->path, name);
  volley_hdf5_release(file, type);
  volley_hdf5_release(file, space);
  return attribute;
}

const char *volley_hdf5_get_text(volley_hdf5 *file, hid_t object, const char *name, volley_arena *arena) {
  const hid_t attribute = open_attribute(file, object, name, true);
  const hid_t type = volley_hdf5_check(file, H5Aget_type(attribute), "look up data of");
  const size_t size = type >= 0 ? H5Tget_size(type) : 0;
  char *text = volley_arena_alloc(arena, volley_hdf5_fits(file, name, 1, size) ? size + 1 : 1, 1);
  if (!file->failed) volley_hdf5_check(file, H5Aread(attribute, type, text), "read");
  volley_hdf5_release(file, type);
  volley_hdf5_release(file, attribute);
  return text;
}

bool volley_hdf5_find_text(hid_t object, const char *name, char *text, size_t size) {
  *text = '\0';
  if (H5Aexists(object, name) <= 0) return false;
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(attribute);
  const hid_t space = H5Aget_space(attribute);
  const size_t bytes =
      H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1 ? H5Tget_size(type) : 0;
  char *fixed = volley_alloc(bytes + sizeof fixed, 1, "a text of a file"), *found = fixed;
  const bool is_variable = bytes > 0 && H5Tis_variable_str(type) > 0;
  const bool is_read = bytes > 0 && H5Aread(attribute, type, is_variable ? (void *)&found : fixed) >= 0 && found;
  if (is_read) snprintf(text, size, "%s", found);
  if (is_read && is_variable) (void)H5free_memory(found);
  free(fixed);
  (void)H5Sclose(space), (void)H5Tclose(type), (void)H5Aclose(attribute);
  return is_read;
}

const char *volley_hdf5_get_document(volley_hdf5 *file, hid_t parent, const char *name, volley_arena *arena) {
  const hid_t set = volley_hdf5_open_set(file, parent, name);
  const hid_t type = volley_hdf5_check(file, H5Dget_type(set), "look up data of");
  const size_t size = type >= 0 ? H5Tget_size(type) : 0;
  char *text = volley_arena_alloc(arena, volley_hdf5_fits(file, name, 1, size) ? size + 1 : 1, 1);
  volley_hdf5_read(file, set, name, type, H5S_ALL, H5S_ALL, text);
  volley_hdf5_release(file, type);
  volley_hdf5_release(file, set);
  return text;
}

void volley_hdf5_get_value(volley_hdf5 *file, hid_t object, const char *name, hid_t type, void *value) {
  const hid_t attribute = open_attribute(file, object, name, false);
  if (!file->failed) volley_hdf5_check(file, H5Aread(attribute, type, value), "read");
  volley_hdf5_release(file, attribute);
}

double volley_hdf5_get_number(volley_hdf5 *file, hid_t object, const char *name) {
  double value = NAN;
  volley_hdf5_get_value(file, object, name, H5T_NATIVE_DOUBLE, &value);
  return value;
}

uint64_t volley_hdf5_get_count(volley_hdf5 *file, hid_t object, const char *name) {
  uint64_t value = 0;
  volley_hdf5_get_value(file, object, name, H5T_NATIVE_UINT64, &value);
  return value;
}

uint64_t volley_hdf5_count_values(volley_hdf5 *file, hid_t set) {
  const hid_t space = volley_hdf5_check(file, H5Dget_space(set), "look up data of");
  const hssize_t n = volley_hdf5_check(file, H5Sget_simple_extent_npoints(space), "look up data of");
  volley_hdf5_release(file, space);
  return n > 0 ? (uint64_t)n : 0;
}

void *volley_hdf5_get_array(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, volley_arena *arena,
                            uint64_t *n) {
  const hid_t set = volley_hdf5_open_set(file, parent, name);
  const size_t size = type >= 0 ? H5Tget_size(type) : 0;
  *n = volley_hdf5_count_values(file, set);
  if (!volley_hdf5_fits(file, name, *n, size)) *n = 0;
  void *values = volley_arena_alloc(arena, *n, size);
  volley_hdf5_read(file, set, name, type, H5S_ALL, H5S_ALL, values);
  volley_hdf5_release(file, set);
  return values;
}

void volley_hdf5_read_part(volley_hdf5 *file, hid_t set, const char *name, hid_t type, int dimensions,
                           const hsize_t *start, const hsize_t *stride, const hsize_t *count, void *values) {
  const hid_t space = volley_hdf5_check(file, H5Dget_space(set), "look up data of");
  const hid_t memory = volley_hdf5_check(file, H5Screate_simple(dimensions, count, NULL), "describe data of");
  volley_hdf5_check(file, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, stride, count, NULL), "select data of");
  volley_hdf5_read(file, set, name, type, memory, space, values);
  volley_hdf5_release(file, memory);
  volley_hdf5_release(file, space);
}

/* HDF5 cannot write to a dataset that has no values. */
static void write_all(volley_hdf5 *file, hid_t set, hid_t type, hid_t space, const void *values) {
  if (file->writes && H5Sget_simple_extent_npoints(space) != 0)
    volley_hdf5_check(file, H5Dwrite(set, type, space, space, H5P_DEFAULT, values), "write");
  volley_hdf5_release(file, space);
}

/* A new dataset of values in this space, which is released. */
static hid_t put_dataset(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, hid_t space,
                         const void *values) {
  const hid_t set = volley_hdf5_check(
      file, H5Dcreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "create a dataset in");
  write_all(file, set, type, space, values);
  return set;
}

void volley_hdf5_replace_array(volley_hdf5 *file, hid_t set, hid_t type, const void *values) {
  write_all(file, set, type, volley_hdf5_check(file, H5Dget_space(set), "look up data of"), values);
}

void volley_hdf5_replace(volley_hdf5 *file, hid_t object, const char *name, hid_t type, const void *value) {
  const hid_t attribute = volley_hdf5_check(file, H5Aopen(object, name, H5P_DEFAULT), "open an attribute of");
  volley_hdf5_check(file, H5Awrite(attribute, type, value), "write attributes to");
  volley_hdf5_release(file, attribute);
}

hid_t volley_hdf5_put_open_array(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, size_t n,
                                 const void *values) {
  return put_dataset(file, parent, name, type, simple_space(file, n), values);
}

void volley_hdf5_put_array(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, size_t n,
                           const void *values) {
  volley_hdf5_release(file, volley_hdf5_put_open_array(file, parent, name, type, n, values));
}

void volley_hdf5_put_rows(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, size_t n, size_t width,
                          const void *values) {
  const hsize_t size[2] = {n, width};
  const hid_t space = volley_hdf5_check(file, H5Screate_simple(2, size, NULL), "describe data of");
  volley_hdf5_release(file, put_dataset(file, parent, name, type, space, values));
}

void volley_hdf5_put_document(volley_hdf5 *file, hid_t parent, const char *name, const char *text) {
  const hid_t type = volley_hdf5_text_type(file, strlen(text) + 1);
  volley_hdf5_put_array(file, parent, name, type, 0, text);
  volley_hdf5_release(file, type);
}

void volley_hdf5_put_texts(volley_hdf5 *file, hid_t parent, const char *name, size_t n, const char *const *texts) {
  size_t width = 1;
  for (size_t i = 0; i < n; i++)
    if (strlen(texts[i]) >= width) width = strlen(texts[i]) + 1;
  char *rows = volley_alloc(n, width, "a table of names");
  for (size_t i = 0; i < n; i++) memcpy(rows + i * width, texts[i], strlen(texts[i]));
  const hid_t type = volley_hdf5_text_type(file, width);
  volley_hdf5_put_array(file, parent, name, type, n, rows);
  volley_hdf5_release(file, type);
  free(rows);
}

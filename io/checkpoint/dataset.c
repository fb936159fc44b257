#define _GNU_SOURCE /* sync_file_range */

#include "io/checkpoint/dataset.h"

#include <fcntl.h>

static const char checksum_name[] = "checksum";

void volley_dataset_create(volley_hdf5 *file, hid_t root, volley_dataset *dataset) {
  const hsize_t size = dataset->count;
  dataset->type = dataset->type == H5T_STRING ? volley_hdf5_text_type(file, dataset->bytes)
                                              : volley_hdf5_check(file, H5Tcopy(dataset->type), "describe data of");
  const hid_t space = volley_hdf5_check(
      file, dataset->is_scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, NULL), "describe data of");
  const hid_t creation = volley_hdf5_check(file, H5Pcreate(H5P_DATASET_CREATE), "describe data of");
  volley_hdf5_check(file, H5Pset_layout(creation, H5D_CONTIGUOUS), "describe data of");
  volley_hdf5_check(file, H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), "describe data of");
  volley_hdf5_check(file, H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), "describe data of");
  dataset->handle =
      volley_hdf5_check(file, H5Dcreate2(root, dataset->path, dataset->type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
                        "create a dataset in");
  if (dataset->units) volley_hdf5_put_text(file, dataset->handle, "units", dataset->units);
  volley_hdf5_put_count(file, dataset->handle, checksum_name, 0);
  volley_hdf5_release(file, creation);
  volley_hdf5_release(file, space);
}

/* Has the system begin to bring values to the disk while the next are made; what it does not do now fsync() will. */
static void start_transfer(const volley_dataset *dataset, uint64_t first, uint64_t count) {
  const off_t offset = (off_t)(H5Dget_offset(dataset->handle) + first * dataset->bytes);
  (void)sync_file_range(dataset->descriptor, offset, (off_t)(count * dataset->bytes), SYNC_FILE_RANGE_WRITE);
}

void volley_dataset_put(volley_hdf5 *file, volley_dataset *dataset, uint64_t first, uint64_t count,
                        const void *values) {
  const hsize_t from = first, n = count;
  if (count == 0 || file->failed) return;
  dataset->checksum += volley_checksum(values, first * dataset->bytes, count * dataset->bytes);
  const hid_t space = volley_hdf5_check(file, H5Dget_space(dataset->handle), "look up data of");
  const hid_t memory = volley_hdf5_check(file, H5Screate_simple(1, &n, NULL), "describe data of");
  if (n < dataset->count) /* all need no selection, and a scalar takes none */
    volley_hdf5_check(file, H5Sselect_hyperslab(space, H5S_SELECT_SET, &from, NULL, &n, NULL), "select data of");
  volley_hdf5_check(file, H5Dwrite(dataset->handle, dataset->type, memory, space, H5P_DEFAULT, values), "write");
  if (dataset->descriptor >= 0 && !file->failed) start_transfer(dataset, first, count);
  volley_hdf5_release(file, memory);
  volley_hdf5_release(file, space);
}

void volley_dataset_finish(volley_hdf5 *file, volley_dataset *dataset, uint64_t checksum, volley_extent *extent) {
  const hid_t attribute =
      volley_hdf5_check(file, H5Aopen(dataset->handle, checksum_name, H5P_DEFAULT), "open an attribute of");
  volley_hdf5_check(file, H5Awrite(attribute, H5T_NATIVE_UINT64, &checksum), "write attributes to");
  volley_hdf5_release(file, attribute);
  *extent = (volley_extent){H5Dget_offset(dataset->handle), dataset->count * dataset->bytes, checksum};
}

/* Whether the dataset is stored as this file's writer does it, wholly within the file. */
static bool is_sound(const volley_dataset *dataset, hid_t space, uint64_t file_bytes) {
  const hid_t creation = H5Dget_create_plist(dataset->handle);
  const bool contiguous = creation >= 0 && H5Pget_layout(creation) == H5D_CONTIGUOUS;
  if (creation >= 0) H5Pclose(creation);
  if (!contiguous || H5Sget_simple_extent_ndims(space) > 1 || dataset->bytes == 0) return false;
  if (H5Tis_variable_str(dataset->type) != 0 || dataset->count > file_bytes / dataset->bytes) return false;
  const uint64_t bytes = dataset->count * dataset->bytes;
  if (bytes == 0) return true;
  const haddr_t offset = H5Dget_offset(dataset->handle);
  return offset != HADDR_UNDEF && offset <= file_bytes - bytes && H5Dget_storage_size(dataset->handle) == bytes;
}

volley_dataset volley_dataset_open(volley_hdf5 *file, hid_t root, const char *path, uint64_t file_bytes) {
  volley_dataset dataset = {.path = path, .handle = -1, .type = -1, .descriptor = -1};
  dataset.handle = H5Dopen2(root, path, H5P_DEFAULT); /* whatever has failed on this rank: the others do, too */
  if (dataset.handle < 0) {
    volley_hdf5_fault(file, "'%s' is no sound checkpoint: it has no dataset '%s'", file->path, path);
    return dataset;
  }
  dataset.type = volley_hdf5_check(file, H5Dget_type(dataset.handle), "look up data of");
  const hid_t space = volley_hdf5_check(file, H5Dget_space(dataset.handle), "look up data of");
  if (!file->failed) {
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    dataset.count = n > 0 ? (uint64_t)n : 0;
    dataset.bytes = H5Tget_size(dataset.type);
    if (!is_sound(&dataset, space, file_bytes))
      volley_hdf5_fault(file, "'%s' is no sound checkpoint: dataset '%s' has an impossible size or layout", file->path,
                        path);
  }
  volley_hdf5_release(file, space);
  return dataset;
}

void volley_dataset_get(volley_hdf5 *file, const volley_dataset *dataset, hid_t type, uint64_t first, uint64_t count,
                        void *values) {
  const hsize_t from = first, n = count;
  if (count == 0 || file->failed) return;
  if (n == dataset->count) /* also a scalar */
    volley_hdf5_read(file, dataset->handle, dataset->path, type, H5S_ALL, H5S_ALL, values);
  else
    volley_hdf5_read_part(file, dataset->handle, dataset->path, type, 1, &from, NULL, &n, values);
}

void volley_dataset_release(volley_hdf5 *file, volley_dataset *dataset) {
  volley_hdf5_release(file, dataset->handle);
  volley_hdf5_release(file, dataset->type);
  dataset->handle = dataset->type = -1;
}

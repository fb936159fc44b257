/* Linked into programs built with the address sanitizer: libraries stay loaded to the end, so that the leak report can
 * name them and tests/suppressions/lsan.txt can tell the MPI library's plug-ins from us. */
int dlclose(void *handle);

int dlclose(void *handle) {
  (void)handle;
  return 0;
}

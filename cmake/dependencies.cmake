# The libraries that Volley stands on. All that use MPI must use the same one.
find_package(MPI REQUIRED COMPONENTS C)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(VOLLEY_YAML REQUIRED IMPORTED_TARGET yaml-0.1)
include(CheckCSourceCompiles)
include(cmake/same_mpi.cmake)
include(cmake/hdf5.cmake)
include(cmake/petsc.cmake)

set(CMAKE_REQUIRED_QUIET ON)
check_c_source_compiles("
#include <Random123/philox.h>
int main(void) { return 0; }" VOLLEY_HAS_RANDOM123)
unset(CMAKE_REQUIRED_QUIET)
if(NOT VOLLEY_HAS_RANDOM123)
  message(FATAL_ERROR "Random123/philox.h is missing; on Debian install librandom123-dev")
endif()

# The libraries that Volley stands on. An installed copy finds them in the same way (volleyConfig.cmake.in).
find_package(MPI REQUIRED COMPONENTS C)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(VOLLEY_HDF5 REQUIRED IMPORTED_TARGET hdf5-openmpi)
pkg_check_modules(VOLLEY_YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(VOLLEY_PETSC REQUIRED IMPORTED_TARGET slepc>=3.18 petsc>=3.18)

# Volley loads SLEPc, and with it PETSc, while it runs (base/petsc.h): by the name that programs linked with it look for.
list(GET VOLLEY_PETSC_LINK_LIBRARIES 0 VOLLEY_SLEPC_FILE)
get_filename_component(VOLLEY_SLEPC_FOLDER ${VOLLEY_SLEPC_FILE} DIRECTORY)
execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${VOLLEY_SLEPC_FILE} OUTPUT_VARIABLE VOLLEY_SLEPC_HEADERS ERROR_QUIET)
if(NOT VOLLEY_SLEPC_HEADERS MATCHES "SONAME +([^ \n]+)")
  message(FATAL_ERROR "${VOLLEY_SLEPC_FILE} is no shared library: Volley needs SLEPc and PETSc as shared libraries")
endif()
set(VOLLEY_SLEPC_LIBRARY ${CMAKE_MATCH_1})

include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_C PkgConfig::VOLLEY_PETSC PkgConfig::VOLLEY_HDF5)
set(CMAKE_REQUIRED_QUIET ON)
check_c_source_compiles("
#include <petscconf.h>
#if defined(PETSC_USE_COMPLEX) || !defined(PETSC_USE_REAL_DOUBLE)
#error not real
#endif
int main(void) { return 0; }" VOLLEY_PETSC_IS_REAL)
check_c_source_compiles("
#include <hdf5.h>
#ifndef H5_HAVE_PARALLEL
#error not parallel
#endif
int main(void) { return 0; }" VOLLEY_HDF5_IS_PARALLEL)
check_c_source_compiles("
#include <Random123/philox.h>
int main(void) { return 0; }" VOLLEY_HAS_RANDOM123)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_QUIET)

if(NOT VOLLEY_PETSC_IS_REAL)
  message(FATAL_ERROR "PETSc at ${VOLLEY_PETSC_PREFIX} does not work with real double numbers; on Debian install "
    "petsc-dev, or put the folder that holds the real build's petsc.pc first in PKG_CONFIG_PATH")
endif()
if(NOT VOLLEY_HDF5_IS_PARALLEL)
  message(FATAL_ERROR "HDF5 is built without MPI; on Debian install libhdf5-openmpi-dev")
endif()
if(NOT VOLLEY_HAS_RANDOM123)
  message(FATAL_ERROR "Random123/philox.h is missing; on Debian install librandom123-dev")
endif()

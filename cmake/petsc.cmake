# PETSc and SLEPc. Volley loads SLEPc, and with it PETSc, or PETSc alone, while it runs (solver/petsc.c): by the name that programs
# linked with it look for.
option(VOLLEY_PETSC "Readouts that learn, and signals that are equations, by PETSc" ON)
option(VOLLEY_SLEPC "Eigenvalues by SLEPc, with PETSc" ON)
set(VOLLEY_SOLVER_ABSENT no_petsc.c no_slepc.c) # files of src/solver that are not compiled
add_library(volley_petsc INTERFACE) # for programs that are linked with it, as tests are
if(NOT VOLLEY_PETSC)
  set(VOLLEY_SOLVER_ABSENT petsc.c linear.c ode.c eigen.c)
  message(STATUS "Without PETSc: experiments with readouts that learn will be refused")
  return()
endif()
set(modules slepc>=3.18 petsc>=3.18)
if(NOT VOLLEY_SLEPC)
  set(modules petsc>=3.18)
  set(VOLLEY_SOLVER_ABSENT no_petsc.c eigen.c)
endif()
pkg_check_modules(VOLLEY_PETSC_LIBRARIES QUIET IMPORTED_TARGET ${modules})
if(NOT VOLLEY_PETSC_LIBRARIES_FOUND)
  message(FATAL_ERROR "pkg-config does not find all of ${modules}: on Debian install petsc-dev and slepc-dev, elsewhere put the folders of "
    "their .pc files into PKG_CONFIG_PATH; or build without eigenvalues (-DVOLLEY_SLEPC=OFF), or without readouts that learn "
    "(-DVOLLEY_PETSC=OFF)")
endif()
target_link_libraries(volley_petsc INTERFACE PkgConfig::VOLLEY_PETSC_LIBRARIES)
list(GET VOLLEY_PETSC_LIBRARIES_LINK_LIBRARIES 0 file)
get_filename_component(VOLLEY_SOLVER_FOLDER ${file} DIRECTORY)
execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${file} OUTPUT_VARIABLE headers ERROR_QUIET)
if(NOT headers MATCHES "SONAME +([^ \n]+)")
  message(FATAL_ERROR "${file} is no shared library: Volley needs SLEPc and PETSc as shared libraries")
endif()
set(VOLLEY_SOLVER_LIBRARY ${CMAKE_MATCH_1})
volley_other_mpi(${file} other)
if(other)
  message(FATAL_ERROR "${file} is built with another MPI, ${other}, than the chosen one, ${VOLLEY_MPI_LIBRARY}: name the one that fits in "
    "PKG_CONFIG_PATH, or build without readouts that learn (-DVOLLEY_PETSC=OFF)")
endif()

set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_C PkgConfig::VOLLEY_PETSC_LIBRARIES)
set(CMAKE_REQUIRED_QUIET ON)
check_c_source_compiles("
#include <petscconf.h>
#if defined(PETSC_USE_COMPLEX) || !defined(PETSC_USE_REAL_DOUBLE)
#error not real
#endif
int main(void) { return 0; }" VOLLEY_PETSC_IS_REAL)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_QUIET)
if(NOT VOLLEY_PETSC_IS_REAL)
  message(FATAL_ERROR "PETSc at ${VOLLEY_SOLVER_FOLDER} does not work with real double numbers; on Debian install "
    "petsc-dev, or put the folder that holds the real build's petsc.pc first in PKG_CONFIG_PATH")
endif()

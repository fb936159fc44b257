# HDF5 with the chosen MPI, as the target volley_hdf5: that of HDF5_ROOT and no other, where it is given; else the first that fits
# of those that pkg-config knows and of the one that CMake finds (h5pcc). VOLLEY_HDF5_MODULE: its name for pkg-config, or "".
add_library(volley_hdf5 INTERFACE)
set(VOLLEY_HDF5_FOUND OFF)
set(VOLLEY_HDF5_REFUSED "")

# Takes it, or says why not.
function(volley_try_hdf5 name module includes libraries)
  string(MAKE_C_IDENTIFIER "VOLLEY_HDF5_${name}" key)
  set(CMAKE_REQUIRED_INCLUDES ${includes})
  set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_C ${libraries})
  set(CMAKE_REQUIRED_QUIET ON)
  check_c_source_compiles("
#include <hdf5.h>
#ifdef H5_HAVE_PARALLEL
#error parallel
#endif
int main(void) { return H5open() < 0; }" ${key}_IS_SERIAL)
  check_c_source_compiles("
#include <hdf5.h>
int main(void) { return H5Pset_fapl_mpio(0, MPI_COMM_WORLD, MPI_INFO_NULL) < 0; }" ${key}_WORKS)
  set(why "")
  if(${key}_IS_SERIAL)
    set(why "is built without MPI")
  elseif(NOT ${key}_WORKS)
    set(why "cannot be linked with the chosen MPI (CMakeFiles/CMakeError.log tells more)")
  endif()
  foreach(library ${libraries})
    if(library MATCHES "libhdf5[_a-z]*\\.so" AND NOT why)
      volley_other_mpi(${library} other)
      if(other)
        set(why "is built with another MPI, ${other}")
      endif()
    endif()
  endforeach()
  if(why)
    list(GET libraries 0 library)
    set(VOLLEY_HDF5_REFUSED "${VOLLEY_HDF5_REFUSED}\n  that of ${name}, ${library}, ${why}" PARENT_SCOPE)
    return()
  endif()
  target_include_directories(volley_hdf5 SYSTEM INTERFACE "$<BUILD_INTERFACE:${includes}>")
  target_link_libraries(volley_hdf5 INTERFACE ${libraries})
  set(VOLLEY_HDF5_FOUND ON PARENT_SCOPE)
  set(VOLLEY_HDF5_MODULE "${module}" PARENT_SCOPE)
  message(STATUS "Found HDF5 by ${name}: ${libraries}")
endfunction()

if(NOT HDF5_ROOT AND NOT DEFINED ENV{HDF5_ROOT})
  foreach(module hdf5-openmpi hdf5-mpich hdf5)
    string(TOUPPER "VOLLEY_${module}" found)
    pkg_check_modules(${found} QUIET ${module})
    if(${found}_FOUND AND NOT VOLLEY_HDF5_FOUND)
      volley_try_hdf5(${module} ${module} "${${found}_INCLUDE_DIRS}" "${${found}_LINK_LIBRARIES}")
    endif()
  endforeach()
endif()
if(NOT VOLLEY_HDF5_FOUND)
  set(HDF5_PREFER_PARALLEL ON)
  set(HDF5_NO_FIND_PACKAGE_CONFIG_FILE ON)
  find_package(HDF5 QUIET COMPONENTS C)
  if(HDF5_FOUND)
    volley_try_hdf5(CMake "" "${HDF5_C_INCLUDE_DIRS}" "${HDF5_C_LIBRARIES}")
  endif()
endif()
if(NOT VOLLEY_HDF5_FOUND)
  message(FATAL_ERROR "No HDF5 that works with the chosen MPI, ${VOLLEY_MPI_LIBRARY}${VOLLEY_HDF5_REFUSED}\n"
    "On Debian install libhdf5-openmpi-dev, for MPICH libhdf5-mpich-dev; elsewhere name its folder by -DHDF5_ROOT=, or put h5pcc on "
    "the PATH or the folder of hdf5.pc into PKG_CONFIG_PATH")
endif()

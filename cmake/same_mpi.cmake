# volley_other_mpi(FILE OUT): the MPI that a shared library loads where that is not the one which find_package(MPI) chose, which is
# VOLLEY_MPI_LIBRARY; "" where it is, or where nothing tells.
function(volley_mpi_of file out)
  execute_process(COMMAND ldd ${file} OUTPUT_VARIABLE lines ERROR_QUIET)
  set(${out} "" PARENT_SCOPE)
  if(lines MATCHES "=> ([^\n]*/libmpi(ch|_(cray|gnu|intel|nvidia|aocc|amd)[_0-9]*)?\\.so[^ \n]*)")
    file(REAL_PATH ${CMAKE_MATCH_1} found)
    set(${out} ${found} PARENT_SCOPE)
  endif()
endfunction()

set(probe ${PROJECT_BINARY_DIR}/probe)
file(WRITE ${probe}/mpi.c "#include <mpi.h>\nint main(int n, char **words) { return MPI_Init(&n, &words); }\n")
try_compile(VOLLEY_MPI_WORKS ${probe}/build SOURCES ${probe}/mpi.c LINK_LIBRARIES MPI::MPI_C COPY_FILE ${probe}/mpi
  OUTPUT_VARIABLE said)
if(NOT VOLLEY_MPI_WORKS)
  message(FATAL_ERROR "A program that calls MPI_Init cannot be made with the MPI that was found:\n${said}")
endif()
volley_mpi_of(${probe}/mpi VOLLEY_MPI_LIBRARY)

function(volley_other_mpi file out)
  volley_mpi_of(${file} theirs)
  if(theirs STREQUAL VOLLEY_MPI_LIBRARY OR NOT VOLLEY_MPI_LIBRARY)
    set(theirs "")
  endif()
  set(${out} "${theirs}" PARENT_SCOPE)
endfunction()

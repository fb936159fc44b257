# -ffp-contract=off: a vector loop and its scalar tail must round alike, or results would depend on the partition.
# -fno-trapping-math: nobody looks at the flags of floating-point exceptions; gcc else leaves loops with a condition scalar. No
# value changes.
set(VOLLEY_FLAGS -ffp-contract=off -fno-trapping-math)
set(VOLLEY_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
  list(APPEND VOLLEY_WARNINGS -Wno-psabi) # of vectors that processors lack: only static functions pass them on
endif()
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  list(APPEND VOLLEY_WARNINGS -Wno-pass-failed) # of loops that it does not vectorize: they are slower, not wrong
endif()
if(VOLLEY_MPI_LIBRARY MATCHES mpich)
  list(APPEND VOLLEY_WARNINGS -Wno-stringop-overflow) # MPICH's MPI_STATUSES_IGNORE is the address 1, to which nothing is written
endif()
if(VOLLEY_NATIVE)
  list(APPEND VOLLEY_FLAGS -march=native)
  include(CheckCCompilerFlag)
  check_c_compiler_flag(-mprefer-vector-width=512 VOLLEY_CAN_PREFER_512) # where the processor has such vectors
  if(VOLLEY_CAN_PREFER_512)
    list(APPEND VOLLEY_FLAGS -mprefer-vector-width=512)
  endif()
endif()
if(VOLLEY_WERROR)
  list(APPEND VOLLEY_WARNINGS -Werror)
endif()
if(VOLLEY_SANITIZE)
  list(APPEND VOLLEY_FLAGS -fsanitize=${VOLLEY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${VOLLEY_SANITIZE})
endif()

if(VOLLEY_GID_BITS EQUAL 64)
  add_compile_definitions(VOLLEY_GID_BITS=64) # base/gid.h
endif()

function(volley_compile_options target)
  target_compile_options(${target} PRIVATE ${VOLLEY_FLAGS} ${VOLLEY_WARNINGS})
  get_target_property(type ${target} TYPE)
  if(VOLLEY_SANITIZE MATCHES address AND type STREQUAL EXECUTABLE)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/suppressions/keep_loaded.c)
    target_link_options(${target} PRIVATE -Wl,--export-dynamic-symbol=dlclose)
  endif()
endfunction()

# Run at build time: writes OUT from build_info.h.in with the commit of SOURCE.
set(ENV{GIT_OPTIONAL_LOCKS} 0)
execute_process(
  COMMAND git -c safe.directory=* -C ${SOURCE} describe --always --dirty --abbrev=40 --exclude=*
  OUTPUT_VARIABLE VOLLEY_GIT_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT VOLLEY_GIT_COMMIT)
  set(VOLLEY_GIT_COMMIT unknown)
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/build_info.h.in ${OUT} @ONLY)

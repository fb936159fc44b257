# base/build_info.h: what this build is made of. The header is rewritten only when its content changes, and a change
# rebuilds only the files that include it, so that a commit does not rebuild everything.
set(VOLLEY_BUILD_INFO_FOLDER ${PROJECT_BINARY_DIR}/generated)
string(TOUPPER "${CMAKE_BUILD_TYPE}" VOLLEY_BUILD_TYPE)
string(JOIN " " VOLLEY_C_FLAGS ${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${VOLLEY_BUILD_TYPE}} ${VOLLEY_FLAGS})
add_custom_target(volley_build_info
  COMMAND ${CMAKE_COMMAND}
    -D SOURCE=${PROJECT_SOURCE_DIR} -D OUT=${VOLLEY_BUILD_INFO_FOLDER}/base/build_info.h
    -D VOLLEY_VERSION=${PROJECT_VERSION} -D VOLLEY_C_FLAGS=${VOLLEY_C_FLAGS}
    -D VOLLEY_SOLVER_FOLDER=${VOLLEY_SOLVER_FOLDER} -D VOLLEY_SOLVER_LIBRARY=${VOLLEY_SOLVER_LIBRARY}
    -D VOLLEY_PLOT_SOURCE=${PROJECT_SOURCE_DIR}/io/plot/volley_plot.py
    -P ${PROJECT_SOURCE_DIR}/cmake/write_build_info.cmake
  BYPRODUCTS ${VOLLEY_BUILD_INFO_FOLDER}/base/build_info.h
  COMMENT "" VERBATIM)

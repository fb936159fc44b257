# What is refused before anything is looked for.

# Options with which arithmetic is not exact: those of CMAKE_C_FLAGS are seen here, all others by base/exact.h, and this also
# where a compiler does not tell.
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
if("${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}}" MATCHES
    "-Ofast|-ffast-math|-funsafe-math-optimizations|-fassociative-math|-freciprocal-math|-ffinite-math-only|-fno-signed-zeros")
  message(FATAL_ERROR "${CMAKE_MATCH_0} makes results wrong, and different on other numbers of ranks: leave it out")
endif()

set_property(CACHE VOLLEY_GID_BITS PROPERTY STRINGS 32 64)
if(NOT VOLLEY_GID_BITS MATCHES "^(32|64)$")
  message(FATAL_ERROR "VOLLEY_GID_BITS is ${VOLLEY_GID_BITS}; it must be 32 or 64")
endif()

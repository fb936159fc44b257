# bin/volley, the library, include/volley/, share/volley/ with plots, job scripts and the Python package, what shells and man
# know of the program, the CMake package and volley.pc. Components: program, library, development, python (cmake/package.cmake).
include(CMakePackageConfigHelpers)
set(VOLLEY_PYTHON_FOLDER ${CMAKE_INSTALL_DATADIR}/volley/python CACHE STRING "Where the package `volley` of Python is installed")
set(VOLLEY_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/volley)

file(RELATIVE_PATH VOLLEY_BIN_TO_LIB ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(volley PROPERTIES INSTALL_RPATH "$ORIGIN/${VOLLEY_BIN_TO_LIB}" INSTALL_RPATH_USE_LINK_PATH ON)
set_target_properties(volley_library PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)

install(TARGETS volley COMPONENT program)
install(TARGETS volley_library volley_hdf5 EXPORT volleyTargets LIBRARY COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development)

# The program writes them itself, from the tables of its commands.
set(VOLLEY_TOLD_FOLDER ${PROJECT_BINARY_DIR}/told)
file(MAKE_DIRECTORY ${VOLLEY_TOLD_FOLDER})
function(volley_tells file folder)
  add_custom_command(OUTPUT ${VOLLEY_TOLD_FOLDER}/${file} DEPENDS volley VERBATIM
    COMMAND volley ${ARGN} > ${VOLLEY_TOLD_FOLDER}/${file})
  set_property(GLOBAL APPEND PROPERTY VOLLEY_TOLD ${VOLLEY_TOLD_FOLDER}/${file})
  install(FILES ${VOLLEY_TOLD_FOLDER}/${file} DESTINATION ${folder} COMPONENT program)
endfunction()
volley_tells(volley.1 ${CMAKE_INSTALL_MANDIR}/man1 manual)
volley_tells(volley ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
volley_tells(_volley ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
get_property(told GLOBAL PROPERTY VOLLEY_TOLD)
add_custom_target(volley_told ALL DEPENDS ${told})

# volley.h, what plugins are written against, and what these include.
file(GLOB headers RELATIVE ${PROJECT_SOURCE_DIR}/src src/volley.h src/neuron/*.h src/plugin/plugin.h src/synapse/*.h src/stimulus/selected.h)
set(VOLLEY_HEADERS)
while(headers)
  list(POP_FRONT headers header)
  list(APPEND VOLLEY_HEADERS ${header})
  file(STRINGS src/${header} lines REGEX "^#include \"")
  list(TRANSFORM lines REPLACE "^#include \"([^\"]+)\".*" "\\1")
  list(APPEND headers ${lines})
  list(REMOVE_DUPLICATES headers)
  list(REMOVE_ITEM headers ${VOLLEY_HEADERS})
endwhile()
foreach(header ${VOLLEY_HEADERS})
  get_filename_component(folder ${header} DIRECTORY)
  set(file src/${header})
  if(header STREQUAL base/gid.h) # knows the bits of this build
    set(file ${PROJECT_BINARY_DIR}/generated/gid.h)
    file(READ src/base/gid.h text)
    string(REPLACE "#define VOLLEY_GID_BITS 32" "#define VOLLEY_GID_BITS ${VOLLEY_GID_BITS}" text "${text}")
    file(WRITE ${file} "${text}")
  endif()
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/volley/${folder} COMPONENT development)
endforeach()

# A shared library shows what is marked VOLLEY_API, and nothing else.
file(STRINGS src/volley.h lines REGEX "^VOLLEY_API ")
list(TRANSFORM lines REPLACE "^[^(]*[ *](volley_[a-z_]+)\\(.*" "\\1")
set(names "")
foreach(name ${lines})
  string(APPEND names "${name};\n")
endforeach()
file(WRITE ${PROJECT_BINARY_DIR}/generated/exports.map.new "{ global:\n${names}local: *; };\n")
file(COPY_FILE ${PROJECT_BINARY_DIR}/generated/exports.map.new ${PROJECT_BINARY_DIR}/generated/exports.map ONLY_IF_DIFFERENT)
if(BUILD_SHARED_LIBS)
  target_link_options(volley_library PRIVATE -Wl,--version-script=${PROJECT_BINARY_DIR}/generated/exports.map)
endif()
install(DIRECTORY jobs/experiments jobs/slurm DESTINATION ${CMAKE_INSTALL_DATADIR}/volley COMPONENT program
  USE_SOURCE_PERMISSIONS FILES_MATCHING PATTERN "*.yaml" PATTERN "*.sbatch")
install(DIRECTORY jobs/scaling DESTINATION ${CMAKE_INSTALL_DATADIR}/volley COMPONENT program USE_SOURCE_PERMISSIONS
  PATTERN "__pycache__" EXCLUDE)
install(DIRECTORY io/plot/ DESTINATION ${CMAKE_INSTALL_DATADIR}/volley/plot COMPONENT program FILES_MATCHING PATTERN "*.py")
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program
  FILES_MATCHING PATTERN "*.md" PATTERN "*.png" PATTERN "*.svg")
install(FILES README.md LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY io/python/ DESTINATION ${VOLLEY_PYTHON_FOLDER} COMPONENT python FILES_MATCHING PATTERN "*.py" PATTERN "py.typed")
if(TARGET volley_python)
  install(TARGETS volley_python DESTINATION ${VOLLEY_PYTHON_FOLDER}/volley COMPONENT python)
endif()

# For `module load`. It names the prefix, which packages for Debian have no need of: a component that is in none of them.
install(CODE "
  set(PROJECT_VERSION \"${PROJECT_VERSION}\")
  set(PROJECT_DESCRIPTION \"${PROJECT_DESCRIPTION}\")
  set(CMAKE_INSTALL_BINDIR \"${CMAKE_INSTALL_BINDIR}\")
  set(CMAKE_INSTALL_LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
  set(CMAKE_INSTALL_MANDIR \"${CMAKE_INSTALL_MANDIR}\")
  set(VOLLEY_PYTHON_FOLDER \"${VOLLEY_PYTHON_FOLDER}\")
  configure_file(\"${PROJECT_SOURCE_DIR}/cmake/module.in\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/volley/modulefiles/volley/${PROJECT_VERSION}\" @ONLY)"
  COMPONENT module)

install(EXPORT volleyTargets NAMESPACE volley:: DESTINATION ${VOLLEY_CMAKE_FOLDER} COMPONENT development)
configure_package_config_file(cmake/volleyConfig.cmake.in ${PROJECT_BINARY_DIR}/volleyConfig.cmake
  INSTALL_DESTINATION ${VOLLEY_CMAKE_FOLDER})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/volleyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/volleyConfig.cmake ${PROJECT_BINARY_DIR}/volleyConfigVersion.cmake
  DESTINATION ${VOLLEY_CMAKE_FOLDER} COMPONENT development)

# A static library hands what it needs to whoever links it; a shared one carries it. The prefix is relative to the file.
set(VOLLEY_PC_REQUIRES "")
set(VOLLEY_PC_LIBRARIES "")
if(NOT BUILD_SHARED_LIBS)
  list(TRANSFORM CMAKE_DL_LIBS PREPEND -l OUTPUT_VARIABLE dl)
  string(JOIN " " VOLLEY_PC_REQUIRES "Requires:" ${VOLLEY_HDF5_MODULE} yaml-0.1)
  if(NOT VOLLEY_HDF5_MODULE)
    get_target_property(hdf5 volley_hdf5 INTERFACE_LINK_LIBRARIES)
  endif()
  string(JOIN " " VOLLEY_PC_LIBRARIES ${hdf5} ${OpenMP_C_FLAGS} ${dl} -lm)
endif()
file(RELATIVE_PATH VOLLEY_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/volley.pc.in ${PROJECT_BINARY_DIR}/volley.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/volley.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# bin/volley, the library, include/volley/, share/volley/, the CMake package and volley.pc.
include(CMakePackageConfigHelpers)
set(VOLLEY_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/volley)

file(RELATIVE_PATH VOLLEY_BIN_TO_LIB ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(volley PROPERTIES INSTALL_RPATH "$ORIGIN/${VOLLEY_BIN_TO_LIB}" INSTALL_RPATH_USE_LINK_PATH ON)
set_target_properties(volley_library PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)

install(TARGETS volley)
install(TARGETS volley_library EXPORT volleyTargets)
install(DIRECTORY src/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/volley FILES_MATCHING PATTERN "*.h")
install(DIRECTORY io partition DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/volley
  FILES_MATCHING PATTERN "*.h" PATTERN plot EXCLUDE)
install(DIRECTORY jobs/experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/volley FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY io/plot/ DESTINATION ${CMAKE_INSTALL_DATADIR}/volley FILES_MATCHING PATTERN "*.py")

install(EXPORT volleyTargets NAMESPACE volley:: DESTINATION ${VOLLEY_CMAKE_FOLDER})
configure_package_config_file(cmake/volleyConfig.cmake.in ${PROJECT_BINARY_DIR}/volleyConfig.cmake
  INSTALL_DESTINATION ${VOLLEY_CMAKE_FOLDER})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/volleyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/volleyConfig.cmake ${PROJECT_BINARY_DIR}/volleyConfigVersion.cmake
  DESTINATION ${VOLLEY_CMAKE_FOLDER})

# A static library hands what it needs to whoever links it; a shared one carries it. SLEPc and PETSc are loaded by either
# and are named for the sake of their headers. The prefix is relative to the file.
list(TRANSFORM CMAKE_DL_LIBS PREPEND -l OUTPUT_VARIABLE VOLLEY_PC_DL)
string(JOIN " " VOLLEY_PC_LIBRARIES ${OpenMP_C_FLAGS} ${VOLLEY_PC_DL} -lm)
set(VOLLEY_PC_REQUIRES "Requires: hdf5-openmpi yaml-0.1\nRequires.private: slepc petsc")
if(BUILD_SHARED_LIBS)
  set(VOLLEY_PC_REQUIRES "Requires.private: hdf5-openmpi yaml-0.1 slepc petsc")
  set(VOLLEY_PC_LIBRARIES "")
endif()
file(RELATIVE_PATH VOLLEY_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/volley.pc.in ${PROJECT_BINARY_DIR}/volley.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/volley.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# What is installed: the shared library, the public headers layer by layer, the tool, and the CMake package with
# haldma_add_driver(). The static library is not: next to drivers, which bring the shared one, it would be a second instance.
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/haldma")

install(TARGETS haldma haldma_driver_dialect EXPORT haldma-targets)
install(EXPORT haldma-targets NAMESPACE haldma:: DESTINATION "${package_dir}")
foreach(layer IN ITEMS emu hal dma)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${layer}/include/"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/haldma/${layer}" FILES_MATCHING PATTERN "*.h")
endforeach()
if(TARGET haldma_tool)
    install(TARGETS haldma_tool)
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/tools/cmake/haldma-config.cmake.in"
    "${PROJECT_BINARY_DIR}/haldma-config.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/haldma-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/haldma-config.cmake"
    "${PROJECT_BINARY_DIR}/haldma-config-version.cmake"
    tools/cmake/haldma_sanitize.cmake
    tools/cmake/haldma_spellings.cmake
    tools/cmake/haldma_races.cmake
    tools/cmake/haldma_add_driver.cmake
    tools/cmake/haldma_add_scenarios.cmake
    tools/cmake/haldma_driver_entry.h
    DESTINATION "${package_dir}")

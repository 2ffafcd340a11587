# haldma_add_driver(name SOURCES file... [LIBRARIES library...] [INCLUDE_DIRECTORIES dir...] [DEFINITIONS definition...] [RACES])
#
# Builds a Windows driver, unchanged, as a module of its own: the shared library drivers/<name>.so. Its entry point is known to
# scenarios as <name>_DriverEntry (that of a HAL extension as <name>_AddResourceGroup); everything else in it is hidden, so that several drivers fit into one process. A driver sees the
# headers of haldma's Windows face and its own, in any spelling of their names, and nothing of the host.
# RACES: its data races are findings; see haldma_races.cmake.
#
# haldma_add_driver_library(name SOURCES file... [INCLUDE_DIRECTORIES dir...] [DEFINITIONS definition...] [RACES])
#
# Builds what several drivers share, as the WDK's TARGETTYPE=DRIVER_LIBRARY does: a static library, compiled once, of which each
# driver that names it in LIBRARIES has a copy. The library of a driver with RACES is watched only if it says RACES itself.
# Both work in this project and from the installed package.

# What both compile a target with, from the arguments that both have.
macro(_haldma_compile_as_driver name)
    # The compiler's own headers (stddef.h, stdarg.h, intrinsics) are all that is left of the host.
    get_property(freestanding GLOBAL PROPERTY HALDMA_FREESTANDING)
    if(NOT freestanding)
        execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-file-name=include
            OUTPUT_VARIABLE freestanding OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
        set_property(GLOBAL PROPERTY HALDMA_FREESTANDING "${freestanding}")
    endif()

    haldma_sanitize(${name})
    if(arg_RACES)
        haldma_races(${name})
    endif()
    target_include_directories(${name} PRIVATE ${arg_INCLUDE_DIRECTORIES})
    haldma_header_spellings(${name})
    target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
    target_compile_options(${name} PRIVATE "SHELL:-isystem \"${freestanding}\"")
    haldma_call_stacks(${name})
    # Each function of the author's has a frame, and its own: a stack names who did it, not only what that called. What is
    # __forceinline, as all bodies in the headers of Windows, stays in its caller.
    target_compile_options(${name} PRIVATE -fno-inline $<$<COMPILE_LANG_AND_ID:C,GNU>:-fno-ipa-icf>)
    target_link_libraries(${name} PRIVATE haldma::driver_dialect)
endmacro()

function(haldma_add_driver name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "RACES" "" "SOURCES;LIBRARIES;INCLUDE_DIRECTORIES;DEFINITIONS")
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "haldma_add_driver(${name} SOURCES file... [LIBRARIES library...] [INCLUDE_DIRECTORIES dir...] "
            "[DEFINITIONS ...] [RACES])")
    endif()
    add_library(${name} SHARED ${arg_SOURCES})
    target_compile_definitions(${name} PRIVATE DriverEntry=${name}_DriverEntry AddResourceGroup=${name}_AddResourceGroup)
    target_compile_options(${name} PRIVATE "SHELL:-include \"${CMAKE_CURRENT_FUNCTION_LIST_DIR}/haldma_driver_entry.h\"")
    _haldma_compile_as_driver(${name})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} $<LINK_ONLY:haldma::haldma>)
    target_link_options(${name} PRIVATE LINKER:-z,now)
    if(NOT HALDMA_SANITIZE)
        target_link_options(${name} PRIVATE LINKER:-z,defs)
    endif()
    set_target_properties(${name} PROPERTIES
        PREFIX "" BUILD_RPATH_USE_ORIGIN ON LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/drivers")
endfunction()

function(haldma_add_driver_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "RACES" "" "SOURCES;INCLUDE_DIRECTORIES;DEFINITIONS")
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "haldma_add_driver_library(${name} SOURCES file... [INCLUDE_DIRECTORIES dir...] "
            "[DEFINITIONS ...] [RACES])")
    endif()
    add_library(${name} STATIC ${arg_SOURCES})
    _haldma_compile_as_driver(${name})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

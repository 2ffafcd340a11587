# haldma_add_scenarios(name SOURCES file... [DRIVERS driver...] [INCLUDE_DIRECTORIES dir...] [DEFINITIONS definition...])
#
# Builds scenarios as a module for the command line: scenarios/<name>.so. One source ends with HALDMA_MODULE(array). DRIVERS
# are targets made by haldma_add_driver(). Works in this project and from the installed package.
function(haldma_add_scenarios name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DRIVERS;INCLUDE_DIRECTORIES;DEFINITIONS")
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "haldma_add_scenarios(${name} SOURCES file... [DRIVERS driver...] "
            "[INCLUDE_DIRECTORIES dir...] [DEFINITIONS definition...])")
    endif()
    add_library(${name} MODULE ${arg_SOURCES})
    haldma_sanitize(${name})
    target_include_directories(${name} PRIVATE ${arg_INCLUDE_DIRECTORIES})
    target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
    target_compile_features(${name} PRIVATE c_std_11)
    haldma_call_stacks(${name})
    target_link_libraries(${name} PRIVATE haldma::haldma ${arg_DRIVERS})
    if(NOT HALDMA_SANITIZE)
        target_link_options(${name} PRIVATE LINKER:-z,defs)
    endif()
    set_target_properties(${name} PROPERTIES
        PREFIX "" BUILD_RPATH_USE_ORIGIN ON LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/scenarios")
endfunction()

# haldma_call_stacks(name): what lets a report say by which functions, at which lines, code came where it was: frame pointers,
# calls at the end of functions that stay calls, debug information (a build of type None says itself whether it wants that).
function(haldma_call_stacks name)
    target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:None>>:-g> -fno-omit-frame-pointer -fno-optimize-sibling-calls)
endfunction()

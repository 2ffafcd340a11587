# Finding other people's libraries: through their CMake package, else through pkg-config.
#
# haldma_find_dependency(name CONFIG package TARGETS target... PKGCONFIG module) makes the target haldma::<name>. Used by the
# build and, from the installed package, by haldma-config.cmake.
function(haldma_find_dependency name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "CONFIG;PKGCONFIG" "TARGETS")
    if(TARGET haldma::${name})
        return()
    endif()
    find_package(${arg_CONFIG} QUIET)
    foreach(candidate IN LISTS arg_TARGETS)
        if(TARGET ${candidate})
            add_library(haldma::${name} INTERFACE IMPORTED GLOBAL)
            target_link_libraries(haldma::${name} INTERFACE ${candidate})
            return()
        endif()
    endforeach()
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(haldma_${name} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${arg_PKGCONFIG})
    add_library(haldma::${name} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(haldma::${name} INTERFACE PkgConfig::haldma_${name})
endfunction()

# What every target of the project is compiled with. Nothing of it reaches a user of the installed package.

set(haldma_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wcast-qual -Wundef -Wvla -Wwrite-strings)
set(haldma_warnings_c -Wstrict-prototypes -Wmissing-prototypes)

# haldma_target(name): C11, strict warnings, -O2 -g in a release, the sanitizers that HALDMA_SANITIZE names.
function(haldma_target name)
    haldma_dialect(${name})
    target_compile_options(${name} PRIVATE
        ${haldma_warnings}
        $<$<COMPILE_LANGUAGE:C>:${haldma_warnings_c}>
        $<$<BOOL:${HALDMA_WERROR}>:-Werror>)
endfunction()

# haldma_dialect(name): the same without the warnings, for what is not ours to warn about.
function(haldma_dialect name)
    set_target_properties(${name} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
        CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
        BUILD_RPATH_USE_ORIGIN ON)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O2 -g> -fno-omit-frame-pointer
        "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
    target_compile_definitions(${name} PRIVATE $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE=>)
    haldma_sanitize(${name})
endfunction()

# haldma_layer(name BELOW layer...): one layer as a static library. It sees its own public headers and those of the layers
# below; its private headers are "name/x.h".
function(haldma_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "BELOW")
    haldma_target(${name})
    add_library(haldma::${name} ALIAS ${name})
    target_include_directories(${name}
        PUBLIC "${PROJECT_SOURCE_DIR}/${name}/include"
        PRIVATE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${arg_BELOW})
    # What runs most: the layers are optimised in a tree with sanitizers, too. All else there is compiled once and run for moments,
    # and the optimiser takes three times as long for instrumented code as all other passes together.
    target_compile_options(${name} PRIVATE
        -fshort-wchar -ftls-model=initial-exec -fno-plt -fno-semantic-interposition $<$<BOOL:${HALDMA_SANITIZE}>:-O2>)
    # Debug builds compare what functions say they change with what their events declared: emu/unseen.h.
    target_compile_definitions(${name} PRIVATE
        $<$<OR:$<CONFIG:Debug>,$<BOOL:${HALDMA_SANITIZE}>>:EMU_EXPECT_FOOTPRINTS=1>)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# haldma_footprints(layer sources...): with HALDMA_CHECK_FOOTPRINTS, the loads and stores of these sources call hal/tsan_*.c, which
# compares them with what their steps declared (docs/partial-order.md). Instrumentation without the sanitizer's runtime, gcc only: one
# compiler sees what there is to see.
function(haldma_footprints layer)
    if(NOT HALDMA_CHECK_FOOTPRINTS)
        return()
    endif()
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR HALDMA_SANITIZE)
        message(FATAL_ERROR "HALDMA_CHECK_FOOTPRINTS needs gcc, and no sanitizers")
    endif()
    target_compile_definitions(${layer} PRIVATE EMU_CHECK_FOOTPRINTS=1)
    set(flags -fsanitize=thread -g -fno-optimize-sibling-calls --param=tsan-instrument-func-entry-exit=0
        -fno-ipa-icf -fno-tree-loop-distribute-patterns -Wno-tsan
        -include "${PROJECT_SOURCE_DIR}/hal/tsan_libc.h")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "${flags}")
endfunction()

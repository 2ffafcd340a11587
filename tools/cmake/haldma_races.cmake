# haldma_races(name): what haldma_add_driver(... RACES) adds to a driver: every load and store of it calls the emulator, which looks
# for data races and lets other contexts come in between. The compiler's thread-sanitizer instrumentation without its runtime:
# libhaldma answers the calls. AddressSanitizer excludes it: with that in HALDMA_SANITIZE such a driver alone goes without
# AddressSanitizer, with a message; UndefinedBehaviorSanitizer stays.

# Functions that the compiler does not instrument: calls of them, its own included, are led to libhaldma.
set(HALDMA_RACES_WRAPPED memcpy memmove memset memcmp bcmp memchr strlen strnlen strcmp strncmp strcpy strncpy strcat
    CACHE INTERNAL "functions of the C library that count as accesses")

function(haldma_races name)
    if("address" IN_LIST HALDMA_SANITIZE)
        message(STATUS "${name}: RACES leaves no room for AddressSanitizer, which does not check this driver")
    endif()
    # A call at the end of a function stays one: the return address tells which instruction it was.
    set(flags -fsanitize=thread -fno-sanitize=address -g -fno-optimize-sibling-calls)
    # Loads before stores too; volatile accesses by their name; no entry and exit of functions.
    if(CMAKE_C_COMPILER_ID MATCHES "Clang")
        foreach(option IN ITEMS tsan-instrument-read-before-write=1 tsan-distinguish-volatile=1
                tsan-instrument-func-entry-exit=0)
            list(APPEND flags "SHELL:-mllvm -${option}")
        endforeach()
        list(APPEND flags -fno-vectorize -fno-slp-vectorize)
    elseif(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        foreach(option IN ITEMS tsan-distinguish-volatile=1 tsan-instrument-func-entry-exit=0)
            list(APPEND flags "SHELL:--param ${option}")
        endforeach()
        # Equal functions stay two: each has its own lines.
        list(APPEND flags -fno-lto -fno-ipa-icf -fno-tree-loop-distribute-patterns -Wno-tsan)
    else()
        message(FATAL_ERROR "haldma_add_driver(${name} RACES) needs gcc or clang")
    endif()
    foreach(function IN LISTS HALDMA_RACES_WRAPPED)
        list(APPEND flags -fno-builtin-${function})
        target_link_options(${name} PRIVATE LINKER:--wrap=${function})
    endforeach()
    target_compile_options(${name} PRIVATE ${flags})
endfunction()

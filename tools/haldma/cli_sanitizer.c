/*
 * What a sanitizer ends the program for is no finding: status 3, as for a crash. Nobody calls these but the
 * sanitizers' runtimes, in builds that have one.
 */
#include "cli_sanitizer.h"

#define STATUS "exitcode=3" /* CLI_EMULATOR */

const char *__asan_default_options(void)
{
    return STATUS;
}

const char *__ubsan_default_options(void)
{
    return STATUS;
}

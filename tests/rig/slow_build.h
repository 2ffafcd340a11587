/*
 * SLOW_BUILD: 1 in a build in which everything takes ten times as long, instrumented by a sanitizer or not
 * optimised, else 0. Such a build is there to find other things: its tests try fewer programs.
 */
#ifndef SLOW_BUILD_H
#define SLOW_BUILD_H

#include <emu/sanitized.h>

#ifndef SLOW_BUILD
#if EMU_SANITIZED || !defined(__OPTIMIZE__)
#define SLOW_BUILD 1
#else
#define SLOW_BUILD 0
#endif
#endif

#endif

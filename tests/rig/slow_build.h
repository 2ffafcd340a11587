/*
 * SLOW_BUILD: 1 in a build in which everything takes ten times as long, instrumented by a sanitizer or not
 * optimised, else 0. Such a build is there to find other things: its tests try fewer programs.
 */
#ifndef SLOW_BUILD_H
#define SLOW_BUILD_H

#ifndef SLOW_BUILD
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
#define SLOW_BUILD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW_BUILD 1
#endif
#endif
#ifndef SLOW_BUILD
#define SLOW_BUILD 0
#endif
#endif

#endif

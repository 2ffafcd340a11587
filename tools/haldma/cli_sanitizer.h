/*
 * The sanitizers' options; the names are theirs (sanitizer/asan_interface.h, ubsan_interface.h).
 */
#ifndef CLI_SANITIZER_H
#define CLI_SANITIZER_H

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__ubsan_default_options(void);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#endif

/*
 * EMU_SANITIZED: 1 where the compiler adds AddressSanitizer's checks, else 0. gcc and clang say it in two
 * ways.
 */
#ifndef EMU_SANITIZED_H
#define EMU_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define EMU_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMU_SANITIZED 1
#endif
#endif
#ifndef EMU_SANITIZED
#define EMU_SANITIZED 0
#endif

#endif

/* wchar.h of the kernel's C library: see string.h for the functions on strings. */
#ifndef HALDMA_CRT_WCHAR_H
#define HALDMA_CRT_WCHAR_H

#include "stdio.h"
#include "string.h"

typedef unsigned short wint_t;

#ifndef WEOF
#define WEOF ((wint_t)0xffff)
#endif

#endif /* HALDMA_CRT_WCHAR_H */

/* ctype.h of the kernel's C library: kinds of characters in the "C" locale. */
#ifndef HALDMA_CRT_CTYPE_H
#define HALDMA_CRT_CTYPE_H

#include "wdk/compiler.h"

HALDMA_DECLS_BEGIN

int isalnum(int character);
int isalpha(int character);
int iscntrl(int character);
int isdigit(int character);
int isgraph(int character);
int islower(int character);
int isprint(int character);
int ispunct(int character);
int isspace(int character);
int isupper(int character);
int isxdigit(int character);
int tolower(int character);
int toupper(int character);
wchar_t haldma_towlower(wchar_t character);
wchar_t haldma_towupper(wchar_t character);

HALDMA_DECLS_END

#define towlower haldma_towlower
#define towupper haldma_towupper

#endif /* HALDMA_CRT_CTYPE_H */

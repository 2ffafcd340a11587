/* limits.h: ranges of the integers, with the sizes that Windows gives them (long has 32 bits there). */
#ifndef HALDMA_CRT_LIMITS_H
#define HALDMA_CRT_LIMITS_H

#define CHAR_BIT   8
#define SCHAR_MIN  (-128)
#define SCHAR_MAX  127
#define UCHAR_MAX  0xff
#define CHAR_MIN   SCHAR_MIN
#define CHAR_MAX   SCHAR_MAX
#define SHRT_MIN   (-32768)
#define SHRT_MAX   32767
#define USHRT_MAX  0xffff
#define INT_MIN    (-2147483647 - 1)
#define INT_MAX    2147483647
#define UINT_MAX   0xffffffffU
#define LONG_MIN   (-2147483647 - 1)
#define LONG_MAX   2147483647
#define ULONG_MAX  0xffffffffU
#define LLONG_MAX  9223372036854775807LL
#define LLONG_MIN  (-9223372036854775807LL - 1)
#define ULLONG_MAX 0xffffffffffffffffULL

#endif /* HALDMA_CRT_LIMITS_H */

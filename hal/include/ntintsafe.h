/*
 * ntintsafe.h: arithmetic that tells when the result does not fit (STATUS_INTEGER_OVERFLOW).
 */
#ifndef _NTINTSAFE_H_INCLUDED_
#define _NTINTSAFE_H_INCLUDED_

#include "ntstatus.h"

/* Each macro makes one documented function out of a compiler builtin; a bad result is all ones. */
#define HALDMA_INTSAFE_OPERATION(NAME, TYPE, BUILTIN)                    \
    static __inline__ NTSTATUS NAME(TYPE left, TYPE right, TYPE *result) \
    {                                                                    \
        if (BUILTIN(left, right, result)) {                              \
            *result = (TYPE) ~(TYPE)0;                                   \
            return STATUS_INTEGER_OVERFLOW;                              \
        }                                                                \
        return STATUS_SUCCESS;                                           \
    }
#define HALDMA_INTSAFE_CONVERSION(NAME, FROM, TO)           \
    static __inline__ NTSTATUS NAME(FROM value, TO *result) \
    {                                                       \
        if (__builtin_add_overflow(value, 0, result)) {     \
            *result = (TO) ~(TO)0;                          \
            return STATUS_INTEGER_OVERFLOW;                 \
        }                                                   \
        return STATUS_SUCCESS;                              \
    }

HALDMA_INTSAFE_OPERATION(RtlUShortAdd, USHORT, __builtin_add_overflow)
HALDMA_INTSAFE_OPERATION(RtlUShortSub, USHORT, __builtin_sub_overflow)
HALDMA_INTSAFE_OPERATION(RtlUShortMult, USHORT, __builtin_mul_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongAdd, ULONG, __builtin_add_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongSub, ULONG, __builtin_sub_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongMult, ULONG, __builtin_mul_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongLongAdd, ULONGLONG, __builtin_add_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongLongSub, ULONGLONG, __builtin_sub_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongLongMult, ULONGLONG, __builtin_mul_overflow)
HALDMA_INTSAFE_OPERATION(RtlSizeTAdd, SIZE_T, __builtin_add_overflow)
HALDMA_INTSAFE_OPERATION(RtlSizeTSub, SIZE_T, __builtin_sub_overflow)
HALDMA_INTSAFE_OPERATION(RtlSizeTMult, SIZE_T, __builtin_mul_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongPtrAdd, ULONG_PTR, __builtin_add_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongPtrSub, ULONG_PTR, __builtin_sub_overflow)
HALDMA_INTSAFE_OPERATION(RtlULongPtrMult, ULONG_PTR, __builtin_mul_overflow)
HALDMA_INTSAFE_OPERATION(RtlUInt32Add, UINT32, __builtin_add_overflow)
HALDMA_INTSAFE_OPERATION(RtlUInt32Sub, UINT32, __builtin_sub_overflow)
HALDMA_INTSAFE_OPERATION(RtlUInt32Mult, UINT32, __builtin_mul_overflow)
HALDMA_INTSAFE_OPERATION(RtlUInt64Add, UINT64, __builtin_add_overflow)
HALDMA_INTSAFE_OPERATION(RtlUInt64Sub, UINT64, __builtin_sub_overflow)
HALDMA_INTSAFE_OPERATION(RtlUInt64Mult, UINT64, __builtin_mul_overflow)

HALDMA_INTSAFE_CONVERSION(RtlSizeTToULong, SIZE_T, ULONG)
HALDMA_INTSAFE_CONVERSION(RtlSizeTToUShort, SIZE_T, USHORT)
HALDMA_INTSAFE_CONVERSION(RtlSizeTToLong, SIZE_T, LONG)
HALDMA_INTSAFE_CONVERSION(RtlULongLongToULong, ULONGLONG, ULONG)
HALDMA_INTSAFE_CONVERSION(RtlULongLongToLong, ULONGLONG, LONG)
HALDMA_INTSAFE_CONVERSION(RtlULongLongToSizeT, ULONGLONG, SIZE_T)
HALDMA_INTSAFE_CONVERSION(RtlULongToUShort, ULONG, USHORT)
HALDMA_INTSAFE_CONVERSION(RtlULongToUChar, ULONG, UCHAR)
HALDMA_INTSAFE_CONVERSION(RtlULongToLong, ULONG, LONG)
HALDMA_INTSAFE_CONVERSION(RtlLongToULong, LONG, ULONG)
HALDMA_INTSAFE_CONVERSION(RtlLongToUShort, LONG, USHORT)
HALDMA_INTSAFE_CONVERSION(RtlLongLongToULong, LONGLONG, ULONG)
HALDMA_INTSAFE_CONVERSION(RtlLongLongToLong, LONGLONG, LONG)
HALDMA_INTSAFE_CONVERSION(RtlULongPtrToULong, ULONG_PTR, ULONG)
HALDMA_INTSAFE_CONVERSION(RtlUShortToUChar, USHORT, UCHAR)
HALDMA_INTSAFE_CONVERSION(RtlIntToUShort, INT, USHORT)

#endif /* _NTINTSAFE_H_INCLUDED_ */

/*
 * wdm_interlocked.h: atomic operations.
 *
 * On Windows the compiler makes instructions of these. Here each is a call of the library, because an
 * interlocked operation is a place where another processor may come in between (a yield point). All of
 * them are full barriers; the Acquire, Release and NoFence forms are the same operation.
 */
#ifndef HALDMA_WDM_INTERLOCKED_H
#define HALDMA_WDM_INTERLOCKED_H

#include "ntdef.h"

HALDMA_DECLS_BEGIN

LONG haldma_InterlockedIncrement(LONG volatile *Addend);
LONG haldma_InterlockedDecrement(LONG volatile *Addend);
LONG haldma_InterlockedExchange(LONG volatile *Target, LONG Value);
LONG haldma_InterlockedExchangeAdd(LONG volatile *Addend, LONG Value);
LONG haldma_InterlockedCompareExchange(LONG volatile *Destination, LONG ExChange, LONG Comperand);
LONG haldma_InterlockedAdd(LONG volatile *Addend, LONG Value); /* returns the sum */
LONG haldma_InterlockedAnd(LONG volatile *Destination, LONG Value);
LONG haldma_InterlockedOr(LONG volatile *Destination, LONG Value);
LONG haldma_InterlockedXor(LONG volatile *Destination, LONG Value);

LONG64 haldma_InterlockedIncrement64(LONG64 volatile *Addend);
LONG64 haldma_InterlockedDecrement64(LONG64 volatile *Addend);
LONG64 haldma_InterlockedExchange64(LONG64 volatile *Target, LONG64 Value);
LONG64 haldma_InterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value);
LONG64 haldma_InterlockedCompareExchange64(LONG64 volatile *Destination, LONG64 ExChange, LONG64 Comperand);
LONG64 haldma_InterlockedAdd64(LONG64 volatile *Addend, LONG64 Value);
LONG64 haldma_InterlockedAnd64(LONG64 volatile *Destination, LONG64 Value);
LONG64 haldma_InterlockedOr64(LONG64 volatile *Destination, LONG64 Value);
LONG64 haldma_InterlockedXor64(LONG64 volatile *Destination, LONG64 Value);

SHORT haldma_InterlockedIncrement16(SHORT volatile *Addend);
SHORT haldma_InterlockedDecrement16(SHORT volatile *Addend);
SHORT haldma_InterlockedExchange16(SHORT volatile *Target, SHORT Value);
SHORT haldma_InterlockedExchangeAdd16(SHORT volatile *Addend, SHORT Value);
SHORT haldma_InterlockedCompareExchange16(SHORT volatile *Destination, SHORT ExChange, SHORT Comperand);
SHORT haldma_InterlockedAnd16(SHORT volatile *Destination, SHORT Value);
SHORT haldma_InterlockedOr16(SHORT volatile *Destination, SHORT Value);
SHORT haldma_InterlockedXor16(SHORT volatile *Destination, SHORT Value);

CHAR haldma_InterlockedExchange8(CHAR volatile *Target, CHAR Value);
CHAR haldma_InterlockedExchangeAdd8(CHAR volatile *Addend, CHAR Value);
CHAR haldma_InterlockedCompareExchange8(CHAR volatile *Destination, CHAR ExChange, CHAR Comperand);
CHAR haldma_InterlockedAnd8(CHAR volatile *Destination, CHAR Value);
CHAR haldma_InterlockedOr8(CHAR volatile *Destination, CHAR Value);
CHAR haldma_InterlockedXor8(CHAR volatile *Destination, CHAR Value);

PVOID haldma_InterlockedExchangePointer(PVOID volatile *Target, PVOID Value);
PVOID haldma_InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID ExChange, PVOID Comperand);
BOOLEAN haldma_InterlockedCompareExchange128(LONG64 volatile *Destination, LONG64 ExchangeHigh,
                                             LONG64 ExchangeLow, LONG64 *ComparandResult);

UCHAR haldma_InterlockedBitTestAndSet(LONG volatile *Base, LONG Bit);
UCHAR haldma_InterlockedBitTestAndReset(LONG volatile *Base, LONG Bit);
UCHAR haldma_InterlockedBitTestAndComplement(LONG volatile *Base, LONG Bit);
UCHAR haldma_InterlockedBitTestAndSet64(LONG64 volatile *Base, LONG64 Bit);
UCHAR haldma_InterlockedBitTestAndReset64(LONG64 volatile *Base, LONG64 Bit);

LONG haldma_ReadLong(LONG const volatile *Source);
VOID haldma_WriteLong(LONG volatile *Destination, LONG Value);
LONG64 haldma_ReadLong64(LONG64 const volatile *Source);
VOID haldma_WriteLong64(LONG64 volatile *Destination, LONG64 Value);
PVOID haldma_ReadPointer(PVOID const volatile *Source);
VOID haldma_WritePointer(PVOID volatile *Destination, PVOID Value);

/* Orders memory as KeMemoryBarrier does; a yield point. */
VOID haldma_MemoryBarrier(VOID);
/* One turn of a loop that waits for memory to change (YieldProcessor): lets others run. */
VOID haldma_YieldProcessor(VOID);

HALDMA_DECLS_END

/* The documented names: 32 bits. */
#define InterlockedIncrement              haldma_InterlockedIncrement
#define _InterlockedIncrement             haldma_InterlockedIncrement
#define InterlockedIncrementAcquire       haldma_InterlockedIncrement
#define InterlockedIncrementRelease       haldma_InterlockedIncrement
#define InterlockedIncrementNoFence       haldma_InterlockedIncrement
#define InterlockedDecrement              haldma_InterlockedDecrement
#define _InterlockedDecrement             haldma_InterlockedDecrement
#define InterlockedDecrementAcquire       haldma_InterlockedDecrement
#define InterlockedDecrementRelease       haldma_InterlockedDecrement
#define InterlockedDecrementNoFence       haldma_InterlockedDecrement
#define InterlockedExchange               haldma_InterlockedExchange
#define _InterlockedExchange              haldma_InterlockedExchange
#define InterlockedExchangeAcquire        haldma_InterlockedExchange
#define InterlockedExchangeRelease        haldma_InterlockedExchange
#define InterlockedExchangeNoFence        haldma_InterlockedExchange
#define InterlockedExchangeAdd            haldma_InterlockedExchangeAdd
#define _InterlockedExchangeAdd           haldma_InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire     haldma_InterlockedExchangeAdd
#define InterlockedExchangeAddRelease     haldma_InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence     haldma_InterlockedExchangeAdd
#define InterlockedCompareExchange        haldma_InterlockedCompareExchange
#define _InterlockedCompareExchange       haldma_InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire haldma_InterlockedCompareExchange
#define InterlockedCompareExchangeRelease haldma_InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence haldma_InterlockedCompareExchange
#define InterlockedAnd                    haldma_InterlockedAnd
#define _InterlockedAnd                   haldma_InterlockedAnd
#define InterlockedAndAcquire             haldma_InterlockedAnd
#define InterlockedAndRelease             haldma_InterlockedAnd
#define InterlockedAndNoFence             haldma_InterlockedAnd
#define InterlockedOr                     haldma_InterlockedOr
#define _InterlockedOr                    haldma_InterlockedOr
#define InterlockedOrAcquire              haldma_InterlockedOr
#define InterlockedOrRelease              haldma_InterlockedOr
#define InterlockedOrNoFence              haldma_InterlockedOr
#define InterlockedXor                    haldma_InterlockedXor
#define _InterlockedXor                   haldma_InterlockedXor
#define InterlockedXorAcquire             haldma_InterlockedXor
#define InterlockedXorRelease             haldma_InterlockedXor
#define InterlockedXorNoFence             haldma_InterlockedXor

/* The documented names: 64 bits. */
#define InterlockedIncrement64              haldma_InterlockedIncrement64
#define _InterlockedIncrement64             haldma_InterlockedIncrement64
#define InterlockedIncrement64Acquire       haldma_InterlockedIncrement64
#define InterlockedIncrement64Release       haldma_InterlockedIncrement64
#define InterlockedIncrement64NoFence       haldma_InterlockedIncrement64
#define InterlockedDecrement64              haldma_InterlockedDecrement64
#define _InterlockedDecrement64             haldma_InterlockedDecrement64
#define InterlockedDecrement64Acquire       haldma_InterlockedDecrement64
#define InterlockedDecrement64Release       haldma_InterlockedDecrement64
#define InterlockedDecrement64NoFence       haldma_InterlockedDecrement64
#define InterlockedExchange64               haldma_InterlockedExchange64
#define _InterlockedExchange64              haldma_InterlockedExchange64
#define InterlockedExchange64Acquire        haldma_InterlockedExchange64
#define InterlockedExchange64Release        haldma_InterlockedExchange64
#define InterlockedExchange64NoFence        haldma_InterlockedExchange64
#define InterlockedExchangeAdd64            haldma_InterlockedExchangeAdd64
#define _InterlockedExchangeAdd64           haldma_InterlockedExchangeAdd64
#define InterlockedExchangeAdd64Acquire     haldma_InterlockedExchangeAdd64
#define InterlockedExchangeAdd64Release     haldma_InterlockedExchangeAdd64
#define InterlockedExchangeAdd64NoFence     haldma_InterlockedExchangeAdd64
#define InterlockedCompareExchange64        haldma_InterlockedCompareExchange64
#define _InterlockedCompareExchange64       haldma_InterlockedCompareExchange64
#define InterlockedCompareExchange64Acquire haldma_InterlockedCompareExchange64
#define InterlockedCompareExchange64Release haldma_InterlockedCompareExchange64
#define InterlockedCompareExchange64NoFence haldma_InterlockedCompareExchange64
#define InterlockedAnd64                    haldma_InterlockedAnd64
#define _InterlockedAnd64                   haldma_InterlockedAnd64
#define InterlockedAnd64Acquire             haldma_InterlockedAnd64
#define InterlockedAnd64Release             haldma_InterlockedAnd64
#define InterlockedAnd64NoFence             haldma_InterlockedAnd64
#define InterlockedOr64                     haldma_InterlockedOr64
#define _InterlockedOr64                    haldma_InterlockedOr64
#define InterlockedOr64Acquire              haldma_InterlockedOr64
#define InterlockedOr64Release              haldma_InterlockedOr64
#define InterlockedOr64NoFence              haldma_InterlockedOr64
#define InterlockedXor64                    haldma_InterlockedXor64
#define _InterlockedXor64                   haldma_InterlockedXor64
#define InterlockedXor64Acquire             haldma_InterlockedXor64
#define InterlockedXor64Release             haldma_InterlockedXor64
#define InterlockedXor64NoFence             haldma_InterlockedXor64

/* The documented names: 16 bits. */
#define InterlockedIncrement16              haldma_InterlockedIncrement16
#define _InterlockedIncrement16             haldma_InterlockedIncrement16
#define InterlockedIncrement16Acquire       haldma_InterlockedIncrement16
#define InterlockedIncrement16Release       haldma_InterlockedIncrement16
#define InterlockedIncrement16NoFence       haldma_InterlockedIncrement16
#define InterlockedDecrement16              haldma_InterlockedDecrement16
#define _InterlockedDecrement16             haldma_InterlockedDecrement16
#define InterlockedDecrement16Acquire       haldma_InterlockedDecrement16
#define InterlockedDecrement16Release       haldma_InterlockedDecrement16
#define InterlockedDecrement16NoFence       haldma_InterlockedDecrement16
#define InterlockedExchange16               haldma_InterlockedExchange16
#define _InterlockedExchange16              haldma_InterlockedExchange16
#define InterlockedExchangeAdd16            haldma_InterlockedExchangeAdd16
#define _InterlockedExchangeAdd16           haldma_InterlockedExchangeAdd16
#define InterlockedCompareExchange16        haldma_InterlockedCompareExchange16
#define _InterlockedCompareExchange16       haldma_InterlockedCompareExchange16
#define InterlockedCompareExchange16Acquire haldma_InterlockedCompareExchange16
#define InterlockedCompareExchange16Release haldma_InterlockedCompareExchange16
#define InterlockedCompareExchange16NoFence haldma_InterlockedCompareExchange16
#define InterlockedAnd16                    haldma_InterlockedAnd16
#define _InterlockedAnd16                   haldma_InterlockedAnd16
#define InterlockedOr16                     haldma_InterlockedOr16
#define _InterlockedOr16                    haldma_InterlockedOr16
#define InterlockedXor16                    haldma_InterlockedXor16
#define _InterlockedXor16                   haldma_InterlockedXor16

/* The documented names: 8 bits. */
#define InterlockedExchange8         haldma_InterlockedExchange8
#define _InterlockedExchange8        haldma_InterlockedExchange8
#define InterlockedExchangeAdd8      haldma_InterlockedExchangeAdd8
#define _InterlockedExchangeAdd8     haldma_InterlockedExchangeAdd8
#define InterlockedCompareExchange8  haldma_InterlockedCompareExchange8
#define _InterlockedCompareExchange8 haldma_InterlockedCompareExchange8
#define InterlockedAnd8              haldma_InterlockedAnd8
#define _InterlockedAnd8             haldma_InterlockedAnd8
#define InterlockedOr8               haldma_InterlockedOr8
#define _InterlockedOr8              haldma_InterlockedOr8
#define InterlockedXor8              haldma_InterlockedXor8
#define _InterlockedXor8             haldma_InterlockedXor8

/* The documented names: pointers, 128 bits, bits, sums. */
#define InterlockedExchangePointer               haldma_InterlockedExchangePointer
#define _InterlockedExchangePointer              haldma_InterlockedExchangePointer
#define InterlockedExchangePointerAcquire        haldma_InterlockedExchangePointer
#define InterlockedExchangePointerRelease        haldma_InterlockedExchangePointer
#define InterlockedExchangePointerNoFence        haldma_InterlockedExchangePointer
#define InterlockedCompareExchangePointer        haldma_InterlockedCompareExchangePointer
#define _InterlockedCompareExchangePointer       haldma_InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerAcquire haldma_InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease haldma_InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence haldma_InterlockedCompareExchangePointer
#define InterlockedCompareExchange128            haldma_InterlockedCompareExchange128
#define InterlockedBitTestAndSet                 haldma_InterlockedBitTestAndSet
#define InterlockedBitTestAndReset               haldma_InterlockedBitTestAndReset
#define InterlockedBitTestAndComplement          haldma_InterlockedBitTestAndComplement
#define InterlockedBitTestAndSet64               haldma_InterlockedBitTestAndSet64
#define InterlockedBitTestAndReset64             haldma_InterlockedBitTestAndReset64
#define _interlockedbittestandset                haldma_InterlockedBitTestAndSet
#define _interlockedbittestandreset              haldma_InterlockedBitTestAndReset
#define _interlockedbittestandset64              haldma_InterlockedBitTestAndSet64
#define _interlockedbittestandreset64            haldma_InterlockedBitTestAndReset64
#define InterlockedAdd                           haldma_InterlockedAdd
#define InterlockedAdd64                         haldma_InterlockedAdd64

/* Reads and writes with a stated order. */
#define ReadAcquire                           haldma_ReadLong
#define ReadNoFence                           haldma_ReadLong
#define ReadRaw                               haldma_ReadLong
#define WriteRelease                          haldma_WriteLong
#define WriteNoFence                          haldma_WriteLong
#define WriteRaw                              haldma_WriteLong
#define ReadAcquire64                         haldma_ReadLong64
#define ReadNoFence64                         haldma_ReadLong64
#define ReadRaw64                             haldma_ReadLong64
#define WriteRelease64                        haldma_WriteLong64
#define WriteNoFence64                        haldma_WriteLong64
#define WriteRaw64                            haldma_WriteLong64
#define ReadULongAcquire(source)              ((ULONG)haldma_ReadLong((LONG const volatile *)(source)))
#define ReadULong64Acquire(source)            ((ULONG64)haldma_ReadLong64((LONG64 const volatile *)(source)))
#define ReadPointerAcquire(source)            haldma_ReadPointer((PVOID const volatile *)(source))
#define ReadULongNoFence(source)              ((ULONG)haldma_ReadLong((LONG const volatile *)(source)))
#define ReadULong64NoFence(source)            ((ULONG64)haldma_ReadLong64((LONG64 const volatile *)(source)))
#define ReadPointerNoFence(source)            haldma_ReadPointer((PVOID const volatile *)(source))
#define ReadULongRaw(source)                  ((ULONG)haldma_ReadLong((LONG const volatile *)(source)))
#define ReadULong64Raw(source)                ((ULONG64)haldma_ReadLong64((LONG64 const volatile *)(source)))
#define ReadPointerRaw(source)                haldma_ReadPointer((PVOID const volatile *)(source))
#define WriteULongRelease(destination, value) haldma_WriteLong((LONG volatile *)(destination), (LONG)(value))
#define WriteULong64Release(destination, value) \
    haldma_WriteLong64((LONG64 volatile *)(destination), (LONG64)(value))
#define WritePointerRelease(destination, value) haldma_WritePointer((PVOID volatile *)(destination), (value))
#define WriteULongNoFence(destination, value)   haldma_WriteLong((LONG volatile *)(destination), (LONG)(value))
#define WriteULong64NoFence(destination, value) \
    haldma_WriteLong64((LONG64 volatile *)(destination), (LONG64)(value))
#define WritePointerNoFence(destination, value) haldma_WritePointer((PVOID volatile *)(destination), (value))
#define WriteULongRaw(destination, value)       haldma_WriteLong((LONG volatile *)(destination), (LONG)(value))
#define WriteULong64Raw(destination, value) \
    haldma_WriteLong64((LONG64 volatile *)(destination), (LONG64)(value))
#define WritePointerRaw(destination, value) haldma_WritePointer((PVOID volatile *)(destination), (value))

#define KeMemoryBarrier()             haldma_MemoryBarrier()
#define KeMemoryBarrierWithoutFence() __asm__ __volatile__("" ::: "memory")
#define MemoryBarrier()               haldma_MemoryBarrier()
#define YieldProcessor()              haldma_YieldProcessor()
#define _ReadWriteBarrier()           KeMemoryBarrierWithoutFence()
#define _ReadBarrier()                KeMemoryBarrierWithoutFence()
#define _WriteBarrier()               KeMemoryBarrierWithoutFence()

#endif /* HALDMA_WDM_INTERLOCKED_H */

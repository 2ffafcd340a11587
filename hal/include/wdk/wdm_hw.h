/*
 * wdm_hw.h: device registers and ports.
 *
 * Each access is a call of the library, in program order: the machine's device models answer it.
 */
#ifndef HALDMA_WDM_HW_H
#define HALDMA_WDM_HW_H

#include "wdk/wdm_base.h"

HALDMA_DECLS_BEGIN

/* --- memory-mapped registers ------------------------------------------------------------ */

UCHAR READ_REGISTER_UCHAR(volatile UCHAR *Register);
USHORT READ_REGISTER_USHORT(volatile USHORT *Register);
ULONG READ_REGISTER_ULONG(volatile ULONG *Register);
ULONG64 READ_REGISTER_ULONG64(volatile ULONG64 *Register);
VOID WRITE_REGISTER_UCHAR(volatile UCHAR *Register, UCHAR Value);
VOID WRITE_REGISTER_USHORT(volatile USHORT *Register, USHORT Value);
VOID WRITE_REGISTER_ULONG(volatile ULONG *Register, ULONG Value);
VOID WRITE_REGISTER_ULONG64(volatile ULONG64 *Register, ULONG64 Value);
VOID READ_REGISTER_BUFFER_UCHAR(volatile UCHAR *Register, PUCHAR Buffer, ULONG Count);
VOID READ_REGISTER_BUFFER_USHORT(volatile USHORT *Register, PUSHORT Buffer, ULONG Count);
VOID READ_REGISTER_BUFFER_ULONG(volatile ULONG *Register, PULONG Buffer, ULONG Count);
VOID READ_REGISTER_BUFFER_ULONG64(volatile ULONG64 *Register, PULONG64 Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_UCHAR(volatile UCHAR *Register, PUCHAR Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_USHORT(volatile USHORT *Register, PUSHORT Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_ULONG(volatile ULONG *Register, PULONG Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_ULONG64(volatile ULONG64 *Register, PULONG64 Buffer, ULONG Count);

/* --- ports ------------------------------------------------------------ */

UCHAR READ_PORT_UCHAR(UCHAR *Port);
USHORT READ_PORT_USHORT(USHORT *Port);
ULONG READ_PORT_ULONG(ULONG *Port);
VOID WRITE_PORT_UCHAR(UCHAR *Port, UCHAR Value);
VOID WRITE_PORT_USHORT(USHORT *Port, USHORT Value);
VOID WRITE_PORT_ULONG(ULONG *Port, ULONG Value);
VOID READ_PORT_BUFFER_UCHAR(UCHAR *Port, PUCHAR Buffer, ULONG Count);
VOID READ_PORT_BUFFER_USHORT(USHORT *Port, PUSHORT Buffer, ULONG Count);
VOID READ_PORT_BUFFER_ULONG(ULONG *Port, PULONG Buffer, ULONG Count);
VOID WRITE_PORT_BUFFER_UCHAR(UCHAR *Port, PUCHAR Buffer, ULONG Count);
VOID WRITE_PORT_BUFFER_USHORT(USHORT *Port, PUSHORT Buffer, ULONG Count);
VOID WRITE_PORT_BUFFER_ULONG(ULONG *Port, PULONG Buffer, ULONG Count);

HALDMA_DECLS_END

#endif /* HALDMA_WDM_HW_H */

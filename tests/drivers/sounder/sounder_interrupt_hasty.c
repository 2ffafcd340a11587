/*
 * The same with a mistake: the interrupt is acknowledged where it is taken. The card plays on before the half
 * was refilled, and a second interrupt finds the DPC still queued.
 */
#include "sounder.h"

BOOLEAN SounderIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PSOUNDER_EXTENSION extension = (PSOUNDER_EXTENSION)Context;

    UNREFERENCED_PARAMETER(Interrupt);
    if (!READ_PORT_UCHAR(extension->Port + SOUNDER_STATUS)) {
        return FALSE;
    }
    WRITE_PORT_UCHAR(extension->Port + SOUNDER_STATUS, 1);
    KeInsertQueueDpc(&extension->Dpc, NULL, NULL);
    return TRUE;
}

VOID SounderDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PSOUNDER_EXTENSION extension = (PSOUNDER_EXTENSION)Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (SounderRefill(extension)) {
        WRITE_PORT_UCHAR(extension->Port + SOUNDER_CONTROL, 0);
        KeSetEvent(&extension->Played, IO_SOUND_INCREMENT, FALSE);
    }
}

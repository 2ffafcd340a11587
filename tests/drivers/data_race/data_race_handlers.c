/*
 * A thread against an interrupt or a DPC: on its own processor and on another, kept out and not.
 */
#include "data_race.h"

static PKINTERRUPT Interrupt;
static KDPC Dpc;
static KTIMER Timer;
static KEVENT Event;
static LONG Count;
static LONG Data;
static LONG Seen;
static PIO_WORKITEM WorkItem, OtherWorkItem;
static LONG OtherData, OtherSeen;
static PETHREAD Thread;

/* ---- Interrupts ---- */

static KSERVICE_ROUTINE CountInterrupt;
static BOOLEAN CountInterrupt(PKINTERRUPT Object, PVOID Context)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    Count++; /* race: isr_plain, isr_dispatch */
    return TRUE;
}

static VOID Connect(PKSERVICE_ROUTINE Routine)
{
    IoConnectInterrupt(&Interrupt, Routine, NULL, NULL, RaceExtension->Vector, RaceExtension->Irql,
                       RaceExtension->Irql, Latched, FALSE, 1, FALSE);
}

static VOID BeginInterrupt(VOID)
{
    Connect(CountInterrupt);
}

static VOID EndInterrupt(VOID)
{
    IoDisconnectInterrupt(Interrupt);
    Seen = Count;
}

static VOID DisconnectAndRead(VOID)
{
    IoDisconnectInterrupt(Interrupt);
    Seen = Count;
}

static VOID CountPlain(VOID)
{
    Count++; /* race: isr_plain */
}

static VOID CountAtDispatch(VOID)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Count++; /* race: isr_dispatch */
    KeLowerIrql(irql);
}

static VOID CountAtInterruptLevel(VOID)
{
    KIRQL irql;

    KeRaiseIrql(RaceExtension->Irql, &irql);
    Count++;
    KeLowerIrql(irql);
}

static KSYNCHRONIZE_ROUTINE CountSynchronized;
static BOOLEAN CountSynchronized(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    Count++;
    return TRUE;
}

static VOID CountExcluding(VOID)
{
    KeSynchronizeExecution(Interrupt, CountSynchronized, NULL);
}

/* ---- DPCs ---- */

static KDEFERRED_ROUTINE CountDpc;
static VOID CountDpc(PKDPC Object, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Count++; /* race: dpc_plain, dpc_elsewhere */
}

static VOID BeginDpcHere(VOID)
{
    KeInitializeDpc(&Dpc, CountDpc, NULL);
    KeSetTargetProcessorDpc(&Dpc, 0);
}

static VOID BeginDpcElsewhere(VOID)
{
    KeInitializeDpc(&Dpc, CountDpc, NULL);
    KeSetTargetProcessorDpc(&Dpc, 1);
}

static VOID QueueDpc(VOID)
{
    KeInsertQueueDpc(&Dpc, NULL, NULL);
}

static VOID CountBesideDpc(VOID)
{
    Count++; /* race: dpc_plain */
}

static VOID CountRaised(VOID)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Count++; /* race: dpc_elsewhere */
    KeLowerIrql(irql);
}

/* What was written before the DPC was queued is its to read; what it wrote is there after the flush. */
static KDEFERRED_ROUTINE ReadDpc;
static VOID ReadDpc(PKDPC Object, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Seen = Data;
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}

static VOID BeginReadDpc(VOID)
{
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeInitializeDpc(&Dpc, ReadDpc, NULL);
    KeInitializeTimer(&Timer);
}

static VOID WriteAndQueue(VOID)
{
    Data = 1;
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    Seen++;
}

static VOID WriteAndSetTimer(VOID)
{
    LARGE_INTEGER due;

    Data = 1;
    due.QuadPart = -10;
    KeSetTimer(&Timer, due, &Dpc);
}

static VOID WaitForDpc(VOID)
{
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    Data = Seen + 1;
}

static VOID Nothing(VOID)
{
}

/* ---- Work items and threads ---- */

static IO_WORKITEM_ROUTINE Work;
static VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    Seen = Data;
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}

static VOID BeginWork(VOID)
{
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    WorkItem = IoAllocateWorkItem(RaceExtension->Device);
}

static VOID QueueWork(VOID)
{
    Data = 1;
    IoQueueWorkItem(WorkItem, Work, DelayedWorkQueue, NULL);
}

static VOID EndWork(VOID)
{
    IoFreeWorkItem(WorkItem);
}

/* Whichever worker takes them: it may take both. */
static IO_WORKITEM_ROUTINE OtherWork;
static VOID OtherWork(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    InterlockedExchange(&OtherSeen, OtherData);
}

static VOID BeginTwoWorkItems(VOID)
{
    BeginWork();
    OtherWorkItem = IoAllocateWorkItem(RaceExtension->Device);
}

static VOID QueueOtherWork(VOID)
{
    OtherData = 1;
    IoQueueWorkItem(OtherWorkItem, OtherWork, DelayedWorkQueue, NULL);
}

static VOID EndTwoWorkItems(VOID)
{
    IoFreeWorkItem(WorkItem);
    IoFreeWorkItem(OtherWorkItem);
}

static KSTART_ROUTINE ThreadRoutine;
static VOID ThreadRoutine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    Seen = Data;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID RunThread(VOID)
{
    HANDLE handle;

    Data = 1;
    if (!NT_SUCCESS(
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadRoutine, NULL))) {
        return;
    }
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, (PVOID *)&Thread, NULL);
    ZwClose(handle);
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
    Seen++;
}

const struct race_piece RaceHandlers[] = {
    {"isr_plain", TRUE, BeginInterrupt, CountPlain, NULL, EndInterrupt},
    {"isr_dispatch", TRUE, BeginInterrupt, CountAtDispatch, NULL, EndInterrupt},
    {"isr_level", FALSE, BeginInterrupt, CountAtInterruptLevel, NULL, EndInterrupt},
    {"isr_synchronized", FALSE, BeginInterrupt, CountExcluding, NULL, EndInterrupt},
    {"isr_disconnected", FALSE, BeginInterrupt, DisconnectAndRead, NULL, NULL},
    {"dpc_plain", TRUE, BeginDpcHere, CountBesideDpc, QueueDpc, NULL},
    {"dpc_raised", FALSE, BeginDpcHere, CountRaised, QueueDpc, NULL},
    {"dpc_elsewhere", TRUE, BeginDpcElsewhere, CountRaised, QueueDpc, NULL},
    {"dpc_flushed", FALSE, BeginReadDpc, WriteAndQueue, Nothing, NULL},
    {"timer_dpc", FALSE, BeginReadDpc, WriteAndSetTimer, WaitForDpc, NULL},
    {"thread", FALSE, NULL, RunThread, Nothing, NULL},
    {"work_item", FALSE, BeginWork, QueueWork, WaitForDpc, EndWork},
    {"work_items", FALSE, BeginTwoWorkItems, QueueWork, QueueOtherWork, EndTwoWorkItems},
    {NULL, FALSE, NULL, NULL, NULL, NULL},
};

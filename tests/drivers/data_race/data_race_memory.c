/*
 * Which bytes race: neighbours, bit fields, copies, structures, stacks, and volatile variables.
 */
#include "data_race.h"

enum { BUFFER_BYTES = 64, MIDDLE = 37 };

struct bits {
    ULONG First : 3;
    ULONG Second : 5;
};

struct letters {
    CHAR First;
    CHAR Second;
};

struct record {
    ULONG Words[10];
};

/* Not static: nothing that is written may look unread. */
UCHAR Buffer[BUFFER_BYTES];
UCHAR Source[BUFFER_BYTES];
UCHAR Other[BUFFER_BYTES];
struct bits Bits;
struct letters Letters;
struct record Record, Copy;
static volatile LONG Flag;
LONG Data;
LONG Seen;
static LONG *OnStack;
static KEVENT Event;

static VOID CopyIn(VOID)
{
    RtlCopyMemory(Buffer, Source, sizeof(Buffer)); /* race: copied */
}

static VOID ReadMiddle(VOID)
{
    Seen = Buffer[MIDDLE]; /* race: copied */
}

static VOID FillHalf(VOID)
{
    RtlZeroMemory(Buffer, MIDDLE);
}

static VOID MoveOut(VOID)
{
    RtlMoveMemory(Other, Buffer, sizeof(Other)); /* race: moved */
}

static VOID FillAll(VOID)
{
    RtlFillMemory(Buffer, sizeof(Buffer), 7); /* race: moved */
}

static VOID Compare(VOID)
{
    Seen = RtlEqualMemory(Buffer, Other, sizeof(Buffer)); /* race: compared */
}

static VOID WriteLast(VOID)
{
    Buffer[BUFFER_BYTES - 1] = 1; /* race: compared */
}

static VOID SetFirstBits(VOID)
{
    Bits.First = 1; /* race: bits */
}

static VOID SetSecondBits(VOID)
{
    Bits.Second = 1; /* race: bits */
}

static VOID SetFirstLetter(VOID)
{
    Letters.First = 1;
}

static VOID SetSecondLetter(VOID)
{
    Letters.Second = 1;
}

static VOID WriteWord(VOID)
{
    Record.Words[9] = 1; /* race: structure */
}

static VOID CopyRecord(VOID)
{
    Copy = Record; /* race: structure */
}

/* ---- Volatile ---- */

static VOID RaiseFlag(VOID)
{
    Data = 1; /* race: volatile_flag */
    Flag = 1;
}

static VOID SeeFlag(VOID)
{
    if (Flag != 0) {
        Seen = Data; /* race: volatile_flag */
    }
}

static VOID RaiseFlagBehindBarrier(VOID)
{
    Data = 1;
    KeMemoryBarrier();
    Flag = 1;
}

static VOID SeeFlagBeforeBarrier(VOID)
{
    if (Flag != 0) {
        KeMemoryBarrier();
        Seen = Data;
    }
}

static VOID PollFlag(VOID)
{
    while (Flag == 0) {
        YieldProcessor();
    }
}

static VOID RaiseFlagAlone(VOID)
{
    Flag = 1;
}

/* ---- A variable on a stack that another thread was told of ---- */

static VOID BeginStack(VOID)
{
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
}

static VOID LendStack(VOID)
{
    volatile LONG *lent;
    LONG local = 0;

    lent = &local;
    InterlockedExchangePointer((PVOID volatile *)&OnStack, &local);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    Seen = *lent;
}

static VOID UseStack(VOID)
{
    LONG *lent = InterlockedCompareExchangePointer((PVOID volatile *)&OnStack, NULL, NULL);

    if (lent != NULL) {
        *lent = 1;
    }
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}

const struct race_piece RaceMemory[] = {
    {"copied", TRUE, NULL, CopyIn, ReadMiddle, NULL},
    {"copied_beside", FALSE, NULL, FillHalf, ReadMiddle, NULL},
    {"moved", TRUE, NULL, MoveOut, FillAll, NULL},
    {"compared", TRUE, NULL, Compare, WriteLast, NULL},
    {"bits", TRUE, NULL, SetFirstBits, SetSecondBits, NULL},
    {"letters", FALSE, NULL, SetFirstLetter, SetSecondLetter, NULL},
    {"structure", TRUE, NULL, WriteWord, CopyRecord, NULL},
    {"volatile_flag", TRUE, NULL, RaiseFlag, SeeFlag, NULL},
    {"volatile_barrier", FALSE, NULL, RaiseFlagBehindBarrier, SeeFlagBeforeBarrier, NULL},
    {"volatile_poll", FALSE, NULL, PollFlag, RaiseFlagAlone, NULL},
    {"stack", FALSE, BeginStack, LendStack, UseStack, NULL},
    {NULL, FALSE, NULL, NULL, NULL, NULL},
};

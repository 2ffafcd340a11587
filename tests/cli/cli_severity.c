/*
 * Scenarios whose findings are no errors, such that a machine can go on after them, or nobody's call.
 */
#include <haldma.h>

#include <emu/choose.h>
#include <stdio.h>

enum { NO_PORT = 0x300 };

static void set_up(void)
{
    READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)NO_PORT);
}

enum { BYTES = 64, TAG = 0x31676154, OTHER_TAG = 0x32676154 };

/* Three mistakes; after two of them the machine can go on. */
static void careless(void *context)
{
    (void)context;
    UCHAR value = READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)NO_PORT);
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, BYTES, TAG);
    haldma_require(block != NULL, "there is no pool");
    ExFreePoolWithTag(block, OTHER_TAG);
    haldma_fail("careless", "the port gave 0x%X", value);
}

static void set_up_careless(void)
{
    haldma_thread("careless", 0, careless, NULL);
}

static struct queue {
    DEVICE_OBJECT device; /* for its DPC alone */
} * queue;                /* of the current run */

static void queued(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)dpc;
    (void)device;
    (void)irp;
    (void)context;
}

/* Nobody's call is the mistake: the last step is one of IoRequestDpc, whose body the headers have. */
static void waiting(void *context)
{
    (void)context;
    KEVENT never;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void requesting(void *context)
{
    (void)context;
    IoRequestDpc(&queue->device, NULL, NULL);
}

static void set_up_waits(void)
{
    queue = haldma_scratch(sizeof *queue);
    IoInitializeDpcRequest(&queue->device, queued);
    haldma_thread("waiting", 0, waiting, NULL);
    haldma_thread("requesting", 1, requesting, NULL);
}

/* More kinds of failures than are kept of an exploration. */
static void fail_in_many_ways(void *context)
{
    enum { WAYS = 20, NAME_BYTES = 16 };
    char rule[NAME_BYTES];
    (void)context;
    snprintf(rule, sizeof rule, "way_%u", (unsigned)emu_latitude(emu_current(), EMU_OP_BASE_HOST, WAYS));
    haldma_fail(rule, "one of many");
}

static void set_up_ways(void)
{
    haldma_thread("failing", 0, fail_in_many_ways, NULL);
}

static const struct haldma_scenario scenarios[] = {
    {.name = "careless", .summary = "several mistakes in a row", .set_up = set_up_careless},
    {.name = "waits", .summary = "a wait that never ends", .set_up = set_up_waits},
    {.name = "ways", .summary = "each run fails in another way", .set_up = set_up_ways},
    {.name = "reads_nowhere", .summary = "a read of no port", .set_up = set_up},
};
HALDMA_MODULE(scenarios);

/*
 * Scenarios whose findings are no errors, or such that a machine can go on after them.
 */
#include <haldma.h>

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

static const struct haldma_scenario scenarios[] = {
    {.name = "careless", .summary = "several mistakes in a row", .set_up = set_up_careless},
    {.name = "reads_nowhere", .summary = "a read of no port", .set_up = set_up},
};
HALDMA_MODULE(scenarios);

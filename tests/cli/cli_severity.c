/*
 * A scenario whose finding is a warning: a port is read where no device is.
 */
#include <haldma.h>

enum { NO_PORT = 0x300 };

static void set_up(void)
{
    READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)NO_PORT);
}

static const struct haldma_scenario scenarios[] = {
    {.name = "reads_nowhere", .summary = "a read of no port", .set_up = set_up},
};
HALDMA_MODULE(scenarios);

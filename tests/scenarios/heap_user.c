/*
 * A scenario that keeps what it shares on the heap, which no checkpoint holds: it is set up in every run.
 */
#include <haldma.h>
#include <stdlib.h>

static KEVENT *event; /* of the current run */

static void wake(void *context)
{
    (void)context;
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

static void sleep(void *context)
{
    (void)context;
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

static void set_up(void)
{
    event = calloc(1, sizeof *event);
    haldma_require(event != NULL, "no memory on the host");
    KeInitializeEvent(event, NotificationEvent, FALSE);
    haldma_thread("waker", 0, wake, NULL);
    haldma_thread("sleeper", 1, sleep, NULL);
}

static void check(void)
{
    free(event);
    event = NULL;
}

static const struct haldma_scenario scenarios[] = {
    {.name = "on_the_heap", .summary = "an event on the host's heap", .set_up = set_up, .check = check},
};

HALDMA_MODULE(scenarios);

/*
 * What a driver can ask about the system: version, processor, clock interval, memory, processes, buses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ntddk.h>

#include <emu/irq.h>

#include "hal/boot.h"
#include "rig/rig.h"

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

enum { DEFAULT_INTERVAL = 156250, MILLISECOND = 10000 };

static void run_clean(void (*body)(void *))
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

static void version(void *context)
{
    RTL_OSVERSIONINFOW v = {.dwOSVersionInfoSize = sizeof v};
    UNICODE_STRING service_pack = {1, 1, NULL};
    ULONG major;
    ULONG minor;
    ULONG build;

    (void)context;
    rig_expect(!PsGetVersion(&major, &minor, &build, &service_pack));
    rig_expect(!PsGetVersion(NULL, NULL, NULL, NULL));
    RtlGetVersion(&v);
    rig_expect(major == v.dwMajorVersion && minor == v.dwMinorVersion && build == v.dwBuildNumber);
    rig_expect_equal(service_pack.Length, 0);
    rig_expect(!ExVerifySuite(0));
    rig_expect(ExIsProcessorFeaturePresent(PF_COMPARE_EXCHANGE128));
    rig_expect(ExIsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
    rig_expect(!ExIsProcessorFeaturePresent(PF_3DNOW_INSTRUCTIONS_AVAILABLE));
    rig_expect(!ExIsProcessorFeaturePresent(PF_FLOATING_POINT_EMULATED));
}

/* rule: RTL-VERSION-2 */
static void version_and_processor_are_those_of_one_system(void **state)
{
    (void)state;
    run_clean(version);
}

static void intervals(void *context)
{
    LARGE_INTEGER now;
    LARGE_INTEGER local;
    ULONG longest;
    ULONG shortest;
    ULONG current;

    (void)context;
    ExQueryTimerResolution(&longest, &shortest, &current);
    rig_expect(longest == DEFAULT_INTERVAL && current == DEFAULT_INTERVAL && shortest < MILLISECOND);
    rig_expect_equal(ExSetTimerResolution(MILLISECOND, TRUE), MILLISECOND);
    rig_expect_equal(ExSetTimerResolution(2 * MILLISECOND, TRUE), MILLISECOND); /* never longer */
    rig_expect_equal(ExSetTimerResolution(1, TRUE), shortest);
    ExQueryTimerResolution(&longest, &shortest, &current);
    rig_expect_equal(current, shortest);
    rig_expect_equal(ExSetTimerResolution(0, FALSE), shortest); /* two have not taken theirs back */
    rig_expect_equal(ExSetTimerResolution(0, FALSE), shortest);
    rig_expect_equal(ExSetTimerResolution(0, FALSE), DEFAULT_INTERVAL);
    KeQuerySystemTime(&now);
    ExSystemTimeToLocalTime(&now, &local);
    rig_expect_equal(local.QuadPart, now.QuadPart);
    ExLocalTimeToSystemTime(&local, &now);
    rig_expect_equal(local.QuadPart, now.QuadPart);
}

static void set_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    ExSetTimerResolution(MILLISECOND, TRUE);
}

/* rule: KE-TIME-2 */
static void the_shortest_interval_asked_for_holds_until_all_took_theirs_back(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    (void)state;
    run_clean(intervals);
    rig_run(m, set_at_dispatch, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, "KE-TIME-2", NULL);
}

static void memory(void *context)
{
    struct emu_machine *m = emu_current();
    const struct emu_config *c = emu_machine_config(m);
    PPHYSICAL_MEMORY_RANGE ranges = MmGetPhysicalMemoryRanges();
    uint64_t bytes = 0;
    int count = 0;

    (void)context;
    uint8_t *page = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, 0x74736574);
    uint64_t physical = (uint64_t)MmGetPhysicalAddress(page).QuadPart;
    bool found = false;
    for (; ranges[count].NumberOfBytes.QuadPart != 0; count++) {
        uint64_t base = (uint64_t)ranges[count].BaseAddress.QuadPart;
        uint64_t size = (uint64_t)ranges[count].NumberOfBytes.QuadPart;
        found |= physical >= base && physical - base < size;
        bytes += size;
    }
    rig_expect(found);
    rig_expect_equal(ranges[count].BaseAddress.QuadPart, 0);
    rig_expect_equal(bytes >> PAGE_SHIFT, (uint64_t)c->ram_low_pages + c->ram_mid_pages + c->ram_high_pages);
    ExFreePool(ranges);
}

/* rule: MM-ADDRESS-2 */
static void the_ranges_of_physical_memory_end_with_an_empty_one(void **state)
{
    (void)state;
    run_clean(memory);
}

static void processes(void *context)
{
    (void)context;
    rig_expect(PsGetProcessId(PsGetCurrentProcess()) == PsGetCurrentProcessId());
    rig_expect(PsGetThreadId(PsGetCurrentThread()) == PsGetCurrentThreadId());
    rig_expect(PsGetCurrentThreadId() != PsGetCurrentProcessId());
}

/* rule: KE-THREAD-9 */
static void processes_and_threads_have_ids(void **state)
{
    (void)state;
    run_clean(processes);
}

static void buses(void *context)
{
    const struct emu_line_config config = {"line", EMU_TRIGGER_LEVEL, 5, 2};
    emu_line line = emu_line_add(emu_current(), &config);
    PHYSICAL_ADDRESS address = {.QuadPart = 0xD0000000};
    PHYSICAL_ADDRESS translated;
    KAFFINITY affinity;
    ULONG space = 0;
    KIRQL irql;
    UCHAR data[4] = {1, 2, 3, 4};

    (void)context;
    rig_expect(HalTranslateBusAddress(PCIBus, 0, address, &space, &translated));
    rig_expect_equal(translated.QuadPart, address.QuadPart);
    rig_expect_equal(HalGetInterruptVector(PCIBus, 0, 0, line, &irql, &affinity), line);
    rig_expect(irql == 5 && affinity == 2);
    rig_expect_equal(HalGetBusData(PCIConfiguration, 0, 0, data, sizeof data), 0);
    rig_expect_equal(HalSetBusDataByOffset(PCIConfiguration, 0, 0, data, 0, sizeof data), 0);
}

/* rule: IO-BUS-1 */
static void bus_addresses_are_physical_and_buses_have_no_configuration_data(void **state)
{
    (void)state;
    run_clean(buses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_processor_are_those_of_one_system),
        cmocka_unit_test(the_shortest_interval_asked_for_holds_until_all_took_theirs_back),
        cmocka_unit_test(the_ranges_of_physical_memory_end_with_an_empty_one),
        cmocka_unit_test(processes_and_threads_have_ids),
        cmocka_unit_test(bus_addresses_are_physical_and_buses_have_no_configuration_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

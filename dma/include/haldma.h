/*
 * haldma: the one header for tests, scenarios and tools.
 *
 * A scenario is C: it describes a machine, loads drivers into it, adds devices, starts threads that race, and
 * states what must hold afterwards. It runs inside a test (emu_explore) or from a module that the command
 * line loads (HALDMA_MODULE).
 */
#ifndef HALDMA_H
#define HALDMA_H

#include <emu/coverage.h>
#include <emu/explore.h>
#include <emu/irq.h>
#include <emu/machine.h>
#include <emu/strategies.h>
#include <emu/token.h>
#include <emu/trace.h>
#include <wdm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The machine ----------------------------------------------------------------------------- */

enum { HALDMA_CONTROLLERS_MAX = 4 };

/* A system DMA controller and the request lines that it serves. */
struct haldma_controller {
    uint32_t first_line; /* request lines first_line .. first_line + lines - 1 */
    uint32_t lines;
    uint32_t channels;      /* 1 to 32; request lines share them in order */
    uint32_t fragments_max; /* scatter/gather elements per transfer; 1: no scatter/gather; 0: 1 */
    uint32_t address_width; /* bits; 0: 32 */
    uint32_t beat_bytes;    /* moved per beat; 0: 64 */
    uint64_t beat_ns;       /* 0: 1,000 */
};

/* What is verified: bits of struct haldma_config's verify (docs/verifier.md). */
enum haldma_verify {
    HALDMA_VERIFY_DMA = 1 << 0,  /* what is done with adapters, as Driver Verifier's DMA verification does */
    HALDMA_VERIFY_IRQL = 1 << 1, /* the IRQL of every call of an adapter's operations table */
    HALDMA_VERIFY_ALL = HALDMA_VERIFY_DMA | HALDMA_VERIFY_IRQL,
};

/* Zero means the default. */
struct haldma_config {
    struct emu_config machine;
    uint32_t map_registers;             /* of the whole system, shared by its adapters; default 1,024 */
    uint32_t adapter_map_registers_max; /* most that one adapter is promised; default 256 */
    bool remapping;                     /* a DMA remapping unit: logical addresses are not physical ones */
    uint32_t bus_width;   /* address bits: a bus master reaches no further, whatever it can; 0: 64 */
    const char *platform; /* the name of what this began as; NULL: built field by field */
    uint32_t numa_nodes;  /* each has its share of every bank of memory; 1 to 64, default 1 */
    struct haldma_controller controllers[HALDMA_CONTROLLERS_MAX]; /* channels == 0 ends the list */
    bool i8237; /* the PC's pair of DMA controllers is there: channels, and request lines, 0 to 7 */
    /* A lower filter driver: it is loaded with the first device, and its AddDevice is called for each one,
     * before that of the device's own driver. NULL: none. */
    PDRIVER_INITIALIZE filter;
    unsigned size; /* of the scenario that the machine is for: see haldma_size() */
    /* Each processor's performance counter is so far ahead of the one before; 0: they agree. */
    uint64_t counter_skew_ns;
    uint32_t verify; /* HALDMA_VERIFY_ bits; the profile verifier has all of them whatever this is */
};

/* A machine with the kernel and the DMA subsystem on it; NULL with a static one-line reason.
 * emu_machine_destroy() ends it. */
struct emu_machine *haldma_machine_create(const struct haldma_config *config, const char **error);
const struct haldma_config *haldma_machine_config(const struct emu_machine *m);
/* What is verified from the next reset on: the configuration's bits, or all of them in the profile verifier.
 */
uint32_t haldma_verify(const struct emu_machine *m);

/*
 * A machine with a name (docs/platforms.md). "pc", "pc-remapped", "pc-lowmem" and "soc" stand for what
 * drivers have to cope with.
 */
struct haldma_platform {
    const char *name;
    const char *summary; /* one line */
};
/* All of them, in order, then NULL; and the one of a name, or NULL. */
const struct haldma_platform *haldma_platform_at(unsigned index);
const struct haldma_platform *haldma_platform_find(const char *name);
/* Overwrites *config; then change fields as you like. */
void haldma_platform_configure(const struct haldma_platform *platform, struct haldma_config *config);

/*
 * What there is of DMA now, as the debugger's !dma shows it: for each adapter that was not released what is
 * asked for, then all map registers. Within a run, or after it until the next reset. Writes at most size
 * bytes with the final 0; returns how many characters there are without it, as snprintf() does.
 */
enum haldma_dump {
    HALDMA_DUMP_ADAPTER = 1 << 0,
    HALDMA_DUMP_REGISTERS = 1 << 1,      /* and what they map; under verification */
    HALDMA_DUMP_COMMON_BUFFERS = 1 << 2, /* likewise */
    HALDMA_DUMP_LISTS = 1 << 3,          /* likewise */
    HALDMA_DUMP_DESCRIPTION = 1 << 4,
    HALDMA_DUMP_REQUESTS = 1 << 5,
    HALDMA_DUMP_ALL = (1 << 6) - 1,
};
size_t haldma_dump_dma(const struct emu_machine *m, uint32_t what, char *text, size_t size);

/* ---- Inside a scenario (on a strand of a running machine) ------------------------------------ */

/* Loads a driver: calls its DriverEntry at PASSIVE_LEVEL. Its writable data is put back before each run. */
NTSTATUS haldma_load_driver(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver);

/*
 * A HAL extension that serves DMA controllers (nthalext.h), built with haldma_add_driver(): its entry point
 * AddResourceGroup is <name>_AddResourceGroup then. A global system interrupt that it registers is an
 * emu_line.
 */
struct _CSRT_RESOURCE_GROUP_HEADER;
struct haldma_extension {
    const char *name;
    NTSTATUS (*entry)(ULONG handle, struct _CSRT_RESOURCE_GROUP_HEADER *group);
    struct _CSRT_RESOURCE_GROUP_HEADER *group; /* its resource group of the CSRT; kept by the caller */
    void *const *tables;                       /* what GetAcpiTable finds; kept by the caller */
    unsigned table_count;
    uint32_t requester; /* as whom its hardware asks for memory */
    bool is_atomic;     /* its register accesses are no yield points: nothing comes between them */
};
/* Calls its entry point, and makes ready what that registers. Its writable data is put back before each run.
 */
NTSTATUS haldma_load_extension(const struct haldma_extension *extension);

/* What a bus driver would report about a device. */
struct haldma_device {
    const char *name;
    INTERFACE_TYPE bus; /* PCIBus, Internal, ... */
    uint64_t window;    /* physical address of its registers; 0: none */
    uint64_t window_bytes;
    uint32_t port; /* first I/O port; ports == 0: none */
    uint32_t ports;
    emu_line line;     /* interrupt line; 0: none */
    bool has_dma_line; /* a CmResourceTypeDma (V3) descriptor is reported */
    uint32_t dma_line; /* request line */
    uint32_t dma_channel;
    uint32_t requester; /* as whom it asks for memory (emu_requester); 0: as its window's place says */
    uint32_t numa_node; /* that it is connected to; a number that no node has: unknown */
};
/* Creates the physical device object that a bus driver would. */
PDEVICE_OBJECT haldma_add_device(const struct haldma_device *device);

/* AddDevice, then IRP_MN_START_DEVICE with the device's resources, through the whole stack. *fdo: top of the
 * stack. */
NTSTATUS haldma_start_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PDEVICE_OBJECT *fdo);
/* IRP_MN_QUERY_REMOVE_DEVICE and IRP_MN_REMOVE_DEVICE; after a surprise removal the second alone. */
NTSTATUS haldma_remove_device(PDEVICE_OBJECT pdo);
/*
 * Surprise removal (docs/faults.md). The hardware is gone: its registers read as all ones, what is written is
 * lost, its engines stop, though what was on its way to memory may still arrive (a choice of the hostile
 * profile). Then IRP_MN_SURPRISE_REMOVAL goes through the stack.
 *
 * IRP_MN_REMOVE_DEVICE comes when no handle to the device is open any more. haldma_surprise_remove(): none
 * is, it follows at once. haldma_surprise_removal_thread(): a thread that strikes at any step of the others,
 * who have the device open; call haldma_remove_device() when they are through (in check), which sends it
 * then, and nothing before it.
 */
void haldma_surprise_remove(PDEVICE_OBJECT pdo);
void haldma_surprise_removal_thread(PDEVICE_OBJECT pdo, unsigned processor);
/* As whom an adapter's device (or its system DMA controller) asks for memory: for devices that a test plays.
 */
uint32_t haldma_requester(PDMA_ADAPTER adapter);
/* DriverUnload, where the driver has one; its device objects must be gone (else a finding). */
void haldma_unload_driver(PDRIVER_OBJECT driver);

/*
 * Calls that failed by choice in this run (docs/faults.md); 0 where the machine has no faults.
 *
 * haldma_succeeded() is what a scenario does with a status that says failure only where something failed:
 * TRUE for success; FALSE for a failure after at least one call had failed by choice, and then the scenario
 * goes on without; a failure with nothing to cause it is a finding ("property"). what: "the start", for its
 * message.
 */
uint32_t haldma_faults(void);
bool haldma_succeeded(NTSTATUS status, const char *what);

/* A thread that must finish, on this processor, at PASSIVE_LEVEL. In set_up: it starts when set_up has
 * returned. */
void haldma_thread(const char *name, unsigned processor, void (*routine)(void *context), void *context);

/* The property failed: stops the run with a finding named by rule (e.g. "property"). */
__attribute__((noreturn, format(printf, 2, 3))) void haldma_fail(const char *rule, const char *format, ...);
#define haldma_require(condition, ...) ((condition) ? (void)0 : haldma_fail("property", __VA_ARGS__))

/*
 * Non-paged, page-aligned, zeroed memory of the machine, as a caller of the driver would have; physical
 * limits of 0: none. Which page frames back it is a choice of the hostile profile: in the wrong order,
 * contiguous, or every other one above 4 GiB.
 */
void *haldma_alloc_pages(uint32_t pages, uint64_t lowest, uint64_t highest);

/*
 * The hardware of a configured controller, to attach a peripheral to a request line (emu/device/soc_dma.h);
 * NULL: no such controller.
 */
struct emu_soc_dma;
struct emu_soc_dma *haldma_controller_device(unsigned controller);

/* The PC's pair of DMA controllers, to attach a peripheral to a channel (emu/device/i8237.h); NULL: not
 * there. */
struct emu_i8237;
struct emu_i8237 *haldma_i8237(void);

/*
 * Pool blocks that are allocated now under a tag (first character in the low byte; 0: every tag), to state
 * that nothing leaked. That nobody wrote beyond a block, or into one that was freed, is verified after every
 * run's check anyway.
 */
uint32_t haldma_pool_blocks(ULONG tag);

/*
 * Memory for the scenario's own state, zeroed, gone with the run. Static variables of a scenario are not put
 * back, unless a driver is linked into the scenario's module: then the whole module's are.
 */
void *haldma_scratch(size_t bytes);

/* ---- Scenarios
 * ---------------------------------------------------------------------------------------------- */

struct haldma_scenario {
    const char *name;    /* letters, digits, underscore */
    const char *summary; /* one line */
    /*
     * Changes fields of the platform's machine. One that overwrites all of *config has a machine of its own,
     * and runs on that alone, as platform "custom". NULL: the platform's machine as it is.
     */
    void (*configure)(struct haldma_config *config);
    void (*set_up)(void);         /* quiet; starts what races */
    void (*check)(void);          /* quiet, when all is idle; may be NULL */
    const char *const *platforms; /* names, NULL behind the last: those it is for; NULL: all */
    unsigned sizes; /* in how many sizes it comes, see haldma_size(); 0: 1, the full one alone */
};

/*
 * In which size the scenario is to be set up: 0 is the full one, larger numbers up to sizes - 1 have fewer
 * processors, devices, threads or requests, whatever the scenario makes of them. For set_up and check;
 * configure finds it in config->size. `haldma shrink` looks for its finding in the smaller ones. Tokens name
 * it.
 */
unsigned haldma_size(void);

/* Is the scenario for this platform? */
bool haldma_scenario_suits(const struct haldma_scenario *scenario, const struct haldma_platform *platform);
/*
 * The machine of a scenario on a platform. Returns config->platform: the platform's name, or NULL where the
 * scenario has a machine of its own.
 */
const char *haldma_scenario_configure(const struct haldma_scenario *scenario,
                                      const struct haldma_platform *platform, struct haldma_config *config);
/* The same in a size (see haldma_size()); the above is for the full one. */
const char *haldma_scenario_configure_size(const struct haldma_scenario *scenario,
                                           const struct haldma_platform *platform, unsigned size,
                                           struct haldma_config *config);

/* Fills in a program for emu_explore() and its kin. */
void haldma_scenario_program(const struct haldma_scenario *scenario, struct emu_program *program);
/*
 * The memory of such a program, for struct emu_explore_options: the variables of the scenario's module and of
 * the drivers that it uses. False where one of them uses something else that may keep what it is told (the
 * heap, files, a library), or is part of the main program.
 */
bool haldma_scenario_memory(void *context, emu_memory_fn *tell, void *to);

/* The named moments of a request ("grant decided", "CancelAdapterChannel", ...), for emu_coverage_watch(). */
const emu_op *haldma_moments(unsigned *count);

/* The hash of everything in a machine's configuration that a token is bound to. */
uint32_t haldma_configuration(const struct emu_machine *m);

/* A token for a run of the scenario on this machine; malloc'ed. */
char *haldma_token(const struct emu_machine *m, const struct haldma_scenario *scenario,
                   const struct emu_record *record, uint64_t hash);

enum { HALDMA_MODULE_ABI = 4 };
struct haldma_module {
    uint32_t abi;
    uint32_t count;
    const struct haldma_scenario *scenarios;
};
#define HALDMA_MODULE(array)                                                                \
    __attribute__((visibility("default"))) extern const struct haldma_module haldma_module; \
    const struct haldma_module haldma_module = {HALDMA_MODULE_ABI, sizeof(array) / sizeof((array)[0]), array}

#ifdef __cplusplus
}
#endif
#endif

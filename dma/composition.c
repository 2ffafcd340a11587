/*
 * A whole machine: emu, the kernel and the DMA subsystem on it.
 */
#include <emu/device/i8237.h>
#include <emu/device/soc_dma.h>
#include <hal/boot.h>
#include <hal/io_driver.h>

#include "dma/system.h"

enum {
    DEFAULT_MAP_REGISTERS = 1024,
    DEFAULT_ADAPTER_MAP_REGISTERS = 256,
    MAP_REGISTERS_LIMIT = 1 << 20,
    ADDRESS_BITS_LIMIT = 64,
};

/* What lives as long as the machine. */
struct composition {
    struct haldma_config config;
    struct hal_images *images; /* pristine copies of drivers' data */
};

static const char *complete_controller(struct haldma_controller *c)
{
    c->lines = c->lines ? c->lines : 1;
    c->fragments_max = c->fragments_max ? c->fragments_max : 1;
    if (c->lines > EMU_SOC_DMA_LINES_MAX || c->first_line > UINT32_MAX - c->lines)
        return "a DMA controller serves at most 1,024 request lines, the last one below 4,294,967,295";
    if (c->channels > EMU_SOC_DMA_CHANNELS_MAX)
        return "a DMA controller has 1 to 32 channels";
    if (c->fragments_max > EMU_SOC_DMA_FRAGMENTS_MAX)
        return "a DMA controller's transfer has at most 4,096 fragments";
    if (c->address_width > ADDRESS_BITS_LIMIT)
        return "a DMA controller has at most 64 address bits";
    if (c->beat_bytes > EMU_SOC_DMA_BEAT_MAX)
        return "a DMA controller moves at most 65,536 bytes a beat";
    return NULL;
}

static bool share_a_line(const struct haldma_controller *a, const struct haldma_controller *b)
{
    return a->first_line < b->first_line + b->lines && b->first_line < a->first_line + a->lines;
}

static const char *complete(struct haldma_config *c)
{
    c->map_registers = c->map_registers ? c->map_registers : DEFAULT_MAP_REGISTERS;
    c->adapter_map_registers_max =
        c->adapter_map_registers_max ? c->adapter_map_registers_max : DEFAULT_ADAPTER_MAP_REGISTERS;
    c->numa_nodes = c->numa_nodes ? c->numa_nodes : 1;
    if (c->numa_nodes > HAL_NODES_MAX)
        return "a machine has at most 64 NUMA nodes";
    if ((c->verify & ~(uint32_t)HALDMA_VERIFY_ALL) != 0)
        return "no such verification";
    c->bus_width = c->bus_width ? c->bus_width : ADDRESS_BITS_LIMIT;
    if (c->bus_width > ADDRESS_BITS_LIMIT)
        return "a bus has at most 64 address bits";
    if (c->map_registers > MAP_REGISTERS_LIMIT)
        return "a machine has at most 1,048,576 map registers";
    for (unsigned i = 0; i < HALDMA_CONTROLLERS_MAX && c->controllers[i].channels != 0; i++) {
        const char *error = complete_controller(&c->controllers[i]);
        if (error != NULL)
            return error;
        if (c->i8237 && c->controllers[i].first_line < EMU_I8237_CHANNELS)
            return "request lines 0 to 7 are those of the 8237 pair";
        for (unsigned other = 0; other < i; other++)
            if (share_a_line(&c->controllers[i], &c->controllers[other]))
                return "a request line is served by one DMA controller only";
    }
    return NULL;
}

static void end(void *block)
{
    struct composition *c = block;
    hal_images_destroy(c->images);
}

static uint32_t verified(const struct emu_machine *m, const struct haldma_config *config)
{
    bool all = emu_machine_config(m)->profile == EMU_PROFILE_VERIFIER;
    return all ? HALDMA_VERIFY_ALL : config->verify;
}

static void boot(struct emu_machine *m, void *context)
{
    struct composition *c = context;
    hal_images_use(m, c->images);
    hal_set_nodes(m, c->config.numa_nodes);
    hal_set_counter_skew(m, c->config.counter_skew_ns);
    hal_set_verify(m, verified(m, &c->config));
    dma_boot(m, &c->config);
}

struct emu_machine *haldma_machine_create(const struct haldma_config *config, const char **error)
{
    const char *reason;
    error = error != NULL ? error : &reason;
    struct haldma_config complete_config = config != NULL ? *config : (struct haldma_config){0};
    *error = complete(&complete_config);
    if (*error != NULL)
        return NULL;
    struct emu_machine *m = emu_machine_create(&complete_config.machine, error);
    if (m == NULL)
        return NULL;
    complete_config.machine = *emu_machine_config(m);
    struct composition *c = emu_machine_own(m, sizeof *c, end);
    if (c != NULL)
        c->images = hal_images_create();
    if (c == NULL || c->images == NULL) {
        *error = "no memory for a machine";
        emu_machine_destroy(m);
        return NULL;
    }
    c->config = complete_config;
    emu_machine_add_boot(m, hal_boot, NULL);
    emu_machine_add_boot(m, boot, c);
    emu_machine_reset(m);
    return m;
}

const struct haldma_config *haldma_machine_config(const struct emu_machine *m)
{
    const struct dma_system *s = emu_slot(m, EMU_SLOT_DMA);
    return s->config;
}

uint32_t haldma_verify(const struct emu_machine *m)
{
    return verified(m, haldma_machine_config(m));
}

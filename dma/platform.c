/*
 * Platforms: machines that have a name. What each is, and why, is told in docs/platforms.md.
 */
#include <haldma.h>
#include <string.h>

enum {
    LOWMEM_REGISTERS = 16,
    LOWMEM_ADAPTER_REGISTERS = 8,
    LOWMEM_BUS_WIDTH = 32,
    SOC_FIRST_LINE = 0x1000,
    SOC_LINES = 16,
    SOC_CHANNELS = 8,
    SOC_FRAGMENTS = 16,
};

static void configure_pc(struct haldma_config *config)
{
    config->i8237 = true;
}

static void configure_pc_remapped(struct haldma_config *config)
{
    configure_pc(config);
    config->remapping = true;
}

static void configure_pc_lowmem(struct haldma_config *config)
{
    configure_pc(config);
    config->bus_width = LOWMEM_BUS_WIDTH;
    config->map_registers = LOWMEM_REGISTERS;
    config->adapter_map_registers_max = LOWMEM_ADAPTER_REGISTERS;
}

static void configure_soc(struct haldma_config *config)
{
    config->machine.incoherent = true;
    config->controllers[0] = (struct haldma_controller){
        .first_line = SOC_FIRST_LINE,
        .lines = SOC_LINES,
        .channels = SOC_CHANNELS,
        .fragments_max = SOC_FRAGMENTS,
    };
}

static const struct {
    struct haldma_platform shown;
    void (*configure)(struct haldma_config *config);
} platforms[] = {
    {{"pc", "two 8237 controllers, memory above 4 GiB, devices see what processors see"}, configure_pc},
    {{"pc-remapped", "the same with a DMA remapping unit: logical addresses are not physical ones"},
     configure_pc_remapped},
    {{"pc-lowmem", "a bus of 32 address bits, memory above it, and few map registers"}, configure_pc_lowmem},
    {{"soc", "a system DMA controller with scatter/gather, and caches that devices do not see"},
     configure_soc},
};

enum { PLATFORMS = sizeof platforms / sizeof platforms[0] };

const struct haldma_platform *haldma_platform_at(unsigned index)
{
    return index < PLATFORMS ? &platforms[index].shown : NULL;
}

const struct haldma_platform *haldma_platform_find(const char *name)
{
    for (unsigned i = 0; i < PLATFORMS; i++)
        if (strcmp(platforms[i].shown.name, name) == 0)
            return &platforms[i].shown;
    return NULL;
}

void haldma_platform_configure(const struct haldma_platform *platform, struct haldma_config *config)
{
    *config = (struct haldma_config){.platform = platform->name};
    for (unsigned i = 0; i < PLATFORMS; i++)
        if (platform == &platforms[i].shown)
            platforms[i].configure(config);
}

const char *haldma_scenario_configure_size(const struct haldma_scenario *scenario,
                                           const struct haldma_platform *platform, unsigned size,
                                           struct haldma_config *config)
{
    haldma_platform_configure(platform, config);
    config->size = size;
    if (scenario->configure != NULL)
        scenario->configure(config);
    config->size = size; /* where all of it was overwritten */
    return config->platform;
}

const char *haldma_scenario_configure(const struct haldma_scenario *scenario,
                                      const struct haldma_platform *platform, struct haldma_config *config)
{
    return haldma_scenario_configure_size(scenario, platform, 0, config);
}

bool haldma_scenario_suits(const struct haldma_scenario *scenario, const struct haldma_platform *platform)
{
    if (scenario->platforms == NULL)
        return true;
    for (const char *const *name = scenario->platforms; *name != NULL; name++)
        if (strcmp(*name, platform->name) == 0)
            return true;
    return false;
}

/*
 * Fuzz target: the register pool and the waiting queue against the model, for long sequences of deeds. An
 * input is the deeds; those that are not legal where they come are left out.
 */
#include "fuzz_input.h"
#include "queue_bench.h"

enum { STEPS_ENOUGH = 1u << 30, ONE_IN = 4 };

static void body(void *context)
{
    struct fuzz_input *in = context;
    struct queue_bench *b = queue_open(MODEL_SLOTS);
    while (in->size > 0) {
        uint32_t what = fuzz_below(in, QUEUE_DEEDS * MODEL_SLOTS);
        uint32_t how = fuzz_below(in, UINT16_MAX);
        struct queue_deed deed = {
            .kind = (enum queue_deed_kind)(what / MODEL_SLOTS),
            .ask = {.slot = (int)(what % MODEL_SLOTS), .adapter = (int)(how % MODEL_ADAPTERS)},
        };
        how /= MODEL_ADAPTERS;
        deed.ask.registers = how % (QUEUE_ADAPTER_REGISTERS + 2);
        how /= QUEUE_ADAPTER_REGISTERS + 2;
        deed.ask.action = (enum model_action)(how % MODEL_ACTIONS);
        how /= MODEL_ACTIONS;
        deed.ask.now = how % ONE_IN == 0;
        deed.ask.has_routine = how / ONE_IN % ONE_IN != 0;
        if (queue_is_legal(&b->model, &deed))
            queue_do(b, &deed);
    }
    queue_drain(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct emu_machine *machine;
    struct fuzz_input in = {data, size};
    if (machine == NULL) {
        struct haldma_config config = queue_config();
        config.machine.step_limit = STEPS_ENOUGH;
        machine = world_machine(&config);
    }
    fuzz_run(machine, body, &in);
    return 0;
}

/*
 * Two strands with steps on objects of their own and one word between them: what the check of footprints is
 * there for, planted. Built in a tree with HALDMA_CHECK_FOOTPRINTS, instrumented like a layer.
 *
 * usage: footprints_planted undeclared | declared | unseen | ordered
 */
#include <emu/explore.h>
#include <emu/strand.h>
#include <emu/unseen.h>
#include <hal/boot.h>

#include <stdio.h>
#include <string.h>

enum way { UNDECLARED, DECLARED, UNSEEN, ORDERED };
static const char *const ways[] = {"undeclared", "declared", "unseen", "ordered"};

static enum way way;
static emu_object objects[2], word_object;
static uint64_t word;

static void count(struct emu_machine *m)
{
    if (way == DECLARED)
        emu_touch(m, word_object, EMU_ACCESS_WRITE);
    if (way == UNSEEN) {
        EMU_UNSEEN(m, "the test's")
        {
            word++;
        }
    } else {
        word++;
    }
}

static void step(void *object)
{
    struct emu_machine *m = emu_current();
    emu_step(m, EMU_OP_BASE_HOST, way == ORDERED ? word_object : *(emu_object *)object, 0);
    count(m);
}

static void set_up(void *context)
{
    struct emu_machine *m = emu_current();
    (void)context;
    word_object = emu_object_new(m, "word");
    for (unsigned i = 0; i < 2; i++) {
        objects[i] = emu_object_new(m, "thing");
        struct emu_strand_config config = {.name = i == 0 ? "first" : "second",
                                           .fn = step,
                                           .arg = &objects[i],
                                           .cpu = i,
                                           .must_finish = true,
                                           .held = true};
        EMU_ASSERT(emu_strand_start(m, &config) != NULL);
    }
}

static void boot(struct emu_machine *m, void *context)
{
    static const struct emu_op_info steps[] = {{"step", EMU_ACCESS_WRITE, NULL}};
    (void)context;
    emu_describe_ops(m, EMU_OP_BASE_HOST, steps, 1);
}

int main(int argc, char **argv)
{
    const struct emu_program program = {.set_up = set_up};
    const struct emu_config config = {.processors = 2};
    const char *error;
    struct emu_machine *m = emu_machine_create(&config, &error);
    if (m == NULL || argc != 2)
        return 2;
    while (way <= ORDERED && strcmp(argv[1], ways[way]) != 0)
        way++;
    if (way > ORDERED)
        return 2;
    emu_machine_add_boot(m, hal_boot, NULL); /* which tells places in sources */
    emu_machine_add_boot(m, boot, NULL);
    enum emu_stop stop = emu_run_program(m, &program);
    printf("%s: the run %s\n", argv[1], stop == EMU_STOP_IDLE ? "ended" : "did not end");
    emu_machine_destroy(m);
    return stop == EMU_STOP_IDLE ? 0 : 1;
}

/*
 * Interrupt lines: edge or level, with a level (task priority) and a set of processors that may take them.
 */
#ifndef EMU_IRQ_H
#define EMU_IRQ_H

#include <emu/cpu.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t emu_line; /* counts from 1 */

enum emu_trigger { EMU_TRIGGER_EDGE, EMU_TRIGGER_LEVEL };

struct emu_line_config {
    const char *name;
    enum emu_trigger trigger;
    uint8_t level;       /* 3 to 15 */
    uint64_t processors; /* those that may take it; 0: all. More than one: a choice at each raise (hostile
                            profile) */
};

/* 0 when the configuration is impossible. */
emu_line emu_line_add(struct emu_machine *m, const struct emu_line_config *config);

/* What runs on the processor at the line's level. One per line; the layer above chains. NULL disconnects. */
typedef void emu_interrupt_fn(struct emu_machine *m, void *context);
void emu_line_connect(struct emu_machine *m, emu_line line, emu_interrupt_fn *handler, void *context);

/*
 * Edge: latches one delivery (a second raise before the delivery is lost, as on hardware). Level: asserted
 * until lowered; delivered again as long as it stays so.
 */
void emu_line_raise(struct emu_machine *m, emu_line line);
void emu_line_lower(struct emu_machine *m, emu_line line);
bool emu_line_asserted(const struct emu_machine *m, emu_line line);
/* 0 when there is no such line. */
/* What is under way concerns who handles the line: see emu_touch(). */
void emu_line_touch(struct emu_machine *m, emu_line line, enum emu_access access);

uint8_t emu_line_level(const struct emu_machine *m, emu_line line);
uint64_t emu_line_processors(const struct emu_machine *m, emu_line line);
enum emu_trigger emu_line_trigger(const struct emu_machine *m, emu_line line);

#ifdef __cplusplus
}
#endif
#endif

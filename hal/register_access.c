/*
 * Device registers and ports: READ_REGISTER_*, WRITE_REGISTER_*, READ_PORT_*, WRITE_PORT_* and their BUFFER
 * forms.
 *
 * Each access is one bus access, thus one step; a BUFFER form is as many as there are elements, in order: on
 * ascending addresses for registers (a window onto memory), on the one port for ports.
 */
#include <string.h>
#include <wdm.h>

#include <emu/bus.h>
#include <emu/finding.h>

/* A run that goes past it goes on as a bus does that nobody answers on: reads give ones, writes are lost. */
static void no_register(struct emu_machine *m, const char *what, const volatile void *address, unsigned width)
{
    uint64_t parameters[4] = {(uintptr_t)address, width, 0, 0};

    emu_finding_report(m, "MM-REGISTER-3", NULL, parameters,
                       "%s of %u bytes went to an address where no register and no memory is", what, width);
}

static uint64_t read_register(const volatile void *address, unsigned width)
{
    struct emu_machine *m = emu_current();
    uint64_t value = 0;

    if (!emu_bus_read(m, address, width, &value)) {
        no_register(m, "a register read", address, width);
        value = UINT64_MAX;
    }
    return value;
}

static void write_register(volatile void *address, unsigned width, uint64_t value)
{
    struct emu_machine *m = emu_current();

    if (!emu_bus_write(m, address, width, value))
        no_register(m, "a register write", address, width);
}

static void no_port(struct emu_machine *m, const char *what, uint32_t port, unsigned width)
{
    uint64_t parameters[4] = {port, width, 0, 0};

    emu_finding_report(m, "MM-REGISTER-4", NULL, parameters,
                       "%s of %u bytes went to port 0x%x, where no device is", what, width, port);
}

static uint64_t read_port(const void *port, unsigned width)
{
    struct emu_machine *m = emu_current();
    uint32_t number = (uint32_t)(uintptr_t)port;
    uint64_t value = 0;

    if (!emu_port_read(m, number, width, &value)) {
        no_port(m, "a port read", number, width);
        value = UINT64_MAX;
    }
    return value;
}

static void write_port(const void *port, unsigned width, uint64_t value)
{
    struct emu_machine *m = emu_current();
    uint32_t number = (uint32_t)(uintptr_t)port;

    if (!emu_port_write(m, number, width, value))
        no_port(m, "a port write", number, width);
}

/*
 * The functions of one width. The buffers are the driver's: elements are copied, since they may lie at any
 * address.
 */
#define REGISTER_FUNCTIONS(NAME, TYPE)                                                    \
    TYPE READ_REGISTER_##NAME(volatile TYPE *Register)                                    \
    {                                                                                     \
        return (TYPE)read_register(Register, sizeof(TYPE));                               \
    }                                                                                     \
    VOID WRITE_REGISTER_##NAME(volatile TYPE *Register, TYPE Value)                       \
    {                                                                                     \
        write_register(Register, sizeof(TYPE), Value);                                    \
    }                                                                                     \
    VOID READ_REGISTER_BUFFER_##NAME(volatile TYPE *Register, TYPE *Buffer, ULONG Count)  \
    {                                                                                     \
        for (ULONG i = 0; i < Count; i++) {                                               \
            TYPE value = (TYPE)read_register(Register + i, sizeof(TYPE));                 \
            memcpy(Buffer + i, &value, sizeof value);                                     \
        }                                                                                 \
    }                                                                                     \
    VOID WRITE_REGISTER_BUFFER_##NAME(volatile TYPE *Register, TYPE *Buffer, ULONG Count) \
    {                                                                                     \
        for (ULONG i = 0; i < Count; i++) {                                               \
            TYPE value;                                                                   \
            memcpy(&value, Buffer + i, sizeof value);                                     \
            write_register(Register + i, sizeof(TYPE), value);                            \
        }                                                                                 \
    }

#define PORT_FUNCTIONS(NAME, TYPE)                                       \
    TYPE READ_PORT_##NAME(TYPE *Port)                                    \
    {                                                                    \
        return (TYPE)read_port(Port, sizeof(TYPE));                      \
    }                                                                    \
    VOID WRITE_PORT_##NAME(TYPE *Port, TYPE Value)                       \
    {                                                                    \
        write_port(Port, sizeof(TYPE), Value);                           \
    }                                                                    \
    VOID READ_PORT_BUFFER_##NAME(TYPE *Port, TYPE *Buffer, ULONG Count)  \
    {                                                                    \
        for (ULONG i = 0; i < Count; i++) {                              \
            TYPE value = (TYPE)read_port(Port, sizeof(TYPE));            \
            memcpy(Buffer + i, &value, sizeof value);                    \
        }                                                                \
    }                                                                    \
    VOID WRITE_PORT_BUFFER_##NAME(TYPE *Port, TYPE *Buffer, ULONG Count) \
    {                                                                    \
        for (ULONG i = 0; i < Count; i++) {                              \
            TYPE value;                                                  \
            memcpy(&value, Buffer + i, sizeof value);                    \
            write_port(Port, sizeof(TYPE), value);                       \
        }                                                                \
    }

REGISTER_FUNCTIONS(UCHAR, UCHAR)
REGISTER_FUNCTIONS(USHORT, USHORT)
REGISTER_FUNCTIONS(ULONG, ULONG)
REGISTER_FUNCTIONS(ULONG64, ULONG64)
PORT_FUNCTIONS(UCHAR, UCHAR)
PORT_FUNCTIONS(USHORT, USHORT)
PORT_FUNCTIONS(ULONG, ULONG)

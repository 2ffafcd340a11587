/*
 * Processors: how many there are, which one this is, and threads that want to run on certain ones.
 *
 * There is one group (0); nodes are in ke_node.c.
 */
#include <wdm.h>

#include <emu/strand.h>

#include "hal/ke_check.h"
#include "hal/ke_thread.h"

static KAFFINITY all_processors(void)
{
    const uint32_t count = hal_kernel()->ke.processor_count;
    return count == EMU_PROCESSORS_MAX ? ~(KAFFINITY)0 : ((KAFFINITY)1 << count) - 1;
}

static bool is_only_group(USHORT group)
{
    return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

ULONG KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors != NULL) {
        *ActiveProcessors = all_processors();
    }
    return hal_kernel()->ke.processor_count;
}

ULONG KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return is_only_group(GroupNumber) ? hal_kernel()->ke.processor_count : 0;
}

ULONG KeQueryMaximumProcessorCount(VOID)
{
    return hal_kernel()->ke.processor_count;
}

ULONG KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

USHORT KeQueryActiveGroupCount(VOID)
{
    return 1;
}

USHORT KeQueryMaximumGroupCount(VOID)
{
    return 1;
}

KAFFINITY KeQueryActiveProcessors(VOID)
{
    return all_processors();
}

KAFFINITY KeQueryGroupAffinity(USHORT GroupNumber)
{
    return GroupNumber == 0 ? all_processors() : 0;
}

ULONG KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    const unsigned cpu = emu_cpu(emu_current());
    if (ProcNumber != NULL) {
        *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)cpu};
    }
    return cpu;
}

NTSTATUS KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= hal_kernel()->ke.processor_count) {
        return STATUS_INVALID_PARAMETER;
    }
    *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)ProcIndex};
    return STATUS_SUCCESS;
}

ULONG KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    const bool known = ProcNumber->Group == 0 && ProcNumber->Number < hal_kernel()->ke.processor_count;
    return known ? ProcNumber->Number : INVALID_PROCESSOR_INDEX;
}

/* ---- Affinity ---- */

/* Off a processor that the set does not have, on to its lowest; at DISPATCH_LEVEL only once the thread is
 * readied again. */
static void move_into(struct emu_machine *m, KAFFINITY affinity)
{
    if ((affinity >> emu_cpu(m) & 1) != 0) {
        return;
    }
    struct emu_strand *self = emu_strand_self(m);
    const unsigned target = (unsigned)__builtin_ctzll(affinity);
    emu_strand_set_cpu(m, self, target);
}

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    struct hal_kernel *k = hal_kernel();
    struct _KTHREAD *thread = ke_thread_self(k);
    const KAFFINITY wanted = Affinity & all_processors();
    ke_level_at_most(k->machine, APC_LEVEL, "KE-CPU-3", KE_CODE_WRONG_LEVEL, "KeSetSystemAffinityThread");
    if (wanted == 0) {
        return 0;
    }
    const KAFFINITY old = thread->affinity;
    thread->affinity = wanted;
    move_into(k->machine, wanted);
    return old;
}

VOID KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    struct hal_kernel *k = hal_kernel();
    const KAFFINITY wanted = Affinity & all_processors();
    ke_level_at_most(k->machine, APC_LEVEL, "KE-CPU-3", KE_CODE_WRONG_LEVEL, "KeRevertToUserAffinityThread");
    ke_thread_self(k)->affinity = wanted;
    if (wanted != 0) {
        move_into(k->machine, wanted);
    }
}

VOID KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    KeSetSystemAffinityThreadEx(Affinity);
}

VOID KeRevertToUserAffinityThread(VOID)
{
    KeRevertToUserAffinityThreadEx(0);
}

VOID KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const KAFFINITY old = Affinity->Group == 0 ? KeSetSystemAffinityThreadEx(Affinity->Mask) : 0;
    if (PreviousAffinity != NULL) {
        *PreviousAffinity = (GROUP_AFFINITY){.Mask = old};
    }
}

VOID KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    KeRevertToUserAffinityThreadEx(PreviousAffinity->Mask);
}

/*
 * The end of a transfer, with a race.
 *
 * The request is ended first, so that its caller goes on as early as possible, and the list is put back
 * afterwards. On most machines that goes well: the device wrote straight into the caller's buffer, or the
 * caller is not as quick as the rest of this routine. Where the transfer went through a double buffer the
 * caller may look at data that is not there yet, and may free the MDL that the list still needs.
 */
#include "gatherer.h"

VOID GathererDone(PGATHERER_REQUEST Request, NTSTATUS Status)
{
    PCOPIER_EXTENSION extension = Request->Extension;
    PSCATTER_GATHER_LIST list = Request->List;
    BOOLEAN write = Request->Write;

    GathererEnd(Request, Status);
    GathererPut(extension, list, write);
}

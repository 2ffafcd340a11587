/*
 * The end of a transfer: the list is put back, which brings the data into the caller's buffer, and then the
 * request ends.
 */
#include "gatherer.h"

VOID GathererDone(PGATHERER_REQUEST Request, NTSTATUS Status)
{
    GathererPut(Request->Extension, Request->List, Request->Write);
    GathererEnd(Request, Status);
}

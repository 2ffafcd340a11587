/*
 * wdm.h: the face that Windows shows to a driver.
 *
 * An umbrella: each part lives in a file of its own under haldma/.
 */
#ifndef _WDMDDK_
#define _WDMDDK_
#define _WDM_INCLUDED_ 1

#include "bugcodes.h"
#include "ntdef.h"
#include "ntstatus.h"

#include <ctype.h>
#include <string.h>

#include "wdk/wdm_base.h"
#include "wdk/wdm_dma.h"
#include "wdk/wdm_ex.h"
#include "wdk/wdm_hw.h"
#include "wdk/wdm_interlocked.h"
#include "wdk/wdm_io.h"
#include "wdk/wdm_io_codes.h"
#include "wdk/wdm_io_types.h"
#include "wdk/wdm_iommu.h"
#include "wdk/wdm_ke.h"
#include "wdk/wdm_ke_types.h"
#include "wdk/wdm_list.h"
#include "wdk/wdm_mm.h"
#include "wdk/wdm_pnp_types.h"
#include "wdk/wdm_resource.h"
#include "wdk/wdm_rtl.h"
#include "wdk/wdm_seh.h"
#include "wdk/wdm_zw.h"

#endif /* _WDMDDK_ */

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

#include "haldma/wdm_base.h"
#include "haldma/wdm_dma.h"
#include "haldma/wdm_ex.h"
#include "haldma/wdm_hw.h"
#include "haldma/wdm_interlocked.h"
#include "haldma/wdm_io.h"
#include "haldma/wdm_io_codes.h"
#include "haldma/wdm_io_types.h"
#include "haldma/wdm_ke.h"
#include "haldma/wdm_ke_types.h"
#include "haldma/wdm_list.h"
#include "haldma/wdm_mm.h"
#include "haldma/wdm_pnp_types.h"
#include "haldma/wdm_resource.h"
#include "haldma/wdm_rtl.h"
#include "haldma/wdm_seh.h"
#include "haldma/wdm_zw.h"

#endif /* _WDMDDK_ */

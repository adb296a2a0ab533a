/* SPDX-License-Identifier: BSD-2-Clause */
/* For our own bugs only: data from outside never meets an assertion. */
#ifndef CORE_ASSERT_H
#define CORE_ASSERT_H

#include "arch/port.h"

#define assert(condition) ((condition) ? (void)0 : port_fatal(__FILE_NAME__, __LINE__))

#endif

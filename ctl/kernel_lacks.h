/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_lacks.h - what of the steps of a block the kernel that runs cannot do.
 *
 * Its configuration is /proc/config.gz, or the file in /boot of its release.
 * Where there is neither, it is taken to have everything.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/plan.h"

void kernel_lacks(struct plan_kernel *ret_kernel);

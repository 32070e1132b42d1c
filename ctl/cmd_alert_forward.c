// SPDX-License-Identifier: GPL-2.0-or-later
/* alert forward: post alerts to a URL. */
#include "ctl/cmd.h"

#include <errno.h>

#include "ctl/session.h"

enum outcome cmd_alert_forward(struct session *session)
{
	return session_refuse(session, -ENOSYS, "not yet");
}

/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *dpt_version(void)
{
	return DPT_VERSION;
}

const char *dpt_status_name(enum dpt_status status)
{
	switch (status) {
	case DPT_OK: return "no error";
	case DPT_ENOMEM: return "out of memory";
	case DPT_EIO: return "input or output failed";
	case DPT_EFORMAT: return "malformed input";
	case DPT_EINDEX: return "damaged index";
	case DPT_ERANGE: return "parameter out of range";
	case DPT_EUNKNOWN: return "unknown name";
	case DPT_EPRIVACY: return "guarantee not possible";
	case DPT_EENTROPY: return "no randomness";
	case DPT_EMATH: return "wrong arithmetic";
	}
	return "unknown status";
}

enum dpt_status dpt_fail(dpt_error *err, enum dpt_status status,
                         const char *format, ...)
{
	if (err) {
		va_list args;
		va_start(args, format);
		vsnprintf(err->text, sizeof err->text, format, args);
		va_end(args);
		err->status = status;
		err->record = 0;
	}
	return status;
}

enum dpt_status dpt_fail_memory(dpt_error *err)
{
	return dpt_fail(err, DPT_ENOMEM, "out of memory");
}

enum dpt_status dpt_fail_errno(dpt_error *err, const char *what)
{
	int code = errno;
	char reason[128];
	if (strerror_r(code, reason, sizeof reason) != 0)
		snprintf(reason, sizeof reason, "error %d", code);
	return dpt_fail(err, DPT_EIO, "%s: %s", what, reason);
}

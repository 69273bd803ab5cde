# shellcheck shell=sh
# SPDX-License-Identifier: MIT
try 'dptext --version | numbers'
try 'dptext -V | numbers'
try 'dptext-index --version | numbers'
check "is that of the library" \
	grep -q "define DPT_VERSION \"$(dptext -V | cut -d' ' -f2)\"" \
	"$SRC/include/dptext.h"
